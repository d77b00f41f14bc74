"""A repository of others in a real compose: build, up and exec on podman, and its image in a registry: PART=compose.

A Debian image with Python stands in for NVIDIA's; the registry is Debian's docker-registry on loopback.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import yaml

from mlbox.cli import main
from tests.mlbox.test_repository import NAME, upstream  # noqa: F401  a fixture
from tests.real.podman_base import build_options, podman_environment, stand_in_base

pytestmark = [pytest.mark.real, pytest.mark.docker]
ROOT = Path(__file__).parents[2]
BASE = "nvcr.io/nvidia/pytorch:22.02-py3"
SERVICE = "paddle_detection"
COMPOSE = Path(sys.executable).parent / "podman-compose"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """Podman's environment, with a stand-in under the name that the template begins with."""
    environment = podman_environment(tmp_path_factory.mktemp("podman"))
    stand_in_base(environment, (BASE,))
    return environment


def compose(engine: dict[str, str], folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run podman-compose on a folder's file, the services for training among them."""
    # OpenGL alone would be hundreds of MB to unpack; the host's network is within reach of a build wherever it runs.
    building = [*build_options(), "--build-arg=LIBRARIES=", "--network=host"]
    options = ["--podman-build-args", " ".join(building), "--profile", "train"]
    command = [str(COMPOSE), *options, *words]
    return subprocess.run(command, cwd=folder, env=engine, capture_output=True, text=True, timeout=900)


def well(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return done.stdout


def test_the_files_are_compose_files(engine):
    """The second file adds its reservation to the first one's services, as the source document's example has them."""
    alone = yaml.safe_load(well(compose(engine, ROOT, "config")))["services"]
    files = ("-f", "docker-compose.yaml", "-f", "docker-compose.gpu.yaml")
    both = yaml.safe_load(well(compose(engine, ROOT, *files, "config")))["services"]
    assert {"server", "page", SERVICE, "text_recognizer"} <= set(alone) == set(both)
    assert "deploy" not in alone[SERVICE]
    (device,) = both[SERVICE]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "capabilities": ["gpu"]} and both[SERVICE]["container_name"] == NAME


def test_build_up_exec_and_push(engine, tmp_path, upstream):  # noqa: F811
    lab = tmp_path / "lab"
    (lab / "data").mkdir(parents=True)
    (lab / "configs").mkdir()
    assert main(["init", str(lab), "--repository", NAME, "--from-git", str(upstream)]) == 0
    check_form(lab)
    well(compose(engine, lab, "build", SERVICE))
    try:
        well(compose(engine, lab, "up", "-d", SERVICE))
        inside = "date +%Z; ls; cat PaddleDetection/configs/yolov3/small.yml; python3 -c 'import boto3, yaml'"
        told = well(
            compose(engine, lab, "exec", "-T", SERVICE, "/bin/bash", "-c", f"{inside}; clearml-agent --version")
        )
        assert told.startswith("JST\nPaddleDetection\nconfigs\ndata\nepoch: 1\n") and "3.0.3" in told
        (lab / NAME / "tools/new.txt").write_text("a change of code needs no new image\n")
        assert "no new image" in well(compose(engine, lab, "exec", "-T", SERVICE, "cat", f"{NAME}/tools/new.txt"))
    finally:
        compose(engine, lab, "down", "-t", "1")
    with_registry(engine, tmp_path, lab)


def check_form(lab: Path) -> None:
    """Have what `init` wrote read by shellcheck and hadolint."""
    tools = Path(sys.executable).parent
    subprocess.run([tools / "shellcheck", lab / f"example/{NAME}.sh"], check=True)
    subprocess.run([tools / "hadolint", lab / f"docker/{NAME}/Dockerfile"], check=True)


def with_registry(engine: dict[str, str], folder: Path, lab: Path) -> None:
    """Push the service's image by OpenMMLab's script, and find it in the registry."""
    program = shutil.which("docker-registry")
    assert program, "apt-get install docker-registry, or make test-real PART=compose"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {"version": 0.1, "storage": {"filesystem": {"rootdirectory": str(folder / "registry")}}}
    (folder / "registry.yml").write_text(yaml.safe_dump({**settings, "http": {"addr": f"127.0.0.1:{port}"}}))
    server = subprocess.Popen([program, "serve", str(folder / "registry.yml")], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        variables = {"ENGINE": "podman", "IMAGE": f"{NAME.lower()}:latest", "REGISTRY": f"127.0.0.1:{port}/yumba"}
        command = [ROOT / "docker/OpenMMLab/push.sh", "--tls-verify=false"]
        done = subprocess.run(command, env={**engine, **variables}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/yumba/{NAME.lower()}/tags/list") as answer:
            assert json.load(answer)["tags"] == ["latest"]
    finally:
        server.terminate()
        server.wait()
        name = f"127.0.0.1:{port}/yumba/{NAME.lower()}:latest"
        subprocess.run(["podman", "untag", name], env=engine, capture_output=True)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the registry does not answer")


def test_openmmlabs_image_is_built_under_the_seeds_name(engine, tmp_path):
    """The build itself, with its compilation of mmcv, is not run here: the engine only shows what it is asked."""
    (tmp_path / "engine").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "engine").chmod(0o755)
    shutil.copytree(ROOT / "docker/OpenMMLab", tmp_path / "docker/OpenMMLab")
    environ = {**os.environ, "ENGINE": str(tmp_path / "engine"), "IMAGE": "colinski/open-mmlab:1.0"}
    script = tmp_path / "docker/OpenMMLab/build.sh"
    told = subprocess.run([script, "--no-cache"], env=environ, capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[:3] == ["build", "--tag", "colinski/open-mmlab:1.0"] and "--no-cache" in told
