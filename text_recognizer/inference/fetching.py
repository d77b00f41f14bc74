"""Pictures behind addresses that callers give: only from hosts that an operator named, only from public addresses."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from urllib.parse import SplitResult, urljoin, urlsplit

from text_recognizer.image import Limits
from text_recognizer.inference.problems import Problem

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
PORTS = {"http": 80, "https": 443}
REDIRECTS = 3
CHUNK = 65_536
NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that stand for any IPv4 address, private ones too."""


def is_public(address: Address) -> bool:
    """Return whether an address is neither loopback, private, link-local, multicast nor a way around these.

    >>> is_public(ipaddress.ip_address("169.254.169.254")), is_public(ipaddress.ip_address("::ffff:10.0.0.1"))
    (False, False)
    """
    if isinstance(address, ipaddress.IPv6Address) and (
        address.ipv4_mapped or address.sixtofour or address.teredo or address in NAT64
    ):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


class Fetcher:
    """Fetches pictures over HTTP.

    Every address of a host is checked, and the connection goes to the address that was checked; a redirect is checked
    like a new address. Settings of proxies are not heeded.

    Args:
        hosts: that may be asked, as ``scans.example.org`` or with a port of their own ``scans.example.org:8443``.
        limits: what a picture may cost.
        timeout: seconds for everything.
        may_reach: which addresses may be connected to.
    """

    def __init__(
        self,
        hosts: Iterable[str],
        limits: Limits | None = None,
        timeout: float = 10.0,
        may_reach: Callable[[Address], bool] = is_public,
    ) -> None:
        self.hosts = frozenset(host.strip().lower() for host in hosts)
        self.limits, self.timeout, self.may_reach = limits or Limits(), timeout, may_reach

    def __call__(self, url: str) -> bytes:
        """Return the bytes.

        Raises:
            Problem: the address is not allowed, or does not give a picture in time.
        """
        deadline = time.monotonic() + self.timeout
        for _ in range(REDIRECTS + 1):
            parts = self._checked(url)
            try:
                found, target = self._get(parts, deadline)
            except (OSError, http.client.HTTPException, ValueError) as error:
                reason = getattr(error, "strerror", None) or type(error).__name__
                raise Problem(
                    400, f"image_url: {parts.hostname} gives no picture ({reason}); send it as image"
                ) from None
            if target is None:
                return found
            url = urljoin(url, target)
        raise Problem(400, f"image_url: more than {REDIRECTS} redirects; give the last address")

    def _checked(self, url: str) -> SplitResult:
        """Return the parts of an address that an operator allows."""
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            raise Problem(400, "image_url: it is no address; give one as https://host/page.png") from None
        if parts.scheme not in PORTS or not host:
            raise Problem(400, "image_url: only http:// and https:// are fetched; send the picture itself as image")
        named = host if port in (None, PORTS[parts.scheme]) else f"{host}:{port}"
        if parts.username is not None or named not in self.hosts:
            raise Problem(400, "image_url: the operator of this server did not allow the host; send the picture itself")
        if not url.isascii() or not url.isprintable() or " " in url:
            raise Problem(400, "image_url: it has characters that an address cannot have; write them as %XX")
        return parts

    def _get(self, parts: SplitResult, deadline: float) -> tuple[bytes, str | None]:
        """Return the bytes, or where the host sends us."""
        address, port = self._address(parts), parts.port or PORTS[parts.scheme]
        connection = http.client.HTTPConnection(parts.hostname or "", port, timeout=_left(deadline))
        try:
            plain = socket.create_connection((str(address), port), _left(deadline))
            connection.sock = plain
            if parts.scheme == "https":
                connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", target, headers={"Accept": "image/*, application/pdf", "Connection": "close"})
            plain = connection.sock
            response = connection.getresponse()
            if response.status in (301, 302, 303, 307, 308) and response.headers.get("Location"):
                return b"", response.headers["Location"]
            if response.status != 200:
                raise Problem(400, f"image_url: {parts.hostname} answers {response.status}; give the picture's address")
            return self._body(response, plain, deadline), None
        finally:
            connection.close()

    def _address(self, parts: SplitResult) -> Address:
        """Return an address of the host, all of which must be allowed."""
        found = socket.getaddrinfo(parts.hostname, parts.port or PORTS[parts.scheme], type=socket.SOCK_STREAM)
        addresses = [ipaddress.ip_address(str(item[4][0]).partition("%")[0]) for item in found]
        if not addresses or not all(map(self.may_reach, addresses)):
            raise Problem(400, "image_url: its host is not at a public address; send the picture itself as image")
        return addresses[0]

    def _body(self, response: http.client.HTTPResponse, plain: socket.socket, deadline: float) -> bytes:
        content = bytearray()
        while len(content) <= self.limits.max_bytes:
            plain.settimeout(_left(deadline))
            if not (chunk := response.read1(CHUNK)):
                return bytes(content)
            content += chunk
        raise Problem(413, f"image_url: more than {self.limits.max_bytes:,} bytes; save the picture smaller")


def _left(deadline: float) -> float:
    """Return the seconds that are left; at least a moment, after which a socket gives up."""
    return max(0.01, deadline - time.monotonic())
