"""Who reads: a model in this process, or a server's or a Lambda function's address."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

import httpx
import numpy as np

from text_recognizer.errors import UserError
from text_recognizer.inference.page_settings import PageSettings
from text_recognizer.inference.picture_reading import PictureReader, Reading
from text_recognizer.inference.reading_options import ReadingOptions
from text_recognizer.inference.remote import shown_url
from text_recognizer.inference.requests import Picture
from text_recognizer.inference.result import Page

Look = Callable[[np.ndarray], object]


class Model(Protocol):
    """Reads pictures; `name` is what people are told about it."""

    name: str

    def read(self, picture: Picture, line: bool, request_id: str) -> Reading:
        """Read a picture, as one line or as pages.

        Raises:
            UserError: it cannot be read.
        """
        ...


class LocalModel:
    """A model in this process; one picture at a time.

    Args:
        model: name or folder.
        threads: that one line's arithmetic is spread over; 0 leaves it to onnxruntime.
    """

    def __init__(self, model: str | None = None, threads: int = 0) -> None:
        self._reader = PictureReader(PageSettings(model=model, threads=threads))
        self._reader.warm_up()
        self._turn = Lock()
        self.name = self._reader.model

    def read(self, picture: Picture, line: bool, request_id: str) -> Reading:
        with self._turn:
            return self._reader.read(picture, ReadingOptions(line=line))


class RemoteModel:
    """A server of ours, or a Lambda function of ours behind its URL.

    Args:
        url: of the server, as http://localhost:8000, or of what answers as its /v1/read does.
        key: that the server asks for.
        timeout: seconds for an answer.
    """

    def __init__(self, url: str, key: str | None = None, timeout: float = 120.0) -> None:
        self._url, self.name = read_url(url), shown_url(url)
        headers = {"Accept": "application/json", "Content-Type": "application/octet-stream"}
        headers |= {"Authorization": f"Bearer {key}"} if key else {}
        self._client = httpx.Client(headers=headers, timeout=httpx.Timeout(timeout, connect=10.0))

    def read(self, picture: Picture, line: bool, request_id: str) -> Reading:
        asked = {"line": "yes"} if line else {}
        headers = {"X-Request-Id": request_id}
        try:
            answer = self._client.post(self._url, params=asked, content=picture.content, headers=headers)
        except httpx.TimeoutException:
            raise UserError(f"{self.name}: it did not answer in time; try again, or a smaller picture") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error) or type(error).__name__
            raise UserError(f"{self.name}: it cannot be reached ({reason}); is the server running?") from None
        return self._reading(picture.name, answer)

    def _reading(self, name: str, answer: httpx.Response) -> Reading:
        tree = _json(answer)
        if answer.status_code != 200:
            detail = tree.get("detail") if isinstance(tree, dict) else None
            if answer.status_code in (401, 403):
                raise UserError(f"{self.name}: it wants a key (HTTP {answer.status_code}); give one with --model-key")
            if isinstance(detail, str) and answer.status_code < 500:
                raise UserError(detail)
            said = detail if isinstance(detail, str) else "no reason given"
            raise UserError(f"{self.name}: it did not read the picture (HTTP {answer.status_code}, {said}); try again")
        try:
            pages = tuple(_page(page) for page in tree["pages"])
            return Reading(name, pages, str(tree.get("model", "")), answer.elapsed.total_seconds())
        except (KeyError, TypeError, ValueError, AttributeError):
            raise UserError(f"{self.name}: its answer is none of our reader's; check --model-url") from None


def read_url(url: str) -> str:
    """Return the address that reads: that of a server alone gets the path of its reader.

    >>> read_url("http://localhost:8000/"), read_url("https://example.org/read")
    ('http://localhost:8000/v1/read', 'https://example.org/read')

    Raises:
        UserError: it is no address over HTTP.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(f"--model-url {url}: it is no address; write it as in http://localhost:8000")
    return urlunsplit(parts._replace(path="/v1/read")) if parts.path in ("", "/") else url


def _page(tree: dict[str, Any]) -> Page:
    lines = [{"characters": [], **line} for line in tree["lines"]]
    return Page.from_dict({**tree, "lines": lines})


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
