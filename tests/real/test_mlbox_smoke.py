"""The repository's own smoke training on every platform, with the same weights on each. make test-real PART=mlbox_smoke

The box is a copy of the working tree; `mlbox run PLATFORM BOX:train/smoke` is all that is said, here as there.
"""

import json
import sys
from pathlib import Path

import pytest

from tests.mlbox.boxes import hello_world
from tests.real.apptainer import sif_variables
from tests.real.mlbox_lab import hello_and_goodbye, mlbox, record, record_weights, timed, well
from tests.real.podman_base import mlbox_variables
from tests.real.slurm import slurm
from tests.real.sshd import sshd
from tests.real.test_environments import engine  # noqa: F401  a fixture
from tests.real.working_tree import copied

pytestmark = pytest.mark.real
PLATFORMS = f"""\
near: {{place: ssh, host: remote-box, setup: [". {sys.prefix}/bin/activate"]}}
queue: {{place: slurm, sbatch: {{mem: 3G}}, setup: [". {sys.prefix}/bin/activate"]}}
"""
WEIGHTS: dict[str, str] = {}


@pytest.fixture
def tree(tmp_path):
    """The repository as a box, with platforms beside it."""
    (tmp_path / "platforms.yaml").write_text(PLATFORMS)
    return copied(tmp_path / "text_recognizer")


def trains(place: str, tree: Path, implementation: str, platform: str = "", **variables: str) -> None:
    """Run the task, and compare its weights with those of the places before."""
    words = [f"{tree.parent}/platforms.yaml:{platform}"] if platform else []
    well(mlbox("configure", *words, tree / implementation, variables=variables))
    ended = well(mlbox("run", *words, f"{tree / implementation}:train/smoke", variables=variables))
    finished = json.loads((tree / "outputs/smoke/runs/run-001/finished.json").read_text())
    assert finished["steps"] == 20
    WEIGHTS[place] = finished["weights_sha256"]
    record_weights(place, ended.seconds, WEIGHTS[place])
    assert len(set(WEIGHTS.values())) == 1, WEIGHTS


@pytest.fixture
def built(engine, tmp_path):  # noqa: F811
    """The variables with which images are built from what is there."""
    return mlbox_variables(engine) | sif_variables(tmp_path)


def test_hello_and_goodbye_on_bare_metal(tmp_path):
    seconds = hello_and_goodbye(hello_world(tmp_path / "box") / "baremetal")
    record("local", "bare metal", seconds, timed([sys.executable, "-c", "print(1)"]))


def test_bare_metal(tree):
    trains("bare metal", tree, "baremetal")


def test_ssh(tree, tmp_path):
    with sshd(tmp_path / "ssh") as host:
        trains("ssh", tree, "baremetal", "near", MLBOX_SSH_CONFIG=str(host.ssh_config))


def test_slurm(tree, tmp_path):
    with slurm(tmp_path / "slurm") as variables:
        trains("Slurm", tree, "baremetal", "queue", **variables)


def test_podman(tree, built):
    trains("podman", tree, "docker", **built)


def test_apptainer(tree, built):
    trains("Apptainer", tree, "singularity", **built)
