"""Lines of ALTO and PAGE XML files as the files state them; for training on pages and for reading results back.

Source: the Library of Congress' ALTO 2 to 4, and PRImA's PAGE 2010 to 2019, as eScriptorium, Transkribus and the
repositories of HTR-United write them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from unicodedata import normalize
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat

import numpy as np

from text_recognizer.errors import UserError


@dataclass(frozen=True)
class MarkedLine:
    """One line, in the units of its file.

    Attributes:
        text: in NFC, its words separated by single spaces.
        baseline_N2: float64, x and y of its points from left to right.
        polygon_M2: float64, the outline of its ink.
        region: label of the text block that it stands in; empty where none is given.
        identity: as the XML has it.
        element: the line's own.
    """

    text: str
    baseline_N2: np.ndarray
    polygon_M2: np.ndarray
    region: str
    identity: str
    element: Element


class _Begun(Exception):
    """The first element was met: there is nothing more to declare."""


def root_of(name: str, content: bytes) -> Element:
    """Return the root of an XML file; entities, which can make a small file huge or name other files, are refused.

    Raises:
        UserError: the file is damaged or declares entities.
    """

    def refuse(*_: object) -> None:
        raise UserError(f"{name}: it declares entities, which may stand for anything; save it without its DOCTYPE")

    def stop(*_: object) -> None:
        raise _Begun

    prolog = expat.ParserCreate()
    prolog.EntityDeclHandler, prolog.StartElementHandler = refuse, stop
    try:
        with suppress(_Begun):
            prolog.Parse(content, True)
        return ElementTree.fromstring(content)
    except (ElementTree.ParseError, expat.ExpatError, LookupError, ValueError) as error:
        raise UserError(f"{name}: not readable XML ({error}); export it again or remove it") from error


def kind_of(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def descendants(element: Element, kind: str) -> Iterator[Element]:
    """Yield all elements of a kind in the order of the file, the element itself included."""
    return (part for part in element.iter() if kind_of(part) == kind)


def children(element: Element, kind: str) -> Iterator[Element]:
    """Yield the elements of a kind that stand directly in another."""
    return (part for part in element if kind_of(part) == kind)


def region_labels(root: Element) -> dict[str | None, str]:
    """Return what an ALTO file calls its kinds of text blocks, by their identities."""
    return {tag.get("ID"): tag.get("LABEL", "") for tag in root.iter() if tag.get("LABEL")}


def alto_lines(page: Element, labels: dict[str | None, str]) -> Iterator[MarkedLine]:
    """Yield the lines of a page of an ALTO file.

    Args:
        page: its element.
        labels: of the text blocks, as `region_labels` finds them.

    Raises:
        ValueError: a number or a point is none.
    """
    blocks = list(descendants(page, "TextBlock"))
    for block in blocks or [page]:
        region = _first(labels, block.get("TAGREFS", ""))
        for line in descendants(block, "TextLine"):
            shape = next((found for part in children(line, "Shape") for found in descendants(part, "Polygon")), None)
            polygon_M2 = points_of(shape.get("POINTS", "")) if shape is not None else alto_box(line)
            baseline_N2 = _baseline(line.get("BASELINE", ""), polygon_M2)
            yield MarkedLine(_alto_text(line), baseline_N2, polygon_M2, region, line.get("ID", ""), line)


def page_lines(page: Element) -> Iterator[MarkedLine]:
    """Yield the lines of a PAGE file that have an outline.

    Raises:
        ValueError: a number or a point is none.
    """
    for region in descendants(page, "TextRegion"):
        for line in children(region, "TextLine"):
            outline = next(descendants(line, "Coords"), None)
            polygon_M2 = points_of(outline.get("points", "")) if outline is not None else np.zeros((0, 2))
            if len(polygon_M2) >= 3:
                baseline = next(children(line, "Baseline"), None)
                stated = baseline.get("points", "") if baseline is not None else ""
                baseline_N2 = _baseline(stated, polygon_M2)
                identity, text = line.get("id", ""), composed(page_text(line))
                yield MarkedLine(text, baseline_N2, polygon_M2, region.get("type", ""), identity, line)


def alto_image(root: Element) -> str:
    """Return the name of the picture that an ALTO file describes; empty if it states none."""
    name = next(descendants(root, "fileName"), None)
    return (name.text or "").strip() if name is not None else ""


def alto_words(line: Element) -> list[str]:
    """Return a line's words; a hyphen at its end belongs to the last of them."""
    words: list[str] = []
    for part in line:
        if kind_of(part) == "String":
            words.append(part.get("CONTENT", ""))
        elif kind_of(part) == "HYP" and words:
            words[-1] += part.get("CONTENT", "-")
    return words


def page_text(element: Element) -> str:
    """Return the first transcription of a line, word or glyph itself, not those of its parts."""
    texts = sorted(children(element, "TextEquiv"), key=lambda part: int(part.get("index") or 0))
    unicode = next(descendants(texts[0], "Unicode"), None) if texts else None
    return (unicode.text or "") if unicode is not None else ""


def composed(text: str) -> str:
    """Return a text in NFC with single spaces between its words."""
    return normalize("NFC", " ".join(text.split()))


def points_of(text: str) -> np.ndarray:
    """Return points written as ``x,y x,y`` or ``x y x y``, float64 [N, 2].

    Raises:
        ValueError: they are no numbers, or not pairs of them.
    """
    numbers = _numbers(text)
    if len(numbers) % 2:
        raise ValueError(f"{len(numbers)} coordinates are not pairs: {text[:40]!r}")
    return np.array(numbers, np.float64).reshape(-1, 2)


def alto_box(element: Element) -> np.ndarray:
    """Return the corners of an element's upright rectangle from its top left clockwise, float64 [4, 2]."""
    left, top, width, height = (float(element.get(name) or 0) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
    return np.array([[left, top], [left + width, top], [left + width, top + height], [left, top + height]])


def _alto_text(line: Element) -> str:
    return composed(" ".join(alto_words(line)))


def _baseline(stated: str, polygon_M2: np.ndarray) -> np.ndarray:
    """Return the baseline; ALTO before 4.1 states one y only, and some files none."""
    numbers = _numbers(stated)
    if len(numbers) > 1:
        points = points_of(stated)
        if len(points) < 2:
            raise ValueError(f"a baseline of one point: {stated!r}")
        return points
    (left, top), (right, bottom) = polygon_M2.min(0), polygon_M2.max(0)
    y = numbers[0] if numbers else top + 0.75 * (bottom - top)
    return np.array([[left, y], [right, y]])


def _first(labels: dict[str | None, str], references: str) -> str:
    return next((labels[name] for name in references.split() if name in labels), "")


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.replace(",", " ").split()]
