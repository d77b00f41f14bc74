"""The conda branch of make env, with a stand-in whose solver is real, and the lines of instructions/clusters.md."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real.conda_stand_in import FULL, TRUTH, channel_of

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return channel_of(tmp_path_factory.mktemp("conda"))


def environ(home: Path, **more: str) -> dict[str, str]:
    path = f"{home}/bin:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "CONDA_STAND_IN": str(home), **more}


def call(home: Path, *words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(home / "bin" / "conda"), *words], env=environ(home), cwd=cwd, capture_output=True, text=True
    )


def repository(folder: Path) -> Path:
    for name in ("Makefile", "requirements", "tools", "pyproject.toml", "environment.yml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    return folder


def test_environment_yml_is_solved_with_and_without_cuda(home, tmp_path):
    done = call(
        home,
        "env",
        "create",
        "--prefix",
        str(tmp_path / "p"),
        "--file",
        str(ROOT / "environment.yml"),
        "--solver=libmamba",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n  ")[1:] == [
        f"cuda-version {TRUTH['cuda']}",
        f"cudnn {TRUTH['cudnn']}.0",
        f"pip {TRUTH['pip']}",
        f"python {FULL}\n",
    ]


def test_a_cudnn_that_does_not_go_with_the_cuda_is_refused_in_words(home, tmp_path):
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    (tmp_path / "bad.yml").write_text(text.replace(f"cuda-version={TRUTH['cuda']}", "cuda-version=8.0"))
    done = call(home, "env", "create", "--prefix", str(tmp_path / "p"), "--file", str(tmp_path / "bad.yml"))
    assert done.returncode == 1 and "cudnn" in done.stderr and "cuda-version" in done.stderr


@pytest.mark.parametrize("manager", ["conda", "mamba"])
def test_make_env_makes_its_prefix_by_conda_and_the_tools_go_into_it(home, tmp_path, manager):
    root = repository(tmp_path)
    command = [sys.executable, "tools/environment.py", "tools"]
    done = subprocess.run(command, cwd=root, env=environ(home, LAB_MANAGER=manager), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert f"env: {manager} env create into .venv" in done.stdout and "solver libmamba" in done.stdout
    names = {path.name.rsplit("-", 2)[0] for path in (root / ".venv" / "conda-meta").glob("*.json")}
    assert {"python", "pip"} <= names and "cudnn" not in names  # no driver here
    said = subprocess.run(
        [root / ".venv/bin/python", "-m", "piptools", "compile", "--version"], capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr


def test_an_update_prunes_what_is_no_longer_listed(home, tmp_path):
    listing, prefix = tmp_path / "e.yml", tmp_path / "p"
    listing.write_text(f"dependencies:\n  - python={TRUTH['python']}\n  - cuda-version={TRUTH['cuda']}\n")
    assert call(home, "env", "create", "--prefix", str(prefix), "--file", str(listing)).returncode == 0
    listing.write_text(f"dependencies:\n  - python={TRUTH['python']}\n")
    done = call(home, "env", "update", "--prune", "--prefix", str(prefix), "--file", str(listing))
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (prefix / "conda-meta").glob("*.json")] == [f"python-{FULL}-0.json"]


def test_the_conda_lines_of_the_instructions_are_understood(home, tmp_path):
    text = (ROOT / "instructions" / "clusters.md").read_text(encoding="utf-8")
    lines = [line.split("#")[0].split() for line in re.findall(r"^    conda (.*)$", text, re.MULTILINE)]
    assert {line[0] for line in lines} >= {"env", "activate", "clean", "config"}
    for line in lines:
        if line[0] == "activate":
            continue  # a function of conda's shell hook; no target of ours needs it
        words = [str(tmp_path / "p") if word == "./.venv" else word for word in line]
        done = call(home, *words)
        assert done.returncode == 0, (line, done.stderr)
    assert (home / "condarc").read_text() == "solver: libmamba\n"
    assert not (home / "cache").exists()
