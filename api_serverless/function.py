"""The function that runs on AWS Lambda: the same answers as the server's, from the same reader."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from api_serverless.events import Request, http_answer, request_of
from text_recognizer.errors import UserError
from text_recognizer.inference.answers import MEDIA_TYPES, accepted_format, answer, tree_of
from text_recognizer.inference.fetching import Fetcher
from text_recognizer.inference.keys import Keys
from text_recognizer.inference.page_settings import PageSettings
from text_recognizer.inference.picture_reading import AT_MOST, PictureReader, Reading
from text_recognizer.inference.problems import MEDIA_TYPE, Problem, problem_of
from text_recognizer.inference.reading_options import ReadingOptions
from text_recognizer.inference.request_ids import HEADER, request_id_of
from text_recognizer.inference.requests import Picture, RequestReader

if TYPE_CHECKING:
    import numpy as np

PICTURE_MEMBERS = ("image", "image_url", "name")
"""Members of a direct event; the others are parameters."""


class Function:
    """Reads the pictures of events.

    Args:
        environment: settings, those of the server that make sense here: LAB_MODEL, LAB_API_KEYS, LAB_FETCH_HOSTS,
            LAB_MONITOR.

    Raises:
        UserError: a model cannot be loaded, or the store not be opened.
    """

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        hosts = _words(environment, "LAB_FETCH_HOSTS")
        self.reader = PictureReader(PageSettings(model=environment.get("LAB_MODEL") or None, threads=1))
        self.reader.warm_up()
        self.requests = RequestReader(AT_MOST, 1, Fetcher(hosts, AT_MOST) if hosts else None)
        self.keys = Keys(_words(environment, "LAB_API_KEYS"))
        self.recorder = None
        if environment.get("LAB_MONITOR"):
            from text_recognizer.monitoring.recorder import recorder_of

            self.recorder = recorder_of(environment["LAB_MONITOR"], app="api_serverless", wait=0.0)

    def __call__(self, event: dict[str, Any], context: object = None) -> dict[str, Any]:
        """Answer an event of API Gateway (v1, v2) or a function URL, or a direct one as ``{"image": BASE64}``."""
        begun, given = time.monotonic(), str(getattr(context, "aws_request_id", ""))
        try:
            request = request_of(event) if isinstance(event, dict) else None
            given = (request.headers.get(HEADER.lower()) if request else None) or given
            request_id, status = request_id_of(given), 200
            result = self._http(request, request_id) if request else self._direct(event, request_id)
        except UserError as error:
            problem, request_id = problem_of(error), request_id_of(given)
            over_http = isinstance(event, dict) and ("requestContext" in event or "httpMethod" in event)
            result, status = self._refusal(problem, request_id, over_http), problem.status
        _log(request_id, status, time.monotonic() - begun)
        return result

    def _http(self, request: Request, request_id: str) -> dict[str, Any]:
        told = {HEADER: request_id, "X-Model-Version": self.reader.model, "Cache-Control": "no-store"}
        if request.path.endswith("/healthz"):
            return http_answer(200, b'{"status":"ok"}', {"Content-Type": "application/json", **told})
        if not (request.path.endswith("/v1/read") or request.path.strip("/") == ""):
            raise Problem(404, "path: there is no such path; send pictures to /v1/read")
        if request.method != "POST":
            raise Problem(405, f"{request.method[:16]}: not with this method; use POST", {"Allow": "POST"})
        self.keys.check(request.headers.get("authorization", ""))
        name = accepted_format(request.headers.get("accept", ""))
        options = ReadingOptions.of(request.query)
        [picture] = self.requests.pictures(request.body, request.headers.get("content-type", ""))
        reading = self._read(picture, options, request_id)
        body = answer(reading, name, options.characters)
        return http_answer(200, body, {"Content-Type": MEDIA_TYPES[name], **told})

    def _direct(self, event: Mapping[str, Any], request_id: str) -> dict[str, Any]:
        if not isinstance(event, dict):
            raise Problem(400, 'event: it is no object; send {"image": BASE64}')
        given = [(name, _word(value)) for name, value in event.items() if name not in PICTURE_MEMBERS]
        options = ReadingOptions.of(given)
        [picture] = self.requests.of_tree({name: event[name] for name in PICTURE_MEMBERS if name in event})
        return tree_of(self._read(picture, options, request_id), options.characters)

    def _read(self, picture: Picture, options: ReadingOptions, request_id: str) -> Reading:
        seen: list[np.ndarray] = []
        try:
            reading = self.reader.read(picture, options, seen.append if self.recorder else None)
        except MemoryError:
            raise Problem(413, f"{picture.name}: it needs more memory than there is; scale it down") from None
        if self.recorder is not None:
            looks = seen[0] if seen else None
            self.recorder.record_reading(reading.pages, reading.seconds, looks, reading.model, request_id)
            self.recorder.flush()  # between two events nothing runs
        return reading

    def _refusal(self, problem: Problem, request_id: str, over_http: bool) -> dict[str, Any]:
        tree = problem.document(request_id)
        if not over_http:
            return tree
        headers = {"Content-Type": MEDIA_TYPE, HEADER: request_id, **problem.headers}
        body = json.dumps(tree, ensure_ascii=False).encode("utf-8", "replace")
        return http_answer(problem.status, body, headers)


def _words(environment: Mapping[str, str], name: str) -> list[str]:
    return [word.strip() for word in environment.get(name, "").split(",") if word.strip()]


def _word(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _log(request_id: str, status: int, seconds: float) -> None:
    """Write a row of JSON, without any text that was read."""
    row = {"message": "request", "request_id": request_id, "status": status, "ms": round(1000 * seconds, 1)}
    print(json.dumps(row), file=sys.stderr, flush=True)
