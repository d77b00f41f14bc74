"""mlbox in containers, here and over ssh: a real podman and stand-in images. make test-real PART=mlbox_podman"""

import os
import socket
import threading

import pytest

from tests.data.served_digits import write_digits
from tests.mlbox.boxes import ROOT, hello_world
from tests.real.mlbox_lab import exits_box, hello_and_goodbye, mlbox, own_address, record, served, timed, well
from tests.real.podman_base import BASE, mlbox_variables, podman_environment, stand_in_base
from tests.real.sshd import sshd

pytestmark = pytest.mark.real
SEED = "./platforms/platforms.yaml:aiops1"
STAND_INS = (BASE, "ubuntu:18.04", "nvcr.io/nvidia/tensorflow:20.02-tf1-py3", "dlbs/openvino:19.09")


@pytest.fixture(scope="module")
def podman(tmp_path_factory):
    """The variables with which podman runs, and builds from images that are there."""
    environ = podman_environment(tmp_path_factory.mktemp("podman"))
    stand_in_base(environ, STAND_INS)
    return mlbox_variables(environ)


def test_hello_and_goodbye(tmp_path, podman):
    box = hello_world(tmp_path / "box")
    seconds = hello_and_goodbye(box / "docker", variables=podman)
    bare = timed(["podman", "run", "--rm", "ubuntu:18.04", "python3", "-c", "print(1)"], podman)
    record("local", "podman", seconds, bare)


def test_hello_and_goodbye_over_ssh(tmp_path, podman):
    box = hello_world(tmp_path / "box")
    with sshd(tmp_path / "ssh", podman) as host:
        variables = {"MLBOX_HOST_AIOPS1": host.name, "MLBOX_SSH_CONFIG": str(host.ssh_config)}
        seconds = hello_and_goodbye(box / "docker", SEED, variables=variables)
        ended = mlbox("run", SEED, f"{exits_box(tmp_path / 'exits')}/docker:exits", variables=variables)
        assert ended.code == 37, ended.err
        command = "podman run --rm ubuntu:18.04 python3 -c 'print(1)'"
        bare = timed(["ssh", "-F", str(host.ssh_config), host.name, command])
    record("ssh", "podman", seconds, bare)


def test_the_exit_code_comes_back(tmp_path, podman):
    ended = mlbox("run", f"{exits_box(tmp_path / 'box')}/docker:exits", variables=podman)
    assert (ended.code, ended.out) == (37, "last words\n"), ended.err


def test_a_changed_dockerfile_is_another_image(tmp_path, podman):
    box = hello_world(tmp_path / "box")
    well(mlbox("configure", box / "docker", variables=podman))
    assert "building" not in well(mlbox("configure", box / "docker", variables=podman)).err
    with (box / "implementation/docker/dockerfiles/Dockerfile").open("a") as file:
        file.write(f"LABEL of={tmp_path.name}\n")
    assert "building localhost/mlbox/hello_world:" in well(mlbox("configure", box / "docker", variables=podman)).err


def test_a_box_with_an_odd_name(tmp_path, podman):
    box = hello_world(tmp_path / "a box, with: \"quotes\" & 'such'")
    well(mlbox("run", f"{box}/docker:goodbye/xinyuan", variables=podman))
    assert (box / "workspace/farewell_xinyuan.txt").exists()


def proxy(requests):
    """Listen on loopback as a proxy does, note what is asked for, and answer everything with nothing."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        while True:
            connection, _ = listener.accept()
            requests.append(connection.recv(4096).split(b"\r\n")[0].decode())
            connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            connection.close()

    threading.Thread(target=answer, daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_proxies_reach_configure_and_run(tmp_path, podman):
    """As the seed has it: https_proxy=${http_proxy} python -m mlbox configure ..."""
    requests, page = [], os.urandom(4).hex()  # an image of this content must not be there yet
    address = proxy(requests)
    box = exits_box(tmp_path / "box")
    asks = "import urllib.request; urllib.request.urlopen('http://far.invalid/{}')"
    with (box / "Dockerfile").open("a") as file:
        file.write(f'RUN python3 -c "{asks.format(page)}"\n')
    (box / "implementation/src/task.py").write_text(asks.format("run"))
    variables = {**podman, "http_proxy": address, "https_proxy": address}
    well(mlbox("configure", f"{box}/docker", variables=variables))
    assert f"GET http://far.invalid/{page} HTTP/1.1" in requests
    well(mlbox("run", f"{box}/docker:exits", variables=variables))
    assert "GET http://far.invalid/run HTTP/1.1" in requests
    well(mlbox("run", "-f", f"{box}/baremetal:exits", variables=variables))
    assert requests.count("GET http://far.invalid/run HTTP/1.1") == 2


def copied(name, folder):
    import shutil

    shutil.copytree(ROOT / "examples" / name, folder, ignore=shutil.ignore_patterns(".mlbox", "*_logs", "logs"))
    return folder


def test_ngc_and_dlbs_on_stand_in_images(tmp_path, podman):
    ngc = copied("ngc/tensorflow", tmp_path / "ngc")
    well(mlbox("configure", ngc, variables=podman))
    for name in ("test", "synthetic"):
        ended = well(mlbox("run", f"{ngc}:benchmark/{name}", variables=podman))
        assert "stand-in: this image has no TensorFlow" in ended.out
    assert mlbox("run", f"{ngc}:benchmark/imagenet", variables=podman).code == 121  # no records in workspace/data
    (ngc / "workspace/data").mkdir(exist_ok=True)
    (ngc / "workspace/data/train-00000").write_text("records")
    well(mlbox("run", f"{ngc}:benchmark/imagenet", variables=podman))
    dlbs = copied("dlbs/openvino", tmp_path / "dlbs")
    assert "stand_in.log: stand-in" in well(mlbox("run", f"{dlbs}:report", variables=podman)).out
    assert os.listdir(dlbs / "workspace/logs") == ["stand_in.log"]


def test_mnist(tmp_path, podman):
    """The seed's downloaddata and train, in an image with torch; digits that are served here."""
    write_digits(tmp_path / "digits")
    box = copied("mnist", tmp_path / "mnist")
    with served(tmp_path / "digits") as address:
        settings = {**podman, "MNIST_URL": address, "no_proxy": own_address()}
        well(mlbox("configure", box / "docker", variables=settings))
        well(mlbox("run", f"{box}/docker:downloaddata", variables=settings))
    ended = well(mlbox("run", f"{box}/docker:train", variables=podman))
    assert float(ended.out.split("accuracy ")[-1].split(",")[0]) >= 0.95
