"""Pictures behind addresses: a web server on loopback, names resolved by a table."""

import ipaddress
import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from text_recognizer.image import Limits
from text_recognizer.inference.fetching import Fetcher, is_public
from text_recognizer.inference.problems import Problem
from text_recognizer.inference.requests import RequestReader

LIMITS = Limits(max_bytes=1_000)


class Pages(BaseHTTPRequestHandler):
    """A picture, too large a one, redirects and a page that never ends."""

    asked: list[str] = []

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        Pages.asked.append(self.path)
        kind, _, rest = self.path[1:].partition("/")
        if kind == "to":
            self.send_response(302)
            self.send_header("Location", rest)
            self.end_headers()
            return
        self.send_response(404 if kind == "none" else 200)
        self.end_headers()
        with suppress(OSError):  # whoever asked has had enough
            if kind == "drip":
                for _ in range(50):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.1)
            self.wfile.write(b"x" * (2_000 if kind == "large" else 9))


@pytest.fixture(scope="module")
def port():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


@pytest.fixture
def names(monkeypatch):
    """Addresses of hosts; all others have none."""
    known = {"scans.example": ["127.0.0.1"]}

    def look_up(host, port, **_):
        if host not in known:
            raise socket.gaierror("no such host")
        families = [socket.AF_INET6 if ":" in address else socket.AF_INET for address in known[host]]
        found = zip(families, known[host], strict=True)
        return [(family, socket.SOCK_STREAM, 6, "", (address, port)) for family, address in found]

    real = socket.getaddrinfo
    monkeypatch.setattr(
        "text_recognizer.inference.fetching.socket.getaddrinfo",
        lambda host, port, *more, **kw: real(host, port, *more, **kw) if host == "127.0.0.1" else look_up(host, port),
    )
    return known


def fetcher(port, **options):
    """Return one that may reach loopback, as the test's server is there."""
    return Fetcher([f"scans.example:{port}"], LIMITS, may_reach=lambda address: address.is_loopback, **options)


def test_a_picture_of_an_allowed_host_is_fetched(port, names):
    reader = RequestReader(LIMITS, fetcher=fetcher(port))
    [picture] = reader.pictures(b'{"image_url": "http://scans.example:%d/a.png?x=1"}' % port, "application/json")
    assert (picture.name, picture.content) == ("a.png", b"x" * 9)


@pytest.mark.parametrize(
    ("path", "status", "part"),
    [
        ("large", 413, "more than 1,000 bytes"),
        ("none", 400, "answers 404"),
        ("drip", 400, "gives no picture"),  # a byte now and then, until our time is over
        ("to/http://169.254.169.254/latest/meta-data/", 400, "did not allow the host"),
        ("to/http://127.0.0.1/", 400, "did not allow the host"),
        ("to/file:///etc/passwd", 400, "only http:// and https://"),
        ("to/", 400, "more than 3 redirects"),
    ],
)
def test_what_an_allowed_host_does_amiss_is_told(port, names, path, status, part):
    target = f"/to/{path}" if path == "to/" else f"/{path}"
    if path == "to/":
        target = "/to/" * 5 + "a"
    with pytest.raises(Problem) as caught:
        fetcher(port, timeout=0.5)(f"http://scans.example:{port}{target}")
    assert caught.value.status == status
    assert part in caught.value.detail


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "s3://bucket/key",
        "ftp://scans.example/a",
        "gopher://scans.example/",
        "http:///a",
        "//scans.example/a",
        "scans.example",
        "http://127.0.0.1/",
        "http://localhost/",
        "http://2130706433/",  # 127.0.0.1 as a number
        "http://0x7f.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://scans.example@evil.example/",
        "http://evil.example#scans.example/",
        "http://scans.example.evil.example/",
        "http://user:password@scans.example/",
        "http://scans.example:22/",
        "http://scans.example:99999/",
        "http://scans.example\\@evil.example/",
        "http://[",
        "",
    ],
)
def test_tricks_with_addresses_reach_nobody(names, url, monkeypatch):
    def connect(*_, **__):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(Problem) as caught:
        Fetcher(["scans.example"], LIMITS, may_reach=lambda _: True)(url)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.8"],
        ["192.168.1.1"],
        ["172.16.0.1"],
        ["169.254.169.254"],
        ["100.64.0.1"],  # a provider's own
        ["0.0.0.0"],
        ["224.0.0.1"],
        ["::1"],
        ["fe80::1"],
        ["fd00::1"],
        ["::ffff:10.0.0.1"],
        ["2002:7f00:1::"],  # 127.0.0.1 by way of 6to4
        ["64:ff9b::7f00:1"],  # and of NAT64
        ["93.184.215.14", "10.0.0.8"],  # one of two is enough
    ],
)
def test_an_allowed_name_that_leads_to_a_private_address_is_refused(names, addresses):
    names["scans.example"] = addresses
    with pytest.raises(Problem, match="not at a public address"):
        Fetcher(["scans.example"], LIMITS)("http://scans.example/a.png")


def test_public_addresses_are_public():
    assert is_public(ipaddress.ip_address("93.184.215.14"))
    assert is_public(ipaddress.ip_address("2606:2800:21f:cb07::1"))
