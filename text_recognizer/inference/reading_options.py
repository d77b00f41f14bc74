"""What a caller may ask for with a request, beside the picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any

from text_recognizer.errors import UserError, nearest
from text_recognizer.inference.problems import Problem
from text_recognizer.page_ranges import ALL_PAGES, PageRanges
from text_recognizer.pdf import DPI

LOWEST_DPI, HIGHEST_DPI = 30, 1200


@dataclass(frozen=True)
class ReadingOptions:
    """How one request's pictures are read; every field is a parameter of that name, and an option of `read`.

    Args:
        line: every picture is one line.
        pages: which pages of PDF and TIFF files are read.
        dpi: dots per inch at which pages of PDF files are drawn.
        text_layer: `keep` takes the text that a page of a PDF has, `ignore` reads its picture all the same.
        abstain: confidence below which a line's text is withheld.
        characters: whether the JSON answer has each character's place and confidence.
    """

    line: bool = False
    pages: PageRanges = ALL_PAGES
    dpi: float = DPI
    text_layer: str = "ignore"
    abstain: float = 0.0
    characters: bool = False

    @classmethod
    def of(cls, given: Iterable[tuple[str, str]]) -> ReadingOptions:
        """Read the options from a query's names and words.

        >>> ReadingOptions.of([("line", "yes")]).line
        True

        Raises:
            Problem: a name is not known or given twice, or a word is not what it takes.
        """
        read: dict[str, Any] = {}
        for name, word in given:
            if name not in _READERS:
                raise Problem(400, f"{_short(name)}: is not a parameter; {nearest(name[:40], _READERS)}")
            if name in read:
                raise Problem(400, f"{name}: it is given twice; give it once")
            try:
                read[name] = _READERS[name](word)
            except (ValueError, UserError):
                raise Problem(400, f"{name}: {_short(word)!r} is not what it takes; give {_TAKES[name]}") from None
        return cls(**read)


def _switch(word: str) -> bool:
    return {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}[word.lower()]


def _named(word: str) -> str:
    return {"keep": "keep", "ignore": "ignore"}[word]


def _between(low: float, high: float) -> Callable[[str], float]:
    def read(word: str) -> float:
        if not low <= (number := float(word)) <= high:
            raise ValueError(word)
        return number

    return read


def _checked(read: Callable[[str], Any]) -> Callable[[str], Any]:
    def checked(word: str) -> Any:
        try:
            return read(word)
        except KeyError:
            raise ValueError(word) from None

    return checked


_READERS: dict[str, Callable[[str], Any]] = {
    "line": _checked(_switch),
    "pages": PageRanges.parse,
    "dpi": _between(LOWEST_DPI, HIGHEST_DPI),
    "text_layer": _checked(_named),
    "abstain": _between(0, 1),
    "characters": _checked(_switch),
}
_TAKES = {
    "line": "yes or no",
    "pages": "ranges, as in 3-9 or 1,4,7-",
    "dpi": f"a number from {LOWEST_DPI} to {HIGHEST_DPI}",
    "text_layer": "keep or ignore",
    "abstain": "a number from 0 to 1",
    "characters": "yes or no",
}
assert set(_READERS) == {item.name for item in fields(ReadingOptions)} == set(_TAKES)


def _short(word: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in word)[:40]
