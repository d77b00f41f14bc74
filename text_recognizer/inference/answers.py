"""What a request is answered with: a reading as JSON, text, hOCR, ALTO or PAGE, whichever its sender accepts."""

from __future__ import annotations

import json
from typing import Any

from text_recognizer.inference.formats import FORMATS, ONE_PAGE, rounded
from text_recognizer.inference.picture_reading import Reading
from text_recognizer.inference.problems import Problem

MEDIA_TYPES = {
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "hocr": "text/vnd.hocr+html; charset=utf-8",
    "alto": "application/alto+xml",
    "page": "application/vnd.prima.page+xml",
    "tsv": "text/tab-separated-values; charset=utf-8",
}
"""What each format is sent as; the first is the one for senders that accept anything."""

ALSO = {"text/html": "hocr", "application/xhtml+xml": "hocr"}
"""Names that senders use too."""

_FORMAT_OF = {media.partition(";")[0]: name for name, media in MEDIA_TYPES.items()} | ALSO


def accepted_format(accept: str) -> str:
    """Return the format that an Accept header prefers.

    >>> accepted_format("text/plain;q=0.5, application/alto+xml"), accepted_format("")
    ('alto', 'json')

    Raises:
        Problem: none of those it accepts is known.
    """
    wanted = [_range(part) for part in accept[:1_000].split(",") if part.strip()] or [("*/*", 1.0)]
    for media, share in sorted(wanted, key=lambda item: -item[1]):  # stable: the first of equals
        known = [name for kind, name in _FORMAT_OF.items() if share > 0 and _matches(kind, media)]
        if known:
            return known[0]
    raise Problem(406, f"Accept: none of its types is known; give one of {', '.join(_FORMAT_OF)}")


def answer(reading: Reading, name: str, characters: bool = False) -> bytes:
    """Return a reading in a format.

    Args:
        reading: what was read.
        name: of the format, one of `MEDIA_TYPES`.
        characters: whether JSON has each character's place and confidence.

    Raises:
        Problem: the format has no place for so many pages.
    """
    if name == "json":
        return json.dumps(tree_of(reading, characters), ensure_ascii=False).encode("utf-8", "replace")
    if name in ONE_PAGE and len(reading.pages) > 1:
        raise Problem(406, f"Accept: {MEDIA_TYPES[name]} holds one page, this has {len(reading.pages)}; use pages=1")
    return "".join(FORMATS[name](reading.pages)).encode("utf-8", "replace")


def tree_of(reading: Reading, characters: bool = False) -> dict[str, Any]:
    """Return a reading as a tree for JSON."""
    pages = []
    for page in reading.pages:
        tree = page.to_dict()
        if not characters:
            for line in tree["lines"]:
                del line["characters"]
        pages.append(tree)
    told = {"name": reading.name, "model": reading.model, "text": reading.text, "confidence": reading.confidence}
    read = rounded({**told, "seconds": reading.seconds, "pages": pages})
    return {"format": 1, **read} if isinstance(read, dict) else {}


def _range(part: str) -> tuple[str, float]:
    """Return a media range of an Accept header and its weight."""
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return media, float(parameter[2:])
            except ValueError:
                return media, 0.0
    return media, 1.0


def _matches(kind: str, media: str) -> bool:
    return media in (kind, "*/*") or (media.endswith("/*") and kind.startswith(media[:-1]))
