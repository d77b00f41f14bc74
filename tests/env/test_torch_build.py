"""Which torch a machine gets, and that a sync leaves its packages alone. The resolvers are real and have no network."""

import importlib.metadata
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
import torch_build

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "requirements"
TORCH = torch_build.pins(REQUIREMENTS / "torch.txt")["torch"]
CUDA = torch_build.pins(REQUIREMENTS / "torch-cuda.txt")
NEEDS_CUDA = ['nvidia-cudnn-cu13==9.20.0.48; platform_system == "Linux"', "sympy>=1.13.3"]


@pytest.mark.parametrize(
    ("version", "requires", "platform", "cuda"),
    [
        ("2.13.0+cpu", ["sympy"], "linux", False),
        ("2.13.0", NEEDS_CUDA, "linux", True),  # the public wheel says it only by what it requires
        ("2.13.0", NEEDS_CUDA, "darwin", False),  # the same metadata, but its markers do not hold there
        ("2.13.0+cu126", ["nvidia-cudnn-cu12"], "linux", True),
        ("2.13.0+rocm7.2", ["triton-rocm"], "linux", False),
    ],
)
def test_a_build_is_known_by_its_metadata(version, requires, platform, cuda):
    assert torch_build.describe(version, requires, {}, platform).cuda is cuda


def build(tag: str = "", cuda: bool = True, **packages: str) -> torch_build.TorchBuild:
    return torch_build.TorchBuild(TORCH, tag, cuda, {"torch": TORCH, **packages})


@pytest.mark.parametrize(
    ("found", "asked", "driver", "refused"),
    [
        (build(), "auto", False, "no NVIDIA driver"),
        (build(), "cpu", True, "TORCH=cpu was asked for"),
        (build("cpu", cuda=False), "cuda", True, "only this CPU build"),
        (build(), "auto", True, None),
        (build(), "cuda", False, None),  # asked for in so many words
        (build("cpu", cuda=False), "auto", True, None),
        (build("", cuda=False), "auto", False, None),  # macOS
    ],
)
def test_cuda_is_never_fetched_unasked_where_there_is_no_driver(found, asked, driver, refused):
    reason = torch_build.refusal(found, asked, driver)
    assert (reason is None) if refused is None else (refused in reason)


@pytest.mark.parametrize(
    ("found", "lock"),
    [
        (build("cpu", cuda=False), "torch.txt"),
        (build("", cuda=False), "torch.txt"),
        (build(), "torch-cuda.txt"),
        (build(torch_build.cuda_tag(REQUIREMENTS / "torch-cuda.txt")), "torch-cuda.txt"),
    ],
)
def test_the_lock_follows_the_build_that_is_installed(found, lock, tmp_path):
    assert torch_build.lock_for(found, REQUIREMENTS, tmp_path / "torch.txt") == REQUIREMENTS / lock


def test_a_build_for_another_cuda_is_kept_as_it_is(tmp_path):
    found = build("cu126", **{"nvidia-cublas-cu12": "12.6.4.1", "sympy": "1.14.0"})
    lock = torch_build.lock_for(found, REQUIREMENTS, tmp_path / "torch.txt")
    assert torch_build.pins(lock) == {"torch": TORCH, "nvidia-cublas-cu12": "12.6.4.1"}  # sympy stands in dev.txt


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """Return the Python of an environment that holds pip and nothing else."""
    folder = tmp_path_factory.mktemp("prefix")
    venv.create(folder, with_pip=False, symlinks=True)
    ours = Path(importlib.metadata.distribution("pip").locate_file(""))
    for path in ours.glob("pip*"):
        if path.name == "pip" or path.name.startswith("pip-2"):
            shutil.copytree(path, site(folder) / path.name)
    return folder / "bin" / "python"


def site(prefix: Path) -> Path:
    return next(prefix.glob("lib/python3*/site-packages"))


def pretend_installed(python: Path, pins: dict[str, str], requires: dict[str, list[str]]) -> None:
    """Make the environment hold exactly `pins`, as metadata only; its pip works, and says that it is the one pinned."""
    folder = site(python.parent.parent)
    for old in folder.glob("*.dist-info"):
        if old.name != f"pip-{pins.get('pip')}.dist-info":
            shutil.rmtree(old)
    for name, version in pins.items():
        info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir(exist_ok=name == "pip")
        needs = "".join(f"Requires-Dist: {text}\n" for text in requires.get(name, []))
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        (info / "INSTALLER").write_text("pip\n")


def layers() -> dict[str, str]:
    names = ("build.txt", "prod.txt", "dev.txt")
    return {name: version for lock in names for name, version in torch_build.pins(REQUIREMENTS / lock).items()}


