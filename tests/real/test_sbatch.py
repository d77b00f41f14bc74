"""The batch files of platforms/slurm on a real Slurm with real environment-modules: make test-real PART=sbatch.

conda and mamba are a stand-in whose solver is real; the SIF is made of the training image.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.real.apptainer import apptainer_path
from tests.real.conda_stand_in import channel_of
from tests.real.slurm import slurm
from tests.real.test_environments import IMAGE, built, engine  # noqa: F401  fixtures
from tests.real.test_matrix import sif_of
from tests.real.working_tree import committed, copied

pytestmark = [pytest.mark.real, pytest.mark.docker]
SMALL = "--max_steps=2 --data.validation_lines=2 --data.num_workers=0 --threads=1 --logger=none --precision=32-true"
SMALL += " --model.channels=[4,8,8,16] --model.width=16"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The variables of a running cluster."""
    with slurm(tmp_path_factory.mktemp("slurm")) as variables:
        yield variables


@pytest.fixture(scope="module")
def conda(tmp_path_factory):
    return channel_of(tmp_path_factory.mktemp("conda"))


@pytest.fixture(scope="module")
def site(cluster, conda, tmp_path_factory):
    """What a user finds on a node: modules, a home, no more than the system's programs."""
    modules = copied(tmp_path_factory.mktemp("modules")) / "platforms/slurm/modulefiles"
    home = tmp_path_factory.mktemp("home")
    pip = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "UV_"))}
    config = Path.home() / ".config/pip/pip.conf"
    named = {"PIP_CONFIG_FILE": str(config)} if config.exists() else {}
    return {
        **pip, **named, **cluster, "PATH": "/usr/bin:/bin", "HOME": str(home), "MODULEPATH": str(modules),
        "BASH_ENV": "/usr/share/modules/init/bash", "LAB_PYTHON_HOME": sys.base_prefix,
        "LAB_CONDA_HOME": str(conda), "CONDA_STAND_IN": str(conda), "TMPDIR": str(home),
    }  # fmt: skip


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """The repository as a user has cloned it; the runs of one file do not disturb those of another."""
    return committed(copied(tmp_path_factory.mktemp("clone") / "lab"))


def submit(
    clone: Path, site: dict[str, str], name: str, *words: str, wait: bool = True, **more: str
) -> tuple[str, Path]:
    """Submit a batch file and return the job's number and the file of what it says."""
    options = ["--parsable", "--mem=3G", *(["--wait"] if wait else [])]
    command = ["sbatch", *options, f"platforms/slurm/{name}.sbatch", *words]
    done = subprocess.run(command, cwd=clone, env={**site, **more}, capture_output=True, text=True)
    said = clone / f"slurm-lab-{name}-{done.stdout.strip()}.out"
    assert done.returncode == 0, done.stderr + (said.read_text() if said.exists() else "no output")
    return done.stdout.strip(), said


def finished(clone: Path, number: str) -> dict:
    """Return what the run of a job left when it ended."""
    (found,) = clone.glob(f"runs/*-{number}-001/finished.json")
    return json.loads(found.read_text())


def test_a_venv_in_the_repository_and_a_second_job_that_finds_it(clone, site):
    number, _ = submit(clone, site, "venv", *SMALL.split())
    begun = time.monotonic()
    again, _ = submit(clone, site, "venv", *SMALL.split())
    assert finished(clone, number)["weights_sha256"] == finished(clone, again)["weights_sha256"]
    assert time.monotonic() - begun < 120


def test_a_venv_in_home(site, tmp_path):
    own = committed(copied(tmp_path / "lab"))
    number, _ = submit(own, site, "venv", *SMALL.split(), LAB_ENV="home")
    assert finished(own, number)["steps"] == 2
    (made,) = (Path(site["HOME"]) / "text-recognizer-env").glob("*/lab.json")
    assert made.parent == (own / ".venv").resolve()


def test_conda_makes_the_prefix(clone, site, tmp_path):
    own = committed(copied(tmp_path / "lab"))
    number, said = submit(own, site, "conda", *SMALL.split())
    assert finished(own, number)["steps"] == 2 and "conda env create into .venv" in said.read_text()


def test_mamba_works_on_the_nodes_own_disk_and_leaves_nothing_there(clone, site):
    number, said = submit(clone, site, "mamba", *SMALL.split())
    assert finished(clone, number)["steps"] == 2 and "mamba env create into .venv" in said.read_text()
    assert not list(Path(site["TMPDIR"]).glob("lab-*"))


def test_a_sif(clone, site, engine, built, tmp_path):  # noqa: F811
    sif = sif_of(IMAGE, engine, tmp_path)
    folder = Path(str(apptainer_path()).partition(":")[0])
    number, _ = submit(clone, site, "apptainer", str(sif), *SMALL.split(), LAB_APPTAINER_HOME=str(folder.parent))
    assert finished(clone, number)["steps"] == 2


def test_a_job_that_is_told_to_stop_is_queued_again_and_finishes(clone, site):
    steps = "--max_steps=400"
    number, said = submit(clone, site, "venv", *SMALL.replace("--max_steps=2", steps).split(), wait=False)
    run = clone / f"runs/lab-venv-{number}-001"
    wait_for(lambda: (run / "metrics.csv").exists(), said)
    subprocess.run(["scancel", "--signal=USR1", "--batch", number], env=site, check=True)
    wait_for(lambda: "is queued again" in said.read_text(), said)
    wait_for((run / "finished.json").exists, said, seconds=400)
    assert finished(clone, number)["steps"] == 400
    assert re.search(r"resum|goes on|continu", said.read_text()), said.read_text()


def test_a_job_that_is_cancelled_saves_and_stays_cancelled(clone, site):
    number, said = submit(clone, site, "venv", *SMALL.replace("--max_steps=2", "--max_steps=4000").split(), wait=False)
    wait_for(lambda: (clone / f"runs/lab-venv-{number}-001/metrics.csv").exists(), said)
    subprocess.run(["scancel", number], env=site, check=True)
    wait_for(lambda: "Slurm has decided already" in said.read_text(), said)
    time.sleep(5)
    shown = subprocess.run(["scontrol", "show", "job", number], env=site, capture_output=True, text=True).stdout
    assert "JobState=CANCELLED" in shown and "Restarts=0" in shown, shown


def wait_for(there, said: Path, seconds: int = 200) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if said.exists() and there():
            return
        time.sleep(0.5)
    raise AssertionError(said.read_text() if said.exists() else "the job has not begun")
