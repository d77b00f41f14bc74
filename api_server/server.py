"""Uvicorn as we run it: slow or endless senders are cut off, and SIGTERM loses no request that was accepted."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from api_server.logs import log_settings
from api_server.settings import Settings
from api_server.state import State

ON_ITS_WAY = 0.3
"""Seconds in which what clients have sent already may arrive, once nobody can connect any more."""

LINGER = 5.0
"""Seconds in which the rest of a body is thrown away that was refused early, so that its sender sees the answer."""

MAX_HEADERS = 32_768
"""Bytes of a request's headers."""


class LingeringTransport:
    """A connection that is closed only when its client has had the time to see an answer that came early.

    Closed at once while a body still arrives, the system would throw away the answer, too.
    """

    def __init__(self, transport: asyncio.Transport, protocol: PatientProtocol) -> None:
        self._transport, self._protocol, self.lingers = transport, protocol, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Return whether nothing more is to be sent."""
        return self.lingers or self._transport.is_closing()

    def close(self) -> None:
        """Close the connection, if need be after a while."""
        if self.lingers or self._transport.is_closing() or self._protocol.conn.their_state is not h11.SEND_BODY:
            self._transport.close()
            return
        self.lingers = True
        self._transport.write_eof()
        self._transport.resume_reading()
        self._protocol.loop.call_later(LINGER, self._transport.abort)


class PatientProtocol(H11Protocol):
    """HTTP/1.1 on one connection, with an end to patience."""

    header_timeout, max_connections = 10.0, 1_000
    _timer: asyncio.TimerHandle | None = None
    _refused: object = None  # the request whose body is thrown away

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, if there are not too many."""
        self._lingering = LingeringTransport(transport, self)
        super().connection_made(self._lingering)  # type: ignore[arg-type]
        if len(self.connections) > self.max_connections:
            transport.abort()
        else:
            self._wait(self.header_timeout, self._cut_headers)

    def data_received(self, data: bytes) -> None:
        """Take bytes; the headers of a request must be whole in time."""
        if self._lingering.lingers:
            return
        super().data_received(data)
        if self._refused is not None and (self.cycle is not self._refused or self.conn.their_state is h11.IDLE):
            self._stop_waiting()
        if self.conn.their_state is not h11.IDLE:
            if self._refused is None:
                self._stop_waiting()
        elif self._timer is None and not self.transport.is_closing():
            self._wait(self.header_timeout, self._cut_headers)

    def on_response_complete(self) -> None:
        """Give the sender of what is no longer wanted a moment to see the answer."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY and not self.transport.is_closing():
            self._wait(LINGER, self._cut_body)
            self._refused = self.cycle

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self, seconds: float, then: Callable[[], None]) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(seconds, then)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._refused = None

    def _cut_headers(self) -> None:
        self._timer = None
        if self.conn.their_state is h11.IDLE:
            self.transport.abort()

    def _cut_body(self) -> None:
        self._timer = None
        if self.conn.their_state is h11.SEND_BODY and self.cycle is self._refused:
            self.transport.abort()


class DrainingServer(uvicorn.Server):
    """A server that goes on accepting for a moment after SIGTERM, while it says that it ends."""

    def __init__(self, config: uvicorn.Config, state: State) -> None:
        super().__init__(config)
        self.state = state

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain and end."""
        self.state.draining = True
        await asyncio.sleep(self.state.settings.drain_delay)
        for server in self.servers:
            server.close()
        await asyncio.sleep(ON_ITS_WAY)
        await super().shutdown(sockets)


def server_of(settings: Settings, state: State, app: object) -> DrainingServer:
    """Return the server of an application."""
    limits = {"header_timeout": settings.header_timeout, "max_connections": settings.max_connections}
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        host=settings.host,
        port=settings.port,
        http=type("Protocol", (PatientProtocol,), limits),
        ws="none",
        lifespan="off",
        loop="asyncio",
        interface="asgi3",
        log_config=log_settings(settings.log_level),
        access_log=False,
        server_header=False,
        proxy_headers=False,
        h11_max_incomplete_event_size=MAX_HEADERS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=round(settings.timeout + settings.body_timeout + 5),
    )
    return DrainingServer(config, state)
