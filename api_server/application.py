"""The application: routes, errors and the layer around them."""

from __future__ import annotations

import re

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from api_server.bodies import Bodies
from api_server.edge import GONE, Edge
from api_server.metrics import Metrics
from api_server.pool import Pool, Worker
from api_server.routes import router
from api_server.schemas import ProblemAnswer
from api_server.settings import Settings
from api_server.state import State
from text_recognizer.errors import UserError
from text_recognizer.image import Limits
from text_recognizer.inference.fetching import Fetcher
from text_recognizer.inference.keys import Keys
from text_recognizer.inference.problems import MEDIA_TYPE, Problem, problem_of
from text_recognizer.inference.requests import RequestReader
from text_recognizer.inference.xml_text import software

ABOUT = (
    "Reads handwriting and print in pictures and PDF files. No picture and no text is logged, and nothing is kept"
    " unless the operator asks for it."
)


def pool_of(settings: Settings) -> Pool:
    """Return the pool that settings ask for; nothing is started yet."""
    told = settings.page_settings, settings.limits, settings.recording
    return Pool([Worker(*told) for _ in range(settings.processes)], settings.queue, settings.timeout)


def state_of(settings: Settings, pool: Pool) -> State:
    """Return the parts of a server around a pool.

    Raises:
        UserError: the store for corrections cannot be opened.
    """
    limits = settings.limits
    fetcher = Fetcher(settings.fetch_hosts, limits, settings.fetch_timeout) if settings.fetch_hosts else None
    many = RequestReader(Limits(max_bytes=limits.max_bytes), settings.max_files, fetcher)
    bodies = Bodies(settings.body_timeout, settings.max_held)
    return State(settings, pool, bodies, RequestReader(limits, 1, fetcher), many, settings.recording.recorder())


def application(state: State) -> Edge:
    """Return the ASGI application of a server."""
    name, version = software()
    app = FastAPI(title=name, version=version, description=ABOUT, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.lab, app.state.metrics = state, Metrics(state.pool)
    app.include_router(router)
    app.add_exception_handler(UserError, _told)
    app.add_exception_handler(HTTPException, _unknown)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _failed)
    tree = app.openapi()
    tree["components"].setdefault("schemas", {})["ProblemAnswer"] = ProblemAnswer.model_json_schema()
    if state.settings.api_keys:
        tree["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        tree["security"] = [{"key": []}]
    keys = [key.get_secret_value() for key in state.settings.api_keys]
    return Edge(app, state, app.state.metrics, Keys(keys))


def _answer(request: Request, problem: Problem) -> Response:
    tree = problem.document(request.scope["state"]["request_id"])
    return JSONResponse(tree, problem.status, problem.headers, media_type=MEDIA_TYPE)


async def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, UserError)
    return _answer(request, problem_of(error))


async def _unknown(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    path = re.sub(r"[^\x21-\x7e]", "?", request.url.path)[:80]
    why = {404: f"{path}: there is no such path", 405: f"{path}: not with this method"}.get(error.status_code)
    detail = f"{why or error.detail}; see /openapi.json"
    return _answer(request, Problem(error.status_code, detail, dict(error.headers or {})))


async def _invalid(request: Request, error: Exception) -> Response:
    return _answer(request, Problem(400, "request: it is not what this path takes; see /openapi.json"))


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=GONE)


async def _failed(request: Request, error: Exception) -> Response:
    return _answer(request, Problem(500, "server: it failed; give its operator the request_id"))
