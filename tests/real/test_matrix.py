"""Fresh machines of every kind: the same fast tests are green and the smoke training gives the same weights.

Each place begins with a copy of the working tree and nothing else: a venv, conda (a stand-in whose solver is real), the
training image, the SIF made of it, the devcontainer, a Slurm job. Colab's place has a part of its own, PART=colab.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from image import reference

from tests.real.apptainer import FAST, apptainer_path
from tests.real.conda_stand_in import channel_of
from tests.real.matrix import SCRIPT, record, record_image
from tests.real.podman_base import build_options, megabytes, podman
from tests.real.slurm import slurm
from tests.real.test_environments import BASES, IMAGE, built, engine  # noqa: F401  fixtures
from tests.real.working_tree import committed, copied

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.real, pytest.mark.docker]
WEIGHTS: dict[str, str] = {}


def kept(place: str, said: str, made: int = 0) -> None:
    """Note a place's row, and the seconds its environment took beside the script; all weights must be the same."""
    WEIGHTS[place] = record(place, said, made)
    assert len(set(WEIGHTS.values())) == 1, WEIGHTS


def alone(**more: str) -> dict[str, str]:
    """Return the variables of somebody who has just logged in."""
    return {"PATH": f"{sys.base_prefix}/bin:/usr/bin:/bin", "HOME": os.environ["HOME"], **more}


def run(folder: Path, **more: str) -> str:
    done = subprocess.run(["sh", "-c", SCRIPT], cwd=folder, env=alone(**more), capture_output=True, text=True)
    return done.stdout + done.stderr


def sif_of(image: str, engine: dict[str, str], folder: Path) -> Path:  # noqa: F811
    """Make a SIF of an image that podman holds, and return its file."""
    podman(engine, "tag", image, reference(ROOT, "TextRecognizer"))
    sif = folder / "lab.sif"
    command = [sys.executable, "tools/image.py", "sif", "--no-build", f"--out={sif}", f"--sif-flag={FAST}"]
    path = apptainer_path()
    begun = time.monotonic()
    subprocess.run(command, cwd=ROOT, env={**engine, "PATH": path}, check=True)
    size = round(sif.stat().st_size / 1e6)
    record_image(
        "training, CPU, as a SIF (not compressed)", size, megabytes(engine, BASES[0]), time.monotonic() - begun
    )
    return sif


@pytest.fixture
def clone(tmp_path):
    return committed(copied(tmp_path / "lab"))


def test_a_venv(clone):
    kept("venv", run(clone, LAB_MANAGER="venv"))


def test_conda(clone, tmp_path):
    home = channel_of(tmp_path / "conda")
    path = f"{home}/bin:{alone()['PATH']}"
    kept("conda (stand-in)", run(clone, CONDA_STAND_IN=str(home), PATH=path))


def test_the_image(engine, built):  # noqa: F811
    done = podman(engine, "run", "--rm", "--network=none", IMAGE, "sh", "-c", SCRIPT, check=False)
    kept("podman image", done.stdout + done.stderr)


def test_the_sif(engine, built, tmp_path):  # noqa: F811
    sif = sif_of(IMAGE, engine, tmp_path)
    words = ["apptainer", "exec", "--pwd", "/lab", "--writable-tmpfs", str(sif), "sh", "-c", SCRIPT]
    done = subprocess.run(words, env={**engine, "PATH": apptainer_path()}, capture_output=True, text=True)
    kept("Apptainer", done.stdout + done.stderr)


def test_the_devcontainer(engine, clone, tmp_path):  # noqa: F811
    """The real devcontainer command line on podman; updateContentCommand makes the environment."""
    for command in (["npm", "init", "--yes"], ["npm", "install", "--silent", "@devcontainers/cli"]):
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    program = str(tmp_path / "node_modules" / ".bin" / "devcontainer")
    place = ["--workspace-folder", str(clone), "--docker-path", "/usr/bin/podman"]
    mounts = [option.removeprefix("--volume=").split(":")[0] for option in build_options() if "--volume=" in option]
    shelves = [word for mount in mounts for word in ("--mount", f"type=bind,source={mount},target={mount}")]
    up = [program, "up", *place, "--buildkit", "never", "--remove-existing-container", *shelves]
    begun = time.monotonic()
    done = subprocess.run(up, env=engine, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    made = round(time.monotonic() - begun)
    try:
        words = [program, "exec", *place, "sh", "-c", SCRIPT]
        said = subprocess.run(words, env=engine, capture_output=True, text=True)
        kept("devcontainer", said.stdout + said.stderr, made)
    finally:
        container = json.loads(done.stdout.splitlines()[-1])["containerId"]
        podman(engine, "rm", "--force", container)


def test_a_slurm_job(clone, tmp_path):
    job = tmp_path / "job.sh"  # not in the clone, where every file must belong to a lab
    job.write_text("#!/bin/sh\n" + SCRIPT)
    with slurm(tmp_path / "slurm") as variables:
        words = ["sbatch", "--wait", "--cpus-per-task=2", "--mem=3G", f"--output={tmp_path}/said", str(job)]
        subprocess.run(words, cwd=clone, env=alone(LAB_MANAGER="venv", **variables))
    kept("Slurm job", (tmp_path / "said").read_text())
