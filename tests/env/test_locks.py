"""What the locks may hold, and the one place where each version is written."""

import re
import tomllib
from pathlib import Path

import environment
import pytest
import torch_build

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"
LAYERS = ["prod", "dev", "dev-lint", "bench", *environment.SMALL]
LOCKS = [*(f"{layer}.txt" for layer in LAYERS), "torch-cuda.txt"]
TRACKED = sorted(path.name for path in REQUIREMENTS.iterdir() if path.suffix in (".in", ".txt"))
EXTRAS = {
    "server": ["server.in"],
    "app": ["app.in"],
    "train": ["train.in", "torch.txt"],
    "ocrmypdf": ["ocrmypdf.in"],
    "ray": ["ray.in"],
    "remote": ["remote.in"],
    "serverless": ["serverless.in"],
    "monitor": ["monitor.in"],
}


def wanted(layer: str) -> set[str]:
    """Return the normalised names that a .in file and those that it includes ask for."""
    lines = (REQUIREMENTS / layer).read_text(encoding="utf-8").splitlines()
    lines += [line for name in included(layer) for line in (REQUIREMENTS / name).read_text("utf-8").splitlines()]
    names = [re.match(r"[A-Za-z0-9._-]+", line).group() for line in lines if re.match(r"[A-Za-z0-9]", line)]
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


def included(layer: str) -> list[str]:
    """Return the names of the .in files that a .in file includes."""
    return re.findall(r"^-r (\S+)", (REQUIREMENTS / layer).read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", TRACKED)
def test_a_requirements_file_names_no_host_path_or_local_build(name):
    text = (REQUIREMENTS / name).read_text(encoding="utf-8")
    found = re.findall(r"\w+://\S*|(?:^|[\s@=])/\S+|\S*\+c(?:pu|u)\S*|--(?:index-url|extra-index-url|find-links)", text)
    assert not found


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_of_a_lock_is_an_exact_pin(name):
    lines = (REQUIREMENTS / name).read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines if line and line[0] not in "# " and not torch_build.REQUIREMENT.match(line)]
    assert any(torch_build.pins(REQUIREMENTS / name))


@pytest.mark.parametrize("name", [f"{layer}.txt" for layer in LAYERS])
def test_torch_and_its_cuda_packages_stay_out_of_the_layers(name):
    there = torch_build.pins(REQUIREMENTS / name)
    assert not [name for name in there if name in ("torch", "triton") or torch_build.CUDA_PACKAGE.match(name)]


def test_no_two_locks_disagree_about_a_version():
    versions: dict[str, set[str]] = {}
    for lock in [*LOCKS, "build.txt", "torch.txt"]:
        for name, version in torch_build.pins(REQUIREMENTS / lock).items():
            versions.setdefault(name, set()).add(version)
    assert not {name: found for name, found in versions.items() if len(found) > 1}


@pytest.mark.parametrize("layer", LAYERS)
def test_a_lock_holds_all_that_its_in_file_names(layer):
    there = set(torch_build.pins(REQUIREMENTS / "prod.txt")) | set(torch_build.pins(REQUIREMENTS / f"{layer}.txt"))
    assert wanted(f"{layer}.in") <= there


def test_the_cuda_packages_of_torch_are_known_as_unsafe_to_the_other_locks():
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    cuda = [n for n in torch_build.pins(REQUIREMENTS / "torch-cuda.txt") if torch_build.CUDA_PACKAGE.match(n)]
    assert len(cuda) > 10
    assert not [name for name in cuda if f'"{name}"' not in settings]


def test_environment_yml_names_the_python_pip_cuda_and_cudnn_of_the_locks():
    truth = dict(re.findall(r"^  - ([a-z-]+)=(\S+)", (ROOT / "environment.yml").read_text(encoding="utf-8"), re.M))
    cuda = torch_build.pins(REQUIREMENTS / "torch-cuda.txt")
    assert truth["python"] == "3.11"
    assert truth["pip"] == torch_build.pins(REQUIREMENTS / "build.txt")["pip"]
    assert cuda["nvidia-cuda-runtime"].startswith(truth["cuda-version"] + ".")
    assert cuda["nvidia-cudnn-cu13"].startswith(truth["cudnn"] + ".")


def test_the_build_tools_are_pinned_in_one_place_only():
    build = torch_build.pins(REQUIREMENTS / "build.txt")
    assert set(build) == {"pip", "setuptools", "pip-tools", "uv"}
    others = ["Makefile", "pyproject.toml", ".github/workflows/check.yml", ".devcontainer/devcontainer.json", ".ci/run"]
    text = "\n".join((ROOT / name).read_text(encoding="utf-8") for name in others)
    assert not [name for name, version in build.items() if re.search(rf"{name}\W{{1,3}}{re.escape(version)}", text)]


def test_prod_stays_free_of_what_only_training_needs():
    heavy = {"torch", "opencv-python-headless", "scipy", "matplotlib", "pytorch-lightning", "pandas"}
    assert not heavy & set(torch_build.pins(REQUIREMENTS / "prod.txt"))


def test_the_extras_of_the_wheel_are_the_layers():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["dynamic"]
    named = {
        extra: [Path(file).name for file in part["file"]] for extra, part in settings["optional-dependencies"].items()
    }
    assert named == EXTRAS
    assert settings["dependencies"]["file"] == ["requirements/read.in"]
    assert included("prod.in") == ["read.in", "server.in"] and included("dev.in") == ["train.in"]
