"""The paths of the API: each translates a request for the pool, and what comes back into an answer."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from api_server.bodies import disconnected
from api_server.metrics import Metrics
from api_server.pool import at_most
from api_server.schemas import PARAMETERS, READ_CONTENT, FeedbackRequest, ReadingAnswer, picture_body, problems
from api_server.state import State
from api_server.worker import Done, Task
from text_recognizer.inference.answers import MEDIA_TYPES, accepted_format
from text_recognizer.inference.problems import Problem
from text_recognizer.inference.reading_options import ReadingOptions
from text_recognizer.inference.requests import Picture, from_base64
from text_recognizer.inference.result import Page

NDJSON = "application/x-ndjson"
ROWS = {NDJSON: {"schema": {"type": "string"}}}
router = APIRouter()
T = TypeVar("T")


@router.post(
    "/v1/read",
    summary="Read one picture or PDF file",
    response_class=Response,
    responses={
        200: {
            "model": ReadingAnswer,
            "description": "what it says; Accept chooses the format",
            "content": READ_CONTENT,
        },
        **problems(400, 401, 406, 408, 413, 422, 429, 504),
    },
    openapi_extra={"requestBody": picture_body(many=False), "parameters": PARAMETERS},
)
async def read(request: Request) -> Response:
    """Read the picture of a form, of raw bytes, of base64 or of JSON."""
    state, request_id = _state(request), request.scope["state"]["request_id"]
    name = accepted_format(request.headers.get("accept", ""))
    options = ReadingOptions.of(request.query_params.multi_items())
    state.pool.check_room()  # nobody sends a body in vain
    async with state.bodies.incoming(request.scope, request.receive, state.settings.max_body) as body:
        kind = request.headers.get("content-type", "")
        [picture] = await asyncio.to_thread(state.one.pictures, body, kind)
        _tell(request, bytes=len(body))
        del body
        done = await _unless_gone(state.pool.read(Task(picture, options, name, request_id)), request.receive)
    _count(request, done)
    return Response(_body(done), media_type=MEDIA_TYPES[name], headers={"X-Model-Version": state.pool.model})


@router.post(
    "/v1/batch",
    summary="Read many files",
    response_class=Response,
    responses={
        200: {
            "description": "a row of JSON per file, in their order",
            "content": {NDJSON: {"schema": {"type": "string"}}},
        },
        **problems(400, 401, 408, 413, 429),
    },
    openapi_extra={"requestBody": picture_body(many=True), "parameters": PARAMETERS},
)
async def batch(request: Request) -> Response:
    """Read the pictures of a form or of JSON; a row is sent as soon as it and those before it are read."""
    return Rows(_state(request), request, ReadingOptions.of(request.query_params.multi_items()))


@router.post(
    "/v1/feedback",
    status_code=202,
    summary="Correct or flag a reading",
    response_class=JSONResponse,
    responses={202: {"description": "it will be kept"}, **problems(400, 401, 404, 408, 413, 429)},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": FeedbackRequest.model_json_schema(),
                    "example": {"request_id": "9f0c", "text": "Dear Ada,", "flag": "wrong text"},
                }
            },
        }
    },
)
async def feedback(request: Request) -> Response:
    """Keep what a user says of a reading."""
    state = _state(request)
    async with state.bodies.incoming(request.scope, request.receive, state.settings.max_body) as body:
        told = _feedback(body)
        picture = from_base64("image", told.image.encode("ascii", "replace")) if told.image else None
        page = _page(told.page)
        if state.recorder is None:
            raise Problem(404, "feedback: this server keeps none; its operator can set LAB_MONITOR to a file")
        state.recorder.record_feedback(told.request_id, told.text, told.flag, picture, page)
    return JSONResponse({"status": "accepted"}, 202)


@router.get("/healthz", summary="Whether the server lives", responses={200: {"description": "it does"}})
async def healthz() -> dict[str, str]:
    """Say that the server lives."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    summary="Whether the server takes requests",
    responses={200: {"description": "it does"}, **problems(503)},
)
async def readyz(request: Request) -> dict[str, str]:
    """Say whether requests should be sent here."""
    state = _state(request)
    if state.draining or not any(worker.alive for worker in state.pool.workers):
        raise Problem(503, "server: it is about to end; ask another one", {"Retry-After": "1"})
    return {"status": "ready", "model": state.pool.model}


