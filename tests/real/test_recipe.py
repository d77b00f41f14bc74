"""docker/TextRecognizer/lab.def, for sites that have Apptainer and no container engine: make test-real PART=recipe

The recipe is the repository's but for its base, which stands in for the registry's; it is built as root of a namespace.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.real.apptainer import apptainer_path, build_recipe
from tests.real.matrix import WORDS, record_image
from tests.real.podman_base import BASE, megabytes, pip_folders, podman
from tests.real.test_environments import BASES, engine  # noqa: F401  a fixture
from tests.real.working_tree import committed, copied

ROOT = Path(__file__).parents[2]
RECIPE = "docker/TextRecognizer/lab.def"
HEAD = f"Bootstrap: docker\nFrom: {BASE}\n"
pytestmark = [pytest.mark.real, pytest.mark.docker]


@pytest.fixture(scope="module")
def sif(engine, tmp_path_factory):  # noqa: F811
    """The SIF that the recipe makes of a fresh clone."""
    folder = tmp_path_factory.mktemp("recipe")
    binds = [str(path) for path in pip_folders()]
    made = f"RUN mkdir -p {' '.join(binds)}\n" if binds else ""  # a build can mount onto nothing else
    (folder / "Dockerfile").write_text(f"FROM {BASES[0]}\n{made}")
    podman(engine, "build", "--pull=never", "--format=docker", "--tag=localhost/lab/recipe", str(folder))
    archive = folder / "base.tar"
    podman(engine, "save", "--format=docker-archive", f"--output={archive}", "localhost/lab/recipe")
    clone = committed(copied(folder / "lab"))
    text = (clone / RECIPE).read_text()
    assert text.startswith(HEAD)
    (clone / RECIPE).write_text(text.replace(HEAD, f"Bootstrap: docker-archive\nFrom: {archive}\n"))
    begun = time.monotonic()
    build_recipe(RECIPE, folder / "lab.sif", clone, *binds)
    size = round((folder / "lab.sif").stat().st_size / 1e6)
    record_image("lab.def as a SIF (not compressed)", size, megabytes(engine, BASE), time.monotonic() - begun)
    return folder / "lab.sif"


def apptainer(*words: str) -> str:
    environ = {**os.environ, "PATH": apptainer_path()}
    done = subprocess.run(["apptainer", *words], env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def digest(runs: Path) -> str:
    return json.loads((runs / "run-001/finished.json").read_text())["weights_sha256"]


def test_it_drops_into_python(sif):
    said = apptainer("run", "--nv", "--no-home", str(sif), "python", "-c", "import torch, sys; print(sys.prefix)")
    assert said == "/lab/.venv\n"


def test_it_holds_what_git_knows_and_nothing_else(sif):
    known = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    here = {path.split("/")[0] for path in known.splitlines() if (ROOT / path).exists()}
    there = set(apptainer("exec", str(sif), "ls", "-A", "/lab").split())
    assert there - here <= {".venv", "text_recognizer_lab.egg-info", "build"} and here <= there


def test_a_smoke_training_there_ends_with_the_weights_of_one_here(sif, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    there.mkdir()
    words = ["-m", "training.run_experiment", *WORDS.split(), "--logger=none"]
    subprocess.run([sys.executable, *words, f"--runs={here}"], cwd=ROOT, check=True, capture_output=True)
    apptainer("run", "--bind", f"{there}:/runs", "--pwd", "/lab", str(sif), "python", *words, "--runs=/runs")
    assert digest(here) == digest(there)
