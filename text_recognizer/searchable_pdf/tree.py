"""A page that was read, as the tree from which OCRmyPDF writes the invisible text of a PDF page."""

from __future__ import annotations

import math

from ocrmypdf.models.ocr_element import Baseline, BoundingBox, OcrClass, OcrElement

from text_recognizer.inference.boxes import Word, words_of
from text_recognizer.inference.quarters import quarter_turns, turned
from text_recognizer.inference.result import Line, Page, Point


def as_tree(page: Page, dpi: float, number: int = 0) -> OcrElement:
    """Return the tree of a page.

    Args:
        page: what was read, in pixels of the picture that OCRmyPDF gave.
        dpi: of that picture.
        number: of the page in its file, from 0.
    """
    lines = [_line(line) for line in page.lines if words_of(line)]
    whole = BoundingBox(0, 0, page.width, page.height)
    return OcrElement(OcrClass.PAGE, whole, dpi=dpi, page_number=number, children=lines)


def _line(line: Line) -> OcrElement:
    """Return a line whose box reaches from its upper to its lower edge at its beginning, however far it rises or falls.

    The text is made as high as this box is above the baseline; the box of all ink of a leaning line is much higher.
    """
    quarters = quarter_turns(line.baseline)
    (x0, y0), (x1, y1) = (turned(point, quarters) for point in line.baseline)
    a, d = (turned(line.corners[corner], quarters) for corner in (0, 3))
    lean = math.cos(math.atan2(y1 - y0, x1 - x0))
    share = _share(a, d, (x0, y0))
    height = math.dist(a, d) * lean
    above, below = max(1.0, share * height), max(0.0, (1 - share) * height)
    slope = (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0
    box = _box([turned(p, -quarters) for p in ((x0, y0 - above), (max(x1, x0 + 1), y0 + below))])
    words = [_word(word, line, quarters) for word in words_of(line)]
    baseline, angle = Baseline(slope, -below), 90.0 * quarters or None
    return OcrElement(OcrClass.LINE, box, baseline=baseline, textangle=angle, children=words)


def _word(word: Word, line: Line, quarters: int) -> OcrElement:
    """Return a word whose box is that of its piece of the baseline: where the word begins, and how long it is."""
    (x0, y0), (x1, y1) = (turned(point, quarters) for point in line.baseline)
    slope = (y1 - y0) / (x1 - x0) if x1 > x0 else 0.0
    ends = []
    for upper, lower in ((0, 3), (1, 2)):
        a, d = (turned(word.corners[corner], quarters) for corner in (upper, lower))
        share = _share(line.corners[0], line.corners[3], line.baseline[0])
        x = a[0] + share * (d[0] - a[0])
        ends.append(turned((x, y0 + slope * (x - x0)), -quarters))
    return OcrElement(OcrClass.WORD, _box(ends), text=word.text, confidence=word.confidence)


def _share(a: Point, d: Point, foot: Point) -> float:
    """Return how far below its upper edge a line's baseline runs, as a share of the line's height."""
    side = d[0] - a[0], d[1] - a[1]
    length = side[0] ** 2 + side[1] ** 2
    along = (foot[0] - a[0]) * side[0] + (foot[1] - a[1]) * side[1]
    return min(max(along / length, 0.0), 1.0) if length else 1.0


def _box(points: list[Point]) -> BoundingBox:
    (left, right), (top, bottom) = ((min(axis), max(axis)) for axis in zip(*points, strict=True))
    return BoundingBox(left, top, right, bottom)
