"""Taking in the body of a request, within bounds of size and time, into memory and nowhere else."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from text_recognizer.inference.problems import Problem


class Bodies:
    """Takes in bodies.

    Args:
        timeout: seconds for one.
        max_held: bytes of all that are held.
    """

    def __init__(self, timeout: float, max_held: int) -> None:
        self.timeout, self.max_held, self.held = timeout, max_held, 0

    def incoming(self, scope: Scope, receive: Receive, most: int) -> Body:
        """Return the body of a request; its bytes are held until it is closed.

        Args:
            scope, receive: of the request.
            most: bytes.
        """
        return Body(self, scope, receive, most)


class Body:
    """The body of one request."""

    def __init__(self, bodies: Bodies, scope: Scope, receive: Receive, most: int) -> None:
        self._bodies, self._receive, self._most, self._held = bodies, receive, most, 0
        self._told = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")

    async def __aenter__(self) -> bytes:
        """Return the bytes.

        Raises:
            Problem: there are too many, or they are too slow.
        """
        try:
            self._check(int(self._told) if self._told.isdigit() else 0)
            async with asyncio.timeout(self._bodies.timeout):
                return await self._taken()
        except TimeoutError:
            why = f"body: {self._held:,} bytes within {self._bodies.timeout:g} s and no end; send it faster"
            self._release()
            raise Problem(408, why) from None
        except BaseException:
            self._release()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._release()

    async def _taken(self) -> bytes:
        content = bytearray()
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunk = message.get("body", b"")
            self._check(len(content) + len(chunk))
            self._hold(len(chunk))
            content += chunk
            if not message.get("more_body"):
                return bytes(content)

    def _check(self, size: int) -> None:
        if size > self._most:
            raise Problem(413, f"body: it is larger than {self._most:,} bytes; save the picture smaller")

    def _hold(self, size: int) -> None:
        if self._bodies.held + size > self._bodies.max_held:
            raise Problem(429, "server: too many bytes arrive at once; try again in 1 s", {"Retry-After": "1"})
        self._bodies.held += size
        self._held += size

    def _release(self) -> None:
        self._bodies.held -= self._held
        self._held = 0


async def disconnected(receive: Receive) -> None:
    """Return when the client has gone; to be called once the body has been taken."""
    while (await receive())["type"] != "http.disconnect":
        pass
