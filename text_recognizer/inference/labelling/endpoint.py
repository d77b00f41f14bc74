"""An OpenAI-compatible endpoint as a reader of pictures: asked with patience, and no other host than the named one."""

from __future__ import annotations

import base64
import json
import os
import re
import time
from collections.abc import Callable, Sequence
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from text_recognizer.errors import UserError
from text_recognizer.inference.labelling.teacher import TeacherFailed

ONE_LINE = (
    "This picture shows one line of text. Transcribe it exactly as it is written, spelling and punctuation included."
    " Answer with the text alone."
)

PATH = "/chat/completions"
FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
"""Seconds until it is asked again, doubled each time, and the longest that it may ask for itself."""

LARGEST_ANSWER = 4_000_000
PASSING = frozenset({408, 409, 425, 429})
"""Refusals that may pass, besides all errors of the server."""


def chat_address(url: str) -> str:
    """Return the address that takes questions.

    >>> chat_address("http://localhost:8000/v1/"), chat_address("https://x.example/chat/completions?version=1")
    ('http://localhost:8000/v1/chat/completions', 'https://x.example/chat/completions?version=1')
    """
    before, mark, query = url.partition("?")
    before = before.rstrip("/")
    return (before if before.endswith(PATH) else before + PATH) + mark + query


def shown_url(url: str) -> str:
    """Return a URL without what may be secret: user, password, query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


class _Passing(Exception):
    """It may answer if it is asked again, after `wait` seconds if it said so."""

    def __init__(self, why: str, wait: float = 0.0) -> None:
        super().__init__(why)
        self.wait = wait


class _NoRedirect(HTTPRedirectHandler):
    """Goes to no other address, which could be another host's."""

    def redirect_request(self, *_: Any) -> None:
        """Return no request, so that the answer counts as an error."""


