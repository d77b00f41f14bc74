"""Pictures in S3, from moto's server: make test-real PART=remote."""

import io
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from tests.inference.tiny_model import draw_flag_page, save_tiny_model

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[2]
TEXTS = {"scans/a.png": "abc", "scans/deep/b.png": "bcd", "scans/deep/page é #1.png": "cde"}


def png(text: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(draw_flag_page([text])).save(stream, format="PNG")
    return stream.getvalue()


def zipped(content: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return stream.getvalue()


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    """The environment in which s3:// leads to moto's server, with a bucket of pictures and an archive."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("moto_server")
    assert program.exists() or shutil.which("moto_server"), "make pip-tools-layer LAYER=real"
    server = subprocess.Popen([str(program), "-H", "127.0.0.1", "-p", str(port)], stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    environment = {**os.environ, **keys, "AWS_ENDPOINT_URL": url}
    try:
        _wait_for(url)
        files = {**{name: png(text) for name, text in TEXTS.items()}, "scans/notes.txt": b"no picture"}
        files["packed/scans.zip"] = zipped({"1.png": png("dad"), "../2.png": png("bad")})
        _fill(url, files)
        yield environment
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(url)


def _fill(url: str, files: dict[str, bytes]) -> None:
    import boto3

    client = boto3.client(
        "s3", endpoint_url=url, aws_access_key_id="test", aws_secret_access_key="test", region_name="us-east-1"
    )
    client.create_bucket(Bucket="pages")
    for name, content in files.items():
        client.put_object(Bucket="pages", Key=name, Body=content)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture
def read(bucket, model):
    def run(*arguments: object, **environment: str) -> tuple[int, str, str]:
        command = [sys.executable, "-m", "text_recognizer.inference.cli", "read", *map(str, arguments)]
        command += ["--model", str(model), "--threads", "1"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={**bucket, **environment})
        return done.returncode, done.stdout, done.stderr

    return run


def test_a_file_a_prefix_and_a_pattern_are_read(read):
    assert read("s3://pages/scans/a.png") == (0, "abc\n", "")
    for name in ("s3://pages/scans", "s3://pages/scans/", "s3://pages/scans/**/*.png"):
        code, out, err = read(name)
        assert (code, err) == (0, ""), name
        titles = [f"==> s3://pages/{name} <==" for name in TEXTS]
        assert out.splitlines()[::3] == titles and out.splitlines()[1::3] == list(TEXTS.values())


def test_results_are_kept_until_an_object_changes(read, bucket, tmp_path):
    words = ["s3://pages/scans", "--out", tmp_path / "texts", "--jobs", 2]
    assert read(*words) == (0, "", "")
    assert sorted(path.name for path in (tmp_path / "texts").rglob("*.txt")) == ["a.txt", "b.txt", "page é #1.txt"]
    assert "3 of 3 pictures were read before" in read(*words)[2]
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=bucket["AWS_ENDPOINT_URL"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
    )
    client.put_object(Bucket="pages", Key="scans/a.png", Body=png("eee"))
    assert "2 of 3 pictures were read before" in read(*words)[2]
    assert (tmp_path / "texts/a.txt").read_text() == "eee\n"
    client.put_object(Bucket="pages", Key="scans/a.png", Body=png("abc"))


def test_an_archive_is_read_where_it_is(read, tmp_path):
    code, out, err = read("s3://pages/packed", "--jobs", 2)
    names = [f"==> s3://pages/packed/scans.zip/{name} <==" for name in ("1.png", "../2.png")]
    assert (code, out.splitlines()[::3], out.splitlines()[1::3], err) == (0, names, ["dad", "bad"], "")


@pytest.mark.parametrize("name", ["s3://pages/none.png", "s3://nobody/scans/", "s3://pages/none/*.png"])
def test_what_is_not_there_is_one_sentence(name, read):
    code, out, err = read(name)
    assert (code, out, err.count("\n")) == (1, "", 1) and err.startswith(f"{name}: ")


def test_nobody_listening_is_one_sentence(read):
    code, out, err = read("s3://pages/scans/a.png", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert (code, out, err.count("\n")) == (1, "", 1) and err.startswith("s3://pages/scans/a.png: ")
