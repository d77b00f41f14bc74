"""What every request passes through: its id, the keys, the log, the counters, the last resort."""

from __future__ import annotations

import json
import logging
import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api_server.logs import FIELDS
from api_server.metrics import Metrics
from api_server.state import State
from text_recognizer.inference.keys import Keys
from text_recognizer.inference.problems import MEDIA_TYPE, Problem
from text_recognizer.inference.request_ids import request_id_of

KNOWN_ROUTES = ("/v1/read", "/v1/batch", "/v1/feedback", "/healthz", "/readyz", "/metrics", "/openapi.json")
GUARDED = "/v1/"
GONE = 499
"""Status in the log when the client left before it had an answer."""

_log = logging.getLogger("api_server")


class Edge:
    """The outermost layer of the application.

    Args:
        app: the rest of it.
        state: of the server.
        metrics: its counters.
        keys: that callers must give.
    """

    def __init__(self, app: ASGIApp, state: State, metrics: Metrics, keys: Keys) -> None:
        self.app, self.state, self.metrics, self.keys = app, state, metrics, keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        call = _Call(self, scope, send)
        try:
            self._check_key(scope)
            await self.app(scope, receive, call.send)
        except ClientDisconnect:
            call.status = call.status or GONE
        except Problem as problem:
            await call.refuse(problem)
        except Exception:
            _log.exception("failed", extra={FIELDS: {"request_id": call.request_id}})
            if call.status:
                if not call.complete:
                    raise
                return
            await call.refuse(Problem(500, "server: it failed; give its operator the request_id"))
        finally:
            call.tell()

    def _check_key(self, scope: Scope) -> None:
        if scope["path"].startswith(GUARDED):
            self.keys.check(_header(scope, b"authorization"))


class _Call:
    """One request on its way."""

    def __init__(self, edge: Edge, scope: Scope, send: Send) -> None:
        self.edge, self.scope, self._send = edge, scope, send
        self.status, self.sent, self.complete, self.begun = 0, 0, False, time.monotonic()
        self.request_id = request_id_of(_header(scope, b"x-request-id"))
        scope.setdefault("state", {})["request_id"] = self.request_id

    async def send(self, message: Message) -> None:
        """Send what the application answers, with the headers that all answers have."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [(b"x-request-id", self.request_id.encode()), (b"x-content-type-options", b"nosniff")]
            headers.append((b"cache-control", b"no-store"))
            if self.edge.state.draining:
                headers.append((b"connection", b"close"))
            message["headers"] = [*message.get("headers", []), *headers]
        else:
            self.sent += len(message.get("body", b""))
            self.complete = not message.get("more_body")
        await self._send(message)

    async def refuse(self, problem: Problem) -> None:
        """Answer with a problem."""
        body = json.dumps(problem.document(self.request_id), ensure_ascii=False).encode("utf-8", "replace")
        told = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)), **problem.headers}
        headers = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in told.items()]
        await self.send({"type": "http.response.start", "status": problem.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def tell(self) -> None:
        """Log and count the request."""
        seconds, path = time.monotonic() - self.begun, self.scope["path"]
        route = path if path in KNOWN_ROUTES else "other"
        self.edge.metrics.requests.labels(route, str(self.status or GONE)).inc()
        self.edge.metrics.seconds.labels(route).observe(seconds)
        work = self.scope["state"].get("told", {})
        self.edge.metrics.pages.inc(work.get("pages", 0))
        self.edge.metrics.reading.inc(work.get("reading_ms", 0) / 1000)
        self.edge.metrics.bytes.inc(work.get("bytes", 0))
        told = {
            "request_id": self.request_id,
            "method": self.scope["method"][:16],
            "route": route,
            "status": self.status or GONE,
            "ms": round(1000 * seconds, 1),
            "sent": self.sent,
            **work,
        }
        level = logging.DEBUG if route in ("/healthz", "/readyz", "/metrics") else logging.INFO
        _log.log(level, "request", extra={FIELDS: told})


def _header(scope: Scope, name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), "")