class Endpoint:
    """Asks an OpenAI-compatible endpoint what pictures say, one picture a question.

    Args:
        url: of the endpoint, with or without ``/chat/completions``.
        model: as the endpoint names it.
        key: the environment variable that holds the key; it need not be set.
        prompt: what is asked.
        timeout: seconds for an answer.
        tries: how often a question is asked until the endpoint is given up.
        say: told of each wait.

    Raises:
        UserError: the key cannot be one.
    """

    together = 1

    def __init__(
        self,
        url: str,
        model: str,
        key: str,
        prompt: str = ONE_LINE,
        timeout: float = 120.0,
        tries: int = 6,
        say: Callable[[str], object] = lambda sentence: None,
    ) -> None:
        self.address, self.model, self.key = chat_address(url), model, key
        self.prompt, self.timeout, self.tries, self.say = prompt, timeout, tries, say
        self.url = shown_url(url)
        self._secret = os.environ.get(key, "").strip()
        if not re.fullmatch(r"[!-~]*", self._secret):
            raise UserError(f"{key}: this environment variable holds no key, but spaces or letters that keys lack")
        self._opener = build_opener(_NoRedirect)

    @property
    def shown(self) -> str:
        """What people are told who it is."""
        return self.model

    @property
    def identity(self) -> str:
        """Changes whenever its answers may."""
        return f"{shown_url(self.address)} {self.model}"

    def check(self) -> None:
        """Find out nothing: the first question will show."""

    def read(self, pictures: Sequence[bytes]) -> list[str]:
        """Return what each picture, a PNG file, says; see `ask`."""
        return [self.ask(picture, "png") for picture in pictures]

    def ask(self, picture: bytes, kind: str) -> str:
        """Return what a picture says.

        Args:
            picture: the file.
            kind: its format as media types have it: png, jpeg.

        Raises:
            TeacherFailed: it refuses the question, or failed as often as it may.
        """
        body = self._question(picture, kind)
        for tried in range(1, self.tries + 1):
            try:
                return self._answer(body)
            except _Passing as error:
                if tried == self.tries or error.wait > LONGEST_WAIT:
                    times = f", asked {tried} times" if tried > 1 else ""
                    asked = f", and asks for a wait of {error.wait:.0f} s" if error.wait > LONGEST_WAIT else ""
                    raise TeacherFailed(f"{self.url}: {error}{times}{asked}") from None
                wait = max(error.wait, FIRST_WAIT * 2 ** (tried - 1))
                self.say(f"{self.url}: {error}; asked again in {wait:.0f} s")
            time.sleep(wait)
        raise ValueError("an endpoint is asked at least once")

    def _question(self, picture: bytes, kind: str) -> bytes:
        url = f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
        content = [{"type": "text", "text": self.prompt}, {"type": "image_url", "image_url": {"url": url}}]
        messages = [{"role": "user", "content": content}]
        return json.dumps({"model": self.model, "temperature": 0, "messages": messages}).encode()

    def _answer(self, body: bytes) -> str:
        headers = {"Content-Type": "application/json", "User-Agent": "text-recognizer"}
        if self._secret:
            headers["Authorization"] = f"Bearer {self._secret}"
        latest = time.monotonic() + self.timeout
        try:
            with self._opener.open(Request(self.address, body, headers), timeout=self.timeout) as answer:
                content = _content(answer, latest)
        except HTTPError as error:
            with error:
                raise self._refusal(error) from None
        except (OSError, HTTPException) as error:
            raise _Passing(f"it cannot be reached or breaks off ({self._reason(error)})") from None
        return _text_of(content)

    def _refusal(self, error: HTTPError) -> Exception:
        """Return what an HTTP status other than 200 means."""
        if error.code >= 500 or error.code in PASSING:
            return _Passing(f"it answers {error.code}{self._told(error)}", _wait_of(error.headers))
        if error.code in (401, 403):
            key = f"the key in {self.key} is not accepted" if self._secret else f"{self.key} holds no key"
            return TeacherFailed(f"{self.url}: it answers {error.code}, {key}; set {self.key}")
        if 300 <= error.code < 400:
            return TeacherFailed(f"{self.url}: it answers {error.code} and names another address; give that")
        return TeacherFailed(
            f"{self.url}: it answers {error.code}{self._told(error)}; check the URL and --teacher-model {self.model}"
        )

    def _told(self, error: HTTPError) -> str:
        """Return the reason that a refusal states, in brackets."""
        try:
            tree = json.loads(error.read(LARGEST_ANSWER))
            reason = tree["error"]["message"] if isinstance(tree["error"], dict) else tree["error"]
        except (OSError, HTTPException, ValueError, LookupError, TypeError):
            return ""
        words = "".join(letter if letter.isprintable() else " " for letter in str(reason))
        words = " ".join((words.replace(self._secret, "***") if self._secret else words).split())
        return f" ({words[:200].rstrip('.')})" if words else ""

    def _reason(self, error: OSError | HTTPException) -> str:
        cause = getattr(error, "reason", error)
        if isinstance(cause, TimeoutError):
            return f"no answer within {self.timeout:g} s"
        return getattr(cause, "strerror", None) or str(cause) or type(cause).__name__


def _content(answer: Any, latest: float) -> bytes:
    """Return the body of an answer, which may trickle in, but not for ever and not without end."""
    content = b""
    while part := answer.read1(65_536):
        content += part
        if len(content) > LARGEST_ANSWER:
            raise _Passing(f"its answer is larger than {LARGEST_ANSWER:,} bytes")
        if time.monotonic() > latest:
            raise TimeoutError
    return content


def _text_of(content: bytes) -> str:
    """Return the text in the body of an answer."""
    try:
        told = json.loads(content)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise _Passing("its answer is not that of a chat endpoint") from None
    if isinstance(told, list):  # some give parts
        return "".join(str(part.get("text", "")) for part in told if isinstance(part, dict))
    return told if isinstance(told, str) else ""


def _wait_of(headers: Message) -> float:
    """Return the seconds that ``Retry-After`` asks for, as a number or a date; 0 without it."""
    stated = (headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", stated):
        return float(stated)
    try:
        return max(0.0, parsedate_to_datetime(stated).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return 0.0
