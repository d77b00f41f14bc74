"""What the XML formats share: numbers, points and attributes that are well-formed whatever a file is called."""

import re
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from xml.sax.saxutils import escape, quoteattr

from text_recognizer.inference.boxes import box_of
from text_recognizer.inference.result import Line, Page, Point

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def attributes(**values: object) -> str:
    """Return ``name="value"`` pairs, each with a space before it; what XML cannot hold of a text becomes ``?``.

    >>> attributes(ID="l1", CONTENT='"a" & b')
    ' ID="l1" CONTENT=\\'"a" &amp; b\\''
    """
    return "".join(f" {name}={quoteattr(_FORBIDDEN.sub('?', str(value)))}" for name, value in values.items())


def element_text(text: str) -> str:
    """Return a text as it stands between tags; what XML 1.0 has no place for becomes ``?``."""
    return escape(_FORBIDDEN.sub("?", text))


def joined_points(points: Iterable[Point], size: tuple[int, int]) -> str:
    """Return points as ``x,y x,y``, whole pixels within a page of width and height `size`."""
    width, height = size
    return " ".join(f"{min(max(round(x), 0), width)},{min(max(round(y), 0), height)}" for x, y in points)


def rounded(confidence: float) -> float:
    """Return a confidence with 4 digits behind the point, 0 to 1."""
    return min(max(round(confidence, 4), 0.0), 1.0)


def extent_of(lines: Iterable[Line], page: Page) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the rectangle around lines."""
    return box_of([corner for line in lines for corner in line.corners], (page.width, page.height))


def software() -> tuple[str, str]:
    """Return the name and the version of what has read the page."""
    try:
        return "text-recognizer", version("text-recognizer")
    except PackageNotFoundError:
        return "text-recognizer", "unknown"
