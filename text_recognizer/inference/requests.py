"""The pictures that a request holds, read in one way by all apps: form, raw bytes, base64 in text or JSON, addresses.

Nothing is written to disk, and no address is fetched unless an operator named its host.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from text_recognizer.errors import nearest
from text_recognizer.image import Limits
from text_recognizer.inference.fetching import Fetcher
from text_recognizer.inference.problems import Problem
from text_recognizer.inference.sources import printable

PICTURE_FIELDS = ("image", "images", "file", "files")
"""Fields of a form that hold pictures, as files or as base64."""

MEMBERS = ("image", "images", "image_url")
"""Members of a JSON body; `images` is a list of bodies without it."""

LONGEST_NAME = 150
_DATA_URL = re.compile(rb"\s*data:[^,]{0,200};base64,", re.IGNORECASE)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=_-]")


@dataclass(frozen=True)
class Picture:
    """A picture file that came with a request; `name` is what its sender calls it, cleaned."""

    name: str
    content: bytes


class RequestReader:
    """Finds the pictures in the bodies of requests.

    Args:
        limits: what a picture may cost.
        most: pictures in one request.
        fetcher: gets the addresses that callers give; without one they are refused.
    """

    def __init__(self, limits: Limits | None = None, most: int = 1, fetcher: Fetcher | None = None) -> None:
        self.limits, self.most, self.fetcher = limits or Limits(), most, fetcher

    def pictures(self, body: bytes, content_type: str = "") -> list[Picture]:
        """Return the pictures of a body, at least one; they are not opened yet.

        Args:
            body: the whole of it.
            content_type: the header; without one the body is a picture's bytes, or base64 after ``data:``.

        Raises:
            Problem: there is none, there are too many, or one cannot be had.
        """
        if not body:
            raise Problem(400, "body: it is empty (0 bytes); send a picture")
        kind = content_type.partition(";")[0].strip().lower()
        if kind == "multipart/form-data":
            found = list(_of_form(body, content_type, self.most))
        elif kind == "application/json" or kind.endswith("+json"):
            found = self.of_tree(_tree(body))
        elif kind == "text/plain" or _DATA_URL.match(body):
            found = [Picture("picture", from_base64("body", body))]
        else:
            found = [Picture("picture", body)]
        return self._checked(found)

    def of_tree(self, tree: Any) -> list[Picture]:
        """Return the pictures that a JSON body names.

        Args:
            tree: ``{"image": BASE64}``, ``{"image_url": ADDRESS}`` or ``{"images": [one of these, ...]}``.

        Raises:
            Problem: it is none of these.
        """
        if not isinstance(tree, dict):
            raise Problem(400, f'body: it is a JSON {_kind(tree)}; send an object, as in {{"image": "BASE64"}}')
        if "images" in tree:
            return self._checked([picture for one in self._list(tree["images"]) for picture in self._of_one(one)])
        return self._checked(self._of_one(tree))

    def _list(self, items: Any) -> list[Any]:
        if not isinstance(items, list) or not items:
            raise Problem(400, f"images: it is a JSON {_kind(items)}; send a list of one or more")
        _check_count(len(items), self.most)
        return [{"image": item} if isinstance(item, str) else item for item in items]

    def _of_one(self, tree: Any) -> list[Picture]:
        given = [name for name in ("image", "image_url") if isinstance(tree, dict) and isinstance(tree.get(name), str)]
        if len(given) != 1:
            known = ", ".join(tree)[:80] if isinstance(tree, dict) else f"a JSON {_kind(tree)}"
            raise Problem(400, f"body: it has {known or 'nothing'}; give image (base64) or image_url, one of them")
        if given == ["image"]:
            encoded = tree["image"].encode("ascii", "replace")
            return [Picture(_name(tree.get("name")), from_base64("image", encoded))]
        if self.fetcher is None:
            raise Problem(400, "image_url: this server fetches no addresses; send the picture itself as image")
        return [Picture(_name(tree["image_url"].partition("?")[0]), self.fetcher(tree["image_url"]))]

    def _checked(self, found: list[Picture]) -> list[Picture]:
        _check_count(len(found), self.most)
        if not found:
            raise Problem(400, f"body: it holds no picture; send one in a field named {PICTURE_FIELDS[0]}")
        for picture in found:
            if len(picture.content) > self.limits.max_bytes:
                size = f"{len(picture.content):,} bytes, at most {self.limits.max_bytes:,} are read"
                raise Problem(413, f"{picture.name}: it has {size}; save it smaller")
        return found


def from_base64(item: str, text: bytes) -> bytes:
    """Return the bytes of base64, with or without a ``data:`` prefix, line breaks or padding, standard or URL-safe.

    >>> from_base64("image", b"data:image/png;base64,aGVs\\nbG8")
    b'hello'

    Raises:
        Problem: it is none.
    """
    text = b"".join(_DATA_URL.sub(b"", text, count=1).split())
    wrong = _NOT_BASE64.search(text)
    bare = text.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    if wrong is None and bare and b"=" not in bare:
        try:
            return base64.b64decode(bare + b"=" * (-len(bare) % 4), validate=True)
        except binascii.Error:
            pass
    place = f", character {wrong.start() + 1:,} is none of its" if wrong else ""
    raise Problem(400, f"{item}: {len(text):,} characters that are not base64{place}; send the picture as base64")


def _of_form(body: bytes, content_type: str, most: int) -> Iterator[Picture]:
    """Yield the pictures of a multipart form, no more than one beyond `most`."""
    multipart = import_module("python_multipart.multipart")
    _, options = multipart.parse_options_header(content_type)
    if not (boundary := options.get(b"boundary")):
        raise Problem(400, "Content-Type: multipart/form-data without a boundary; let your HTTP library set it")
    parts = _Parts(most)
    try:
        parser = multipart.MultipartParser(boundary, parts.callbacks())
        parser.write(body)
        parser.finalize()
    except ValueError as error:
        raise Problem(400, f"body: the form is damaged ({error}); let your HTTP library write it") from None
    if not parts.complete:
        raise Problem(400, "body: the form ends before its last boundary; send it whole")
    for about, content in parts.found:
        _, told = multipart.parse_options_header(about.get(b"content-disposition", b""))
        field = told.get(b"name", b"").decode("utf-8", "replace")
        if field not in PICTURE_FIELDS:
            hint = nearest(printable(field)[:40], PICTURE_FIELDS)
            raise Problem(400, f"field {printable(field)[:40]!r}: it is not known; {hint}")
        if b"filename" in told:
            yield Picture(_name(told[b"filename"].decode("utf-8", "replace")), bytes(content))
        else:
            yield Picture("picture", from_base64(field, bytes(content)))


class _Parts:
    """Collects what the form's parser finds: of each part its headers and its bytes."""

    def __init__(self, most: int) -> None:
        self.most, self.complete = most, False
        self.found: list[tuple[dict[bytes, bytes], bytearray]] = []
        self._field, self._value = bytearray(), bytearray()

    def callbacks(self) -> dict[str, Any]:
        """Return what the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._field.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header,
            "on_part_data": lambda data, start, end: self.found[-1][1].extend(data[start:end]),
            "on_end": self._end,
        }

    def _begin(self) -> None:
        _check_count(len(self.found) + 1, self.most)
        self.found.append(({}, bytearray()))

    def _header(self) -> None:
        self.found[-1][0][bytes(self._field).lower()] = bytes(self._value)
        self._field, self._value = bytearray(), bytearray()

    def _end(self) -> None:
        self.complete = True


def _check_count(count: int, most: int) -> None:
    if count > most:
        where = "; send several to /v1/batch" if most == 1 else "; send them in several requests"
        raise Problem(400, f"body: it holds more pictures than the {most} that a request may{where}")


def _tree(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error).split("\n")[0][:100]
        raise Problem(400, f'body: it is not JSON ({reason}); send {{"image": "BASE64"}}') from None


def _kind(tree: Any) -> str:
    kinds = {dict: "object", list: "list", str: "string", bool: "boolean", int: "number", float: "number"}
    return kinds.get(type(tree), "null")


def _name(told: Any) -> str:
    """Return the last part of what a sender calls a picture, printable and not long."""
    last = re.split(r"[/\\]", told)[-1] if isinstance(told, str) else ""
    return printable(last)[:LONGEST_NAME].strip() or "picture"
