"""`mlbox init --repository`: others' training repository becomes a part of the laboratory, and trains."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from mlbox.cli import main

TRAIN = """\
import argparse, os, pathlib, ppdet_like
parser = argparse.ArgumentParser()
parser.add_argument("-c", "--config")
parser.add_argument("--out", default="out.txt")
options = parser.parse_args()
ppdet_like.write(options, os.environ.get("RANK", "alone"))
"""
LIBRARY = """\
import pathlib
def write(options, rank):
    pathlib.Path(options.out).write_text(pathlib.Path(options.config).read_text() + rank)
"""
NAME = "PaddleDetection"


@pytest.fixture
def upstream(tmp_path) -> Path:
    """A git repository laid out as PaddleDetection is."""
    folder = tmp_path / "upstream"
    for path, text in {
        "tools/train.py": TRAIN,
        "ppdet_like.py": LIBRARY,
        "configs/yolov3/small.yml": "epoch: 1\n",
        "requirements.txt": "PyYAML\n",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    who = ["-c", "user.name=lab", "-c", "user.email=lab@example.org"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-q", "-m", "all"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


@pytest.fixture
def lab(tmp_path, upstream) -> Path:
    """A laboratory with a compose file of its own, to which the repository was added."""
    folder = tmp_path / "lab"
    folder.mkdir()
    (folder / "docker-compose.yaml").write_text("# ours\nservices:\n  server:\n    image: x\n\nvolumes:\n  feedback:\n")
    assert main(["init", str(folder), "--repository", NAME, "--from-git", str(upstream)]) == 0
    return folder


def test_nothing_of_upstream_is_changed(lab):
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=lab / NAME, capture_output=True, text=True)
    assert sorted(changed.stdout.splitlines()) == ["?? mlbox.yaml", "?? tools/clearml_train.py"]


def test_the_service_follows_the_conventions(lab):
    compose = yaml.safe_load((lab / "docker-compose.yaml").read_text())
    assert list(compose) == ["services", "volumes"] and list(compose["services"]) == ["server", "paddle_detection"]
    service = compose["services"]["paddle_detection"]
    assert service["container_name"] == NAME and service["profiles"] == ["train"] and "deploy" not in service
    assert service["build"] == {"context": ".", "dockerfile": f"./docker/{NAME}/Dockerfile"}
    mounts = [mount.split(":")[0] for mount in service["volumes"]]
    assert mounts == [f"./{NAME}", "./data", "./configs"] and service["shm_size"] == "8gb"
    gpu = yaml.safe_load((lab / "docker-compose.gpu.yaml").read_text())["services"]["paddle_detection"]
    assert gpu["deploy"]["resources"]["reservations"]["devices"] == [{"driver": "nvidia", "capabilities": ["gpu"]}]


def test_the_image_starts_from_the_template(lab):
    text = (lab / f"docker/{NAME}/Dockerfile").read_text()
    wanted = (
        "ARG BASE=nvcr.io/nvidia/pytorch",
        "ARG TZ=Asia/Tokyo",
        "clearml-agent",
        "boto3",
        f"COPY {NAME}/requirements",
    )
    assert not [words for words in wanted if words not in text]


def test_its_box_trains(lab, capfd):
    assert main(["describe", str(lab / NAME)]) == 0
    assert "paddle_detection" in capfd.readouterr().out
    assert main(["run", f"{lab / NAME}:train"]) == 0
    assert (lab / NAME / "out.txt").read_text() == "epoch: 1\nalone"


def test_its_example_trains(lab, tmp_path):
    environ = {**os.environ, "PYTHON": sys.executable, "NPROC": "1", "CLEARML_OFFLINE_MODE": "1"}
    command = ["bash", f"example/{NAME}.sh", f"out={tmp_path / 'out'}"]
    done = subprocess.run(command, cwd=lab, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out").read_text() == "epoch: 1\nalone"


def test_a_second_time_it_is_refused_and_nothing_is_written(lab, upstream, capsys):
    before = (lab / "docker-compose.yaml").read_text()
    assert main(["init", str(lab), "--repository", NAME, "--from-git", str(upstream)]) == 120
    assert "has a service paddle_detection already" in capsys.readouterr().err
    assert (lab / "docker-compose.yaml").read_text() == before


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--repository", NAME], "belong together"),
        (["--repository", "a b", "--from-git", "x"], "must be made of letters"),
        (["--repository", NAME, "--from-git", "/no/such/folder"], "git cannot clone it"),
    ],
)
def test_what_cannot_be_added(tmp_path, capfd, options, told):
    assert main(["init", str(tmp_path), *options]) in (120, 122)
    assert told in capfd.readouterr().err
    assert not list(tmp_path.glob("docker*"))


def test_a_repository_without_a_trainer(tmp_path, upstream, capsys):
    subprocess.run(["git", "rm", "-q", "tools/train.py"], cwd=upstream, check=True)
    who = ["-c", "user.name=lab", "-c", "user.email=lab@example.org"]
    subprocess.run(["git", *who, "commit", "-q", "-m", "none"], cwd=upstream, check=True)
    folder = tmp_path / "other"
    folder.mkdir()
    assert main(["init", str(folder), "--repository", NAME, "--from-git", str(upstream)]) == 120
    assert "which script trains?" in capsys.readouterr().err
