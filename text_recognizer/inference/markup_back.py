"""ALTO and PAGE XML back into the result tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from text_recognizer.inference.boxes import Corners, box_of
from text_recognizer.inference.rebuilding import Baseline, Box, Glyph, around, rebuilt_line, tilted
from text_recognizer.inference.result import Line, Page, Point
from text_recognizer.page_markup import (
    MarkedLine,
    alto_box,
    alto_image,
    alto_lines,
    alto_words,
    children,
    descendants,
    page_lines,
    page_text,
    points_of,
    region_labels,
)


def pages_of_alto(root: Element) -> Iterator[Page]:
    """Yield the pages of an ALTO file.

    Raises:
        ValueError, OverflowError: a number or a point is none.
    """
    source, labels = alto_image(root), region_labels(root)
    for page in descendants(root, "Page"):
        width, height = (round(float(page.get(name) or 0)) for name in ("WIDTH", "HEIGHT"))
        frame = round(float(page.get("PHYSICAL_IMG_NR") or 1)) - 1
        lines = tuple(_alto_line(line) for line in alto_lines(page, labels))
        yield Page(lines, width, height, source, frame)


def pages_of_page_xml(root: Element) -> Iterator[Page]:
    """Yield the page of a PAGE file.

    Raises:
        ValueError, OverflowError: a number or a point is none.
    """
    for page in descendants(root, "Page"):
        size = int(page.get("imageWidth") or 0), int(page.get("imageHeight") or 0)
        frame = re.search(r"frame \{index:(\d{1,9});\}", page.get("custom", ""))
        lines = tuple(_page_line(line, size) for line in page_lines(page))
        yield Page(lines, *size, page.get("imageFilename", ""), int(frame[1]) if frame else 0)


def _alto_line(line: MarkedLine) -> Line:
    words = list(children(line.element, "String"))
    corners, baseline = _shape(line)
    glyphs = [[_alto_glyph(glyph, baseline) for glyph in children(word, "Glyph")] for word in words]
    told = alto_words(line.element)
    known = [float(word.get("WC") or 1) for word in words]
    confidence = None if any(glyphs) or not known else sum(known) / len(known)
    return rebuilt_line(list(zip(told, glyphs, strict=True)), _box(line.element), corners, baseline, confidence)


def _alto_glyph(glyph: Element, baseline: Baseline) -> Glyph:
    return Glyph(glyph.get("CONTENT", ""), tilted(_box(glyph), baseline), float(glyph.get("GC") or 0))


def _box(element: Element) -> Box:
    (left, top), _, (right, bottom), _ = alto_box(element).tolist()
    return left, top, right, bottom


def _page_line(line: MarkedLine, size: tuple[int, int]) -> Line:
    corners, baseline = _shape(line)
    words = [
        (page_text(word), [_page_glyph(glyph, baseline) for glyph in children(word, "Glyph")])
        for word in children(line.element, "Word")
    ]
    box, text = box_of(corners, size), page_text(line.element)
    return rebuilt_line(words, box, corners, baseline, _confidence(line.element, 1.0), text)


def _page_glyph(glyph: Element, baseline: Baseline) -> Glyph:
    outline = next(children(glyph, "Coords"), None)
    points: list[Point] = points_of(outline.get("points", "")).tolist() if outline is not None else []
    if not points:
        raise ValueError("a glyph without a place")
    return Glyph(page_text(glyph), _rectangle(points, baseline), _confidence(glyph, 0.0))


def _confidence(element: Element, otherwise: float) -> float:
    stated = next(children(element, "TextEquiv"), None)
    return float(stated.get("conf") or otherwise) if stated is not None else otherwise


def _shape(line: MarkedLine) -> tuple[Corners, Baseline]:
    """Return the corners of a line and its baseline; an outline of more or fewer points becomes a rectangle."""
    (x0, y0), (x1, y1) = line.baseline_N2[[0, -1]].tolist()
    baseline = ((x0, y0), (x1, y1))
    return _rectangle(line.polygon_M2.tolist(), baseline), baseline


def _rectangle(points: list[Point], baseline: Baseline) -> Corners:
    """Return four points as they are, and the rectangle along the baseline around any other number of them."""
    if len(points) != 4:
        return around(points, baseline)
    a, b, c, d = ((x, y) for x, y in points)
    return a, b, c, d