def sync(python: Path, *locks: Path) -> str:
    """Return what pip-sync would do in `python`'s environment."""
    paths = [*(REQUIREMENTS / name for name in ("build.txt", "prod.txt", "dev.txt")), *locks]
    command = [sys.executable, "-m", "piptools", "sync", "--dry-run", "--python-executable", str(python)]
    result = subprocess.run([*command, *map(str, paths)], capture_output=True, text=True)
    assert result.returncode in (0, 1), result.stderr
    return result.stdout


@pytest.mark.parametrize(
    ("packages", "requires"),
    [
        ({"torch": f"{TORCH}+cpu"}, {"torch": ["sympy"]}),  # a machine without a driver
        (CUDA, {"torch": NEEDS_CUDA}),  # the public build, driver or not
        ({**CUDA, "torch": f"{TORCH}+cu130"}, {"torch": NEEDS_CUDA}),  # the same build under its own tag
        ({"torch": f"{TORCH}+cu126", "nvidia-cublas-cu12": "12.6.4.1"}, {"torch": ["nvidia-cublas-cu12"]}),
    ],
)
def test_a_second_sync_changes_nothing(python, tmp_path, packages, requires):
    project = tmp_path / "project.txt"
    project.write_text("text-recognizer==0.1.0\n")
    pretend_installed(python, {**layers(), **packages, "text-recognizer": "0.1.0"}, requires)
    lock = torch_build.lock_for(torch_build.installed(python), REQUIREMENTS, tmp_path / "torch.txt")
    assert sync(python, lock, project).strip() == "Everything up-to-date"


def test_with_the_wrong_lock_pip_sync_would_remove_cuda(python):
    """The reason why the lock follows the installed build."""
    pretend_installed(python, {**layers(), **CUDA}, {"torch": NEEDS_CUDA})
    planned = sync(python, REQUIREMENTS / "torch.txt")
    assert "Would uninstall" in planned and "nvidia-cublas" in planned


def wheel(folder: Path, version: str, requires: list[str]) -> None:
    """Write a torch wheel that holds nothing but metadata."""
    folder.mkdir(exist_ok=True)
    info = f"torch-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {text}\n" for text in requires)
    with zipfile.ZipFile(folder / f"torch-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: torch\nVersion: {version}\n{needs}")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture
def shelf(python, tmp_path, monkeypatch):
    """Return a folder that is all of the world's packages to pip; nothing is installed and there is no driver."""
    pretend_installed(python, {}, {})
    monkeypatch.setattr(torch_build, "has_nvidia_driver", lambda: False)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    for name, value in {"CONFIG_FILE": os.devnull, "NO_INDEX": "1", "FIND_LINKS": str(tmp_path / "shelf")}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    return tmp_path / "shelf"


def test_pip_refuses_the_cuda_build_without_a_driver_and_installs_nothing(python, shelf):
    wheel(shelf, TORCH, NEEDS_CUDA)
    with pytest.raises(SystemExit, match=rf"torch {TORCH}: this machine has no NVIDIA driver, .*TORCH=cuda"):
        torch_build.by_pip(python, REQUIREMENTS, "auto")
    assert torch_build.installed(python) is None


def test_pip_takes_the_cpu_build_where_it_finds_one(python, shelf):
    wheel(shelf, TORCH, NEEDS_CUDA)
    wheel(shelf, f"{TORCH}+cpu", ["sympy"])
    torch_build.by_pip(python, REQUIREMENTS, "auto")
    found = torch_build.installed(python)
    assert (found.version, found.tag, found.cuda) == (TORCH, "cpu", False)


def test_pip_is_understood_where_colours_are_forced(python, shelf, monkeypatch):
    """As in a notebook's programs and in many a CI."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    test_pip_takes_the_cpu_build_where_it_finds_one(python, shelf)


def test_pip_without_an_index_says_so(python, shelf):
    shelf.mkdir()
    with pytest.raises(SystemExit, match="pip finds no wheel of it"):
        torch_build.by_pip(python, REQUIREMENTS, "auto")


def test_uv_that_cannot_reach_its_wheels_leaves_the_work_to_pip(tmp_path, capsys):
    environ = {**os.environ, "UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path)}
    assert not torch_build.by_uv(Path(sys.executable), REQUIREMENTS, "cpu", environ)
    assert "uv could not install it" in capsys.readouterr().out


def test_uv_is_asked_for_the_backend_of_the_machine(tmp_path):
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\necho "$*" > "{tmp_path}/said"\n')
    program.chmod(0o755)
    assert torch_build.by_uv(program, REQUIREMENTS, "auto", dict(os.environ))
    assert "-m uv pip install" in (said := (tmp_path / "said").read_text())
    assert "--torch-backend=auto" in said and "://" not in said