@router.get(
    "/metrics",
    summary="Counters in the text format of Prometheus",
    response_class=Response,
    responses={200: {"description": "counters", "content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Return the counters."""
    counted: Metrics = request.app.state.metrics
    return Response(counted.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


class Rows(Response):
    """The answer to a batch, which is read while it is sent; so many files at a time as there are workers."""

    def __init__(self, state: State, request: Request, options: ReadingOptions) -> None:
        super().__init__(media_type=NDJSON)
        del self.raw_headers[:]
        self.state, self.request, self.options = state, request, options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the body, read and send."""
        settings = self.state.settings
        busy = f"server: {settings.max_batches} batches are read already; try again in 1 s"
        with at_most(self.state.counts, "batches", settings.max_batches, busy):
            async with self.state.bodies.incoming(scope, receive, settings.max_batch_body) as body:
                kind = self.request.headers.get("content-type", "")
                pictures = deque(await asyncio.to_thread(self.state.many.pictures, body, kind))
                _tell(self.request, bytes=len(body), pictures=len(pictures))
                del body
                headers = [(b"content-type", NDJSON.encode()), (b"x-model-version", self.state.pool.model.encode())]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                try:
                    await self._send(pictures, receive, send)
                except ClientDisconnect:
                    return  # nobody is told anything any more
        await send({"type": "http.response.body", "body": b""})

    async def _send(self, pictures: deque[Picture], receive: Receive, send: Send) -> None:
        rows: deque[asyncio.Task[bytes]] = deque()
        index = 0
        try:
            while pictures or rows:
                while pictures and len(rows) < len(self.state.pool.workers):
                    rows.append(asyncio.create_task(self._row(index, pictures.popleft())))
                    index += 1
                row = await _unless_gone(rows.popleft(), receive)
                await send({"type": "http.response.body", "body": row, "more_body": True})
        finally:
            for waiting in rows:
                waiting.cancel()

    async def _row(self, index: int, picture: Picture) -> bytes:
        request_id = f"{self.request.scope['state']['request_id'][:56]}-{index}"
        task = Task(picture, self.options, "json", request_id)
        told: dict[str, Any] = {"index": index, "name": picture.name, "request_id": request_id}
        try:
            done = await self.state.pool.read(task, patient=True)
            body = _body(done)
            _count(self.request, done)
            start = json.dumps({**told, "status": 200}, ensure_ascii=False).encode("utf-8", "replace")
            return start[:-1] + b', "reading": ' + body + b"}\n"
        except Problem as problem:
            row = {**told, "status": problem.status, "problem": problem.document(request_id)}
            return json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _state(request: Request) -> State:
    state: State = request.app.state.lab
    return state


def _tell(request: Request, **told: object) -> None:
    """Have the log and the counters tell something of the request."""
    request.scope["state"].setdefault("told", {}).update(told)


def _count(request: Request, done: Done) -> None:
    """Add what was read to what the log tells of the request."""
    told = request.scope["state"].setdefault("told", {})
    told["pages"] = told.get("pages", 0) + done.pages
    told["reading_ms"] = round(told.get("reading_ms", 0) + 1000 * done.seconds, 1)


def _body(done: Done) -> bytes:
    """Return the answer of a task that went well."""
    if done.status != 200:
        raise Problem(done.status, done.body.decode())
    return done.body


async def _unless_gone(work: Coroutine[Any, Any, T] | asyncio.Task[T], receive: Receive) -> T:
    """Return what work returns; it is given up when the client leaves.

    Raises:
        ClientDisconnect: the client has left.
    """
    job, gone = asyncio.ensure_future(work), asyncio.ensure_future(disconnected(receive))
    try:
        await asyncio.wait({job, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not job.done():
            raise ClientDisconnect
        return job.result()
    finally:
        job.cancel()
        gone.cancel()


def _feedback(body: bytes) -> FeedbackRequest:
    try:
        return FeedbackRequest.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(map(str, first["loc"])) or "body"
        raise Problem(400, f"{place[:80]}: {first['msg']}; see /openapi.json") from None


def _page(tree: dict[str, Any] | None) -> Page | None:
    if tree is None:
        return None
    try:
        lines = [{**line, "characters": line.get("characters") or []} for line in tree["lines"]]
        return Page.from_dict({**tree, "lines": lines})
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Problem(400, "page: it is none of an answer's pages; send one of them as it came") from None
