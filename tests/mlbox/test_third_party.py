"""docker/, docker-compose.yaml and example/ of others' repositories keep to the conventions of their template."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from mlbox.repository import service_name
from mlbox.templates import FOLDER

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yaml").read_text(encoding="utf-8"))["services"]
GPU = yaml.safe_load((ROOT / "docker-compose.gpu.yaml").read_text(encoding="utf-8"))["services"]
TRAINED = {name: service for name, service in COMPOSE.items() if "train" in service.get("profiles", [])}
REPOSITORIES = ("mmdetection", "mmsegmentation", "PaddleDetection", "PaddleSeg", "YOLOX")


def test_every_service_for_training_keeps_to_the_conventions():
    assert {service["container_name"] for service in TRAINED.values()} == {*REPOSITORIES, "TextRecognizer"}
    for name, service in TRAINED.items():
        repository = service["container_name"]
        assert name == service_name(repository)
        assert service["build"] == {"context": ".", "dockerfile": f"./docker/{repository}/Dockerfile"}
        assert (ROOT / service["build"]["dockerfile"]).is_file()
        assert len(service["volumes"]) == 3 and service["shm_size"] == "8gb"
        assert "sleep" in service["command"] and "deploy" not in service


def test_gpus_are_reserved_by_a_file_of_their_own():
    assert set(GPU) == set(TRAINED)
    for service in GPU.values():
        (device,) = service["deploy"]["resources"]["reservations"]["devices"]
        assert device == {"driver": "nvidia", "capabilities": ["gpu"]}


@pytest.mark.parametrize("name", REPOSITORIES)
def test_an_image_differs_from_the_template_only_in_what_its_repository_needs(name):
    own = (ROOT / "docker" / name / "Dockerfile").read_text(encoding="utf-8")
    template = (FOLDER / "repository/Dockerfile.in").read_text(encoding="utf-8")
    template = template.replace("@NAME@", name).replace("@SERVICE@", service_name(name))
    before, _, after = template.partition("@COPY@\n@INSTALL@\n")
    assert own.startswith(before) and own.endswith(after.lstrip("\n"))
    needed = own[len(before) : len(own) - len(after)]
    assert not re.search(r"^(FROM|CMD|USER|ENTRYPOINT)\b", needed, re.MULTILINE)


def test_openmmlabs_image_begins_and_ends_as_the_template():
    def code(path: Path) -> list[str]:
        return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]

    template, own = code(FOLDER / "repository/Dockerfile.in"), code(ROOT / "docker/OpenMMLab/Dockerfile")
    place = template.index("@COPY@")
    assert own[:place] == template[:place] and own[place - len(template) + 1 : -1] == template[place + 2 :]


@pytest.mark.parametrize("path", sorted((ROOT / "example").glob("*.sh")), ids=lambda path: path.stem)
def test_an_example_hands_the_same_arguments_to_an_agent_and_to_this_machine(path, tmp_path):
    """The programs are stand-ins that print what they are given."""
    for name in ("clearml-task", "python"):
        (tmp_path / name).write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
        (tmp_path / name).chmod(0o755)
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHON": str(tmp_path / "python")}

    def words(**more: str) -> list[str]:
        done = subprocess.run(["bash", str(path), "lr=0.1"], env={**environ, **more}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    queued, here = words(QUEUE="gpu01", DATASET_ID="abc"), words(DATASET_ID="abc")
    options = dict(zip(queued[:-6:2], queued[1:-6:2], strict=False))
    assert options["--project"] == "clearml-example-project" and options["--queue"] == "gpu01"
    assert options["--branch"] == "main" and options["--script"] == here[-7]
    assert queued[-6:] == here[-6:] and "nproc_per_node=2" in here and here[-1] == "lr=0.1"
