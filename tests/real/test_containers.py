"""The apps' images, built and run by podman on a stand-in base: make test-real PART=containers."""

import http.client
import json
import re
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.api_server.running import png
from tests.api_serverless.events import v2
from tests.real.matrix import record_image
from tests.real.podman_base import BASE, build_options, megabytes, podman, podman_environment, stand_in_base
from tests.real.runtime_api import RuntimeApi

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[2]
LARGEST_LAYER = 260
"""Megabytes of the server's Python packages."""

HARDENED = ("--read-only", "--cap-drop=all", "--security-opt=no-new-privileges")
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    found = podman_environment(tmp_path_factory.mktemp("podman"))
    stand_in_base(found, (BASE, "public.ecr.aws/lambda/python:3.12"))
    return found


@pytest.fixture(scope="module")
def image(environment):
    """Build an image of the folder that the test names."""
    built: set[str] = set()

    def build(folder: str) -> str:
        tag = f"localhost/text-recognizer/{folder}"
        if folder not in built:
            files = ("--file", f"{folder}/Dockerfile", "--ignorefile", f"{folder}/Dockerfile.dockerignore")
            begun = time.monotonic()
            podman(environment, "build", *build_options(), *files, "--tag", tag, str(ROOT))
            seconds = time.monotonic() - begun
            record_image(folder, megabytes(environment, tag), megabytes(environment, BASE), seconds)
            built.add(folder)
        return tag

    return build


@pytest.fixture
def run(environment):
    """Run containers, which end with the test."""
    names: list[str] = []

    def start(name: str, *arguments: str) -> str:
        names.append(name)
        podman(environment, "rm", "--force", "--ignore", name)
        podman(environment, "run", "--detach", "--name", name, *arguments)
        return name

    yield start
    for name in names:
        podman(environment, "rm", "--force", "--time", "2", name, check=False)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def asked(port: int, method: str, path: str, body: bytes | None = None, patience: float = 90) -> tuple[int, bytes]:
    """Ask until somebody answers."""
    deadline = time.monotonic() + patience
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, response.read()
        except OSError:
            assert time.monotonic() < deadline, f"nobody answers at port {port}"
            time.sleep(0.2)
        finally:
            connection.close()


def test_the_server_reads_on_a_read_only_disk_as_nobody_and_is_healthy(environment, image, run, capsys):
    port = free_port()
    name = run("lab-server", *HARDENED, "--publish", f"127.0.0.1:{port}:8000", image("api_server"))
    assert asked(port, "GET", "/readyz")[0] == 200
    status, body = asked(port, "POST", "/v1/read", png("abc"))
    assert status == 200 and json.loads(body)["pages"]
    assert podman(environment, "exec", name, "id", "-u").stdout.strip() == "10001"
    assert podman(environment, "healthcheck", "run", name).returncode == 0
    size = int(podman(environment, "exec", name, "du", "-sm", "/opt/venv").stdout.split()[0])
    with capsys.disabled():
        print(f"\nserver: {size} MB of Python packages")
    assert size < LARGEST_LAYER
    listed = podman(environment, "exec", name, "ls", "/opt/venv/lib/python3.11/site-packages").stdout.split()
    assert not {"torch", "cv2", "gradio", "scipy", "pip"} & set(listed)
    podman(environment, "stop", "--time", "20", name)
    assert podman(environment, "inspect", "--format", "{{.State.ExitCode}}", name).stdout.strip() == "0"


def test_the_server_needs_no_network(environment, image, run):
    name = run("lab-alone", *HARDENED, "--network=none", image("api_server"))
    ask = "import http.client as h; c = h.HTTPConnection('127.0.0.1', 8000); c.request('POST', '/v1/read', b'x')"
    deadline = time.monotonic() + 60
    command = ("exec", name, "python", "-c", f"{ask}; print(c.getresponse().status)")
    while (done := podman(environment, *command, check=False)).returncode:
        assert time.monotonic() < deadline, done.stderr
        time.sleep(0.3)
    assert done.stdout.strip() == "400"


def test_the_function_runs_in_its_image(environment, image, run, capsys):
    api = RuntimeApi()
    told = ("--env", f"AWS_LAMBDA_RUNTIME_API={api.address}", "--env", "AWS_LAMBDA_FUNCTION_NAME=reader")
    tag = image("api_serverless")
    begun = time.monotonic()
    run("lab-function", *HARDENED, "--tmpfs=/tmp", "--network=host", *told, tag)
    kind, answer = api.invoke(v2(png("abc")), timeout=60)
    with capsys.disabled():
        print(f"\nfunction: {time.monotonic() - begun:.2f} s from `podman run` to the first answer")
    assert (kind, answer["statusCode"]) == ("response", 200)
    api.close()


@contextmanager
def health_looked_at(environment, name: str):
    """Run a container's health check now and then, as a machine with systemd does by itself."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(1):
            podman(environment, "healthcheck", "run", name, check=False)

    thread = threading.Thread(target=look)
    thread.start()
    yield
    ended.set()
    thread.join()


@pytest.fixture
def compose(environment, image, tmp_path):
    """Run podman-compose on the compose file, with the images already built and ports of our own."""
    for folder in ("api_server", "app_gradio"):
        image(folder)
    ports = {"SERVER_PORT": str(free_port()), "PAGE_PORT": str(free_port())}
    program = [sys.executable, "-m", "podman_compose", "--project-name", "lab-compose"]

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        known = {**environment, **ports, "LAB_MODEL": "fast"}
        return subprocess.run([*program, *words], cwd=ROOT, env=known, capture_output=True, text=True, timeout=240)

    yield call, {name: int(port) for name, port in ports.items()}
    call("down", "--volumes", "--timeout", "2")


def test_compose_up_starts_a_page_that_reads_by_the_server(environment, compose, tmp_path):
    from gradio_client import Client, handle_file

    call, ports = compose
    with health_looked_at(environment, "lab-compose_server_1"):
        done = call("up", "--detach", "--no-build")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    listed = podman(environment, "ps", "--format", "{{.Names}}").stdout.split()
    assert sorted(name for name in listed if name.startswith("lab-compose")) == [
        "lab-compose_page_1",
        "lab-compose_server_1",
    ]
    assert asked(ports["SERVER_PORT"], "GET", "/readyz")[0] == 200
    assert asked(ports["PAGE_PORT"], "GET", "/")[0] == 200
    picture = tmp_path / "abc.png"
    picture.write_bytes(png("abc"))
    client = Client(f"http://127.0.0.1:{ports['PAGE_PORT']}", verbose=False)
    shown, _, text, _ = client.predict(handle_file(picture), False, api_name="/read_picture")
    assert text.strip() and "fast-" in shown  # the model that the server was told to use
    assert re.search(rb"text_recognizer_pages_total [1-9]", asked(ports["SERVER_PORT"], "GET", "/metrics")[1])


def test_a_plain_up_starts_the_server_and_the_page_alone():
    plain = {name for name, service in COMPOSE["services"].items() if "profiles" not in service}
    assert plain == {"server", "page"}
    for name in plain:
        service = COMPOSE["services"][name]
        assert (ROOT / service["build"]["dockerfile"]).exists()
        assert service["read_only"] and service["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("folder", ["api_server", "api_serverless", "app_gradio"])
def test_hadolint_has_nothing_to_say(folder):
    program = ROOT / ".venv" / "bin" / "hadolint"
    done = subprocess.run([program, ROOT / folder / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
