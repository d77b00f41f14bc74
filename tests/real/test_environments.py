"""The training image, made with podman on a base without a registry; its tests are in PART=matrix."""

import json
import shutil
import time
from pathlib import Path

import pytest

from tests.real.matrix import record_image
from tests.real.podman_base import (
    BASE,
    CERTIFICATES,
    build_options,
    megabytes,
    podman,
    podman_environment,
    stand_in_base,
)
from tests.real.working_tree import copied

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker" / "TextRecognizer" / "Dockerfile"
IMAGE = "localhost/lab/textrecognizer:test"
BASES = ("docker.io/library/debian:bookworm-slim", "docker.io/library/python:3.11-bookworm")

pytestmark = [pytest.mark.real, pytest.mark.docker]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Podman's environment, with stand-ins under the names that our Dockerfiles begin with."""
    environment = podman_environment(tmp_path_factory.mktemp("podman"))
    stand_in_base(environment)
    with_certificates(environment, tmp_path_factory.mktemp("base"))
    return environment


def with_certificates(environment: dict[str, str], folder: Path) -> None:
    """Give the stand-in this machine's certificates where installing Debian's own does not write over them."""
    shutil.copy(CERTIFICATES, folder / "ca.crt")
    variables = " ".join(f"{name}=/opt/ca.crt" for name in ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"))
    (folder / "Dockerfile").write_text(f"FROM {BASE}\nCOPY ca.crt /opt/ca.crt\nENV {variables}\n")
    tags = [word for name in BASES for word in ("--tag", name)]
    podman(environment, "build", "--pull=never", "--format=docker", *tags, str(folder))


def build(engine: dict[str, str], tree: Path) -> list[str]:
    """Build the training image from a tree and return the digests of its layers."""
    file, ignored = FILE.relative_to(ROOT), FILE.relative_to(ROOT).with_name("Dockerfile.dockerignore")
    flags = [*build_options(), "--layers", "--ignorefile", str(tree / ignored), "--tag", IMAGE]
    podman(engine, "build", *flags, "--file", str(tree / file), str(tree))
    shown = podman(engine, "image", "inspect", "--format", "{{json .RootFS.Layers}}", IMAGE).stdout
    return json.loads(shown)


@pytest.fixture(scope="module")
def built(engine, tmp_path_factory):
    """The tree that the image was built from, and the image's layers."""
    tree = copied(tmp_path_factory.mktemp("tree"))
    is_first = podman(engine, "image", "exists", IMAGE, check=False).returncode != 0
    begun = time.monotonic()
    layers = build(engine, tree)
    if is_first:  # else its layers were there
        base = megabytes(engine, BASES[0])
        record_image("training, CPU", megabytes(engine, IMAGE), base, time.monotonic() - begun)
    return tree, layers


def run(engine: dict[str, str], *words: str) -> str:
    return podman(engine, "run", "--rm", "--network", "none", IMAGE, *words).stdout


def test_the_image_trains_without_a_network_as_somebody_who_is_not_root(engine, built):
    assert run(engine, "id", "-u").strip() == "1000"
    words = "--max_steps 2 --data.validation_lines 2 --data.num_workers 0 --logger none --threads 1"
    words += " --model.channels [4,8,8,16] --model.width 16 --name mine"
    said = run(engine, "sh", "-c", f"python training/run_experiment.py {words} && ls runs/mine-001")
    assert "finished.json" in said.split()


def test_a_change_of_code_alters_the_last_layer_alone(engine, built):
    tree, before = built
    (tree / "text_recognizer" / "charset.py").open("a").write("# changed\n")
    after = build(engine, tree)
    assert before[:-1] == after[:-1] and before[-1] != after[-1]
