"""Everything that callers try: all of it is answered 4xx, or cut off, and the server reads on."""

import io
import json
import os
import socket
import struct
import time
import zlib

import pytest
from PIL import Image

from tests.api_server.running import RunningServer, form, png

JSON = "application/json"
PAGE = png("abc")


@pytest.fixture(autouse=True)
def _server_reads_on(server):
    yield
    deadline = time.monotonic() + 20
    while (answer := server.read(PAGE)).status == 429 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert (answer.status, answer.tree["text"]) == (200, "abc")


def bomb(width: int, height: int) -> bytes:
    """Return a small PNG file whose header promises very many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def tiff(pages: int) -> bytes:
    stream = io.BytesIO()
    first, *others = [Image.new("L", (30, 30), 255) for _ in range(pages)]
    first.save(stream, "TIFF", save_all=True, append_images=others)
    return stream.getvalue()


URLS = (
    "file:///etc/passwd",
    "s3://bucket/key",
    "http://127.0.0.1:22/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "/etc/passwd",
)


@pytest.mark.parametrize(
    ("body", "kind", "status", "part"),
    [
        *((json.dumps({"image_url": url}).encode(), JSON, 400, "fetches no addresses") for url in URLS),
        (b"/etc/passwd", "", 400, "not a picture"),  # a path is only bytes
        (*form(("../../../etc/passwd", b"x")), 400, "passwd: this is not a picture"),
        (bomb(60_000, 60_000), "", 400, "too many pixels"),
        (bomb(1_999, 2_002), "", 400, "at most 4,000,000 are read"),
        (bomb(2_000_000_000, 2), "", 400, "too many pixels"),
        (tiff(4), "", 400, "it has more than 3 pages; name some with pages="),
        (PAGE[:200], "", 400, ""),  # torn
        (b"\0" * 1_000, "", 400, "not a picture"),
        (b"%PDF-1.7\nnonsense", "application/pdf", 400, "the PDF is damaged"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", 400, "not a picture"),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "", 400, ""),
        (b"%!PS\n(hello) show", "application/postscript", 400, "not a picture"),  # nobody calls Ghostscript
        (b"GIF89a", "image/gif", 400, ""),
        (b"", "", 400, "it is empty"),
        (b"[" * 300_000, JSON, 400, "nested too deeply"),
        (b'{"image":"' + b"A" * 1_000_000 + b'"}', JSON, 413, "larger than 1,000,000 bytes"),
        (b"x" * 1_000_001, "", 413, "larger than 1,000,000 bytes"),
        (b"\xff\xfe" * 100, "text/plain", 400, "not base64"),
        (b"\xff", JSON, 400, "not JSON"),
        (b"--e", "multipart/form-data; boundary=" + "e" * 300, 400, "the form is damaged"),
    ],
)
def test_a_hostile_body_is_answered_with_a_problem(server, body, kind, status, part):
    answer = server.read(body, kind)
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    assert part in answer.tree["detail"]
    assert not {"root:", "Traceback"} & set(answer.tree["detail"].split())


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/%2e%2e/%2e%2e/etc/passwd", 404),
        ("GET", "/v1/read", 405),
        ("DELETE", "/v1/read", 405),
        ("POST", "/v1/read/", 404),
        ("GET", "/docs", 404),  # its page would load scripts from elsewhere
        ("POST", "/v1/read?model=/etc/passwd", 400),
        ("POST", "/v1/read?pages=" + "1," * 2_000, 400),
    ],
)
def test_a_path_leads_nowhere_but_to_the_api(server, method, path, status):
    answer = server.ask(method, path, PAGE if method == "POST" else None)
    assert answer.status == status


def test_a_body_in_chunks_is_measured_while_it_comes(server):
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    head = b"POST /v1/read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head)
        for _ in range(20):  # 1.3 MB, and no end
            connection.sendall(chunk)
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_a_promise_of_too_much_is_refused_before_it_is_sent(server):
    head = b"POST /v1/read HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n"
    assert server.send(head).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
def test_who_sends_too_much_sees_why_it_is_refused(server, connection):
    head = (
        b"POST /v1/read HTTP/1.1\r\nHost: a\r\nConnection: %s\r\nContent-Length: 9000000\r\n\r\n" % connection.encode()
    )
    assert b"larger than 1,000,000 bytes" in server.send(head + bytes(9_000_000), wait=3)


def test_a_slow_body_is_given_up(server):
    begun = time.monotonic()
    answer = server.send(b"POST /v1/read HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
    assert answer.startswith(b"HTTP/1.1 408")
    assert time.monotonic() - begun < 8


def test_slow_headers_are_cut_off(server):
    begun = time.monotonic()
    assert server.send(b"POST /v1/read HTTP/1.1\r\nHost:") == b""
    assert time.monotonic() - begun < 5


def test_a_connection_on_which_nothing_is_said_is_cut_off(server):
    begun = time.monotonic()
    assert server.send(b"") == b""
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "data",
    [
        b"POST /v1/read HTTP/1.1\r\nHost: a\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\n",  # a flood of headers
        b"POST /v1/read HTTP/1.1\r\nHost: a\r\nX-A: " + b"b" * 200_000 + b"\r\n\r\n",
        b"POST /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /v1/read HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        b"POST /v1/read HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"nonsense\r\n\r\n",
    ],
)
def test_what_is_no_http_is_answered_400_or_cut_off(server, data):
    answer = server.send(data)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 4")


def test_a_client_that_leaves_half_way_costs_nothing(server):
    head = b"POST /v1/read HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(PAGE)
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(head + PAGE[: len(PAGE) // 2])
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(head + PAGE)


def test_nothing_was_written_and_no_text_was_logged(model_folder, tmp_path):
    (tmp_path / "tmp").mkdir()
    home = {"TMPDIR": str(tmp_path / "tmp"), "HOME": str(tmp_path)}
    with RunningServer(model_folder, **home, LAB_LOG_LEVEL="debug") as server:
        body, kind = form(("a.png", PAGE), ("b.png", PAGE), field="files")
        assert server.read(PAGE).tree["text"] == "abc"
        assert server.ask("POST", "/v1/batch", body, {"Content-Type": kind}).status == 200
        server.read(b"x" * 900_000)
        assert [name for _, _, names in os.walk(tmp_path) for name in names] == []
    rows = [json.loads(row) for row in server.log.splitlines()]
    assert any(row["message"] == "request" and row.get("pages") == 1 for row in rows)
    assert "abc" not in "".join(json.dumps({**row, "request_id": ""}) for row in rows)
    assert server.process.returncode == 0


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("Bearer wrong", 401),
        ("Bearer first ", 200),
        ("bearer second", 200),
        ("Basic first", 401),
        ("Bearer first,second", 401),
        ("Bearer ", 401),
        ("Bearer \xff", 401),
    ],
)
def test_a_key_opens_the_api(locked, authorization, status):
    headers = {"Authorization": authorization} if authorization else {}
    answer = locked.read(PAGE, **headers)
    assert answer.status == status
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    assert locked.ask("GET", "/readyz").status == 200


@pytest.fixture(scope="module")
def locked(model_folder):
    with RunningServer(model_folder, LAB_API_KEYS="first, second") as running:
        yield running
