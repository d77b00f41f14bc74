"""Seed 004 word for word: bare metal, podman and Apptainer, here and on aiops1. make test-real PART=mlbox_seed"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.data.served_digits import write_digits
from tests.mlbox.boxes import ROOT
from tests.real.apptainer import sif_variables
from tests.real.mlbox_lab import own_address, served
from tests.real.podman_base import mlbox_variables, podman_environment, stand_in_base
from tests.real.sshd import sshd
from tests.real.test_mlbox_podman import STAND_INS

pytestmark = [pytest.mark.real, pytest.mark.slow]
HERE = "tests/real/test_mlbox_seed.py"


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory):
    """A copy of what the commands touch, and the environment in which they find everything."""
    folder = tmp_path_factory.mktemp("seed")
    podman = podman_environment(folder / "podman")
    stand_in_base(podman, STAND_INS)
    lab = folder / "lab"
    for name in ("mlbox", "examples", "platforms"):
        left_by_runs = shutil.ignore_patterns(".mlbox", "__pycache__", "greet_*", "farewell_*")
        shutil.copytree(ROOT / name, lab / name, ignore=left_by_runs)
    (lab / "examples/ngc/tensorflow/workspace/data").mkdir()
    (lab / "examples/ngc/tensorflow/workspace/data/train-00000").write_text("records")
    write_digits(folder / "digits")
    settings = mlbox_variables(podman) | sif_variables(folder)
    settings["PATH"] = f"{Path(sys.executable).parent}:{settings['PATH']}"
    with served(folder / "digits") as address, sshd(folder / "ssh", settings) as host:
        ours = {"MLBOX_HOST_AIOPS1": host.name, "MLBOX_SSH_CONFIG": str(host.ssh_config), "MNIST_URL": address}
        yield lab, {**os.environ, **settings, **ours, "http_proxy": "", "no_proxy": own_address()}


def lines(word):
    rows = tomllib.loads((ROOT / "tests/real/seed_commands.toml").read_text())["row"]
    return [row["command"] for row in rows if row.get("shown_by") == HERE and word in row["command"]]


@pytest.mark.parametrize("example", ["hello_world", "ngc", "dlbs", "mnist"])
@pytest.mark.parametrize("place", ["here", "aiops1"])
def test_the_seed_word_for_word(laboratory, example, place):
    folder, environ = laboratory
    commands = [command for command in lines(example) if ("aiops1" in command) == (place == "aiops1")]
    for command in commands:
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=environ, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-5000:]}"
    assert commands or (example in ("ngc", "dlbs") and place == "aiops1")
