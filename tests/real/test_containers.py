"""The apps' images, built and run by podman on a stand-in base: make test-real PART=containers."""

import http.client
import json
import socket
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from tests.api_server.running import png
from tests.api_serverless.events import v2
from tests.real.podman_base import BASE, build_options, podman, podman_environment, stand_in_base
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
def image(environment, request):
    """Build an image of the folder that the test names."""
    built: set[str] = set()

    def build(folder: str) -> str:
        tag = f"localhost/text-recognizer/{folder}"
        if folder not in built:
            files = ("--file", f"{folder}/Dockerfile", "--ignorefile", f"{folder}/Dockerfile.dockerignore")
            begun = time.monotonic()
            podman(environment, "build", *build_options(), *files, "--tag", tag, str(ROOT))
            size = int(podman(environment, "image", "inspect", "--format", "{{.Size}}", tag).stdout) / 1e6
            base = int(podman(environment, "image", "inspect", "--format", "{{.Size}}", BASE).stdout) / 1e6
            told = (
                f"{folder}: {size:.0f} MB, {size - base:.0f} MB of it ours; built in {time.monotonic() - begun:.0f} s"
            )
            with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
                print(f"\n{told}")
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


def test_the_page_and_the_server_of_the_compose_file_find_each_other(environment, image, run):
    page, port = COMPOSE["services"]["page"], free_port()
    podman(environment, "network", "rm", "--force", "lab-net", check=False)
    podman(environment, "network", "create", "lab-net")
    try:
        run("lab-compose-server", *HARDENED, "--network=lab-net", "--network-alias=server", image("api_server"))
        publish = ("--publish", f"127.0.0.1:{port}:7860")
        disk = ("--tmpfs=/tmp", "--volume", "lab-feedback:/data")
        name = run("lab-page", *HARDENED, *disk, "--network=lab-net", *publish, image("app_gradio"), *page["command"])
        status, body = asked(port, "GET", "/")
        assert status == 200 and b"gradio" in body.lower()
        assert podman(environment, "healthcheck", "run", name).returncode == 0
        url = page["command"][-1]
        ask = f"import urllib.request as u; print(u.urlopen('{url}/healthz').status)"
        assert podman(environment, "exec", name, "python", "-c", ask).stdout.strip() == "200"
    finally:
        for name in ("lab-page", "lab-compose-server"):
            podman(environment, "rm", "--force", "--time", "2", name, check=False)
        podman(environment, "volume", "rm", "--force", "lab-feedback", check=False)
        podman(environment, "network", "rm", "--force", "lab-net", check=False)


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
