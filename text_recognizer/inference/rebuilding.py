"""Lines of the result tree, put together again from what a file states of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from text_recognizer.inference.boxes import Corners
from text_recognizer.inference.character_middles import Extent, middles_of
from text_recognizer.inference.quarters import quarter_turns, turned, turned_box
from text_recognizer.inference.result import Character, Line, Point

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""

Baseline = tuple[Point, Point]

STEEPEST = 0.2
"""Least of cos 2t for which a rectangle that is tilted by t is told from the upright one around it."""

AS_HIGH = 0.25
"""Share of a line's height by which the box of a character of the line may be higher or lower than it."""


@dataclass(frozen=True)
class Glyph:
    """A character, the corners of its rectangle from the top left clockwise, and how likely it is right."""

    text: str
    corners: Corners
    confidence: float


def rebuilt_line(
    words: Sequence[tuple[str, Sequence[Glyph]]],
    box: Box,
    corners: Corners,
    baseline: Baseline,
    confidence: float | None = None,
    text: str | None = None,
) -> Line:
    """Return a line.

    Args:
        words: text and characters of each; no characters where a file has none.
        box, corners, baseline: as `Line` has them.
        confidence: the mean of the characters' if left out, 1 if there are none.
        text: the words with single spaces between them if left out.
    """
    told = " ".join(word for word, _ in words) if text is None else text
    known = bool(words) and all(len(glyphs) == len(word) for word, glyphs in words)
    placed = _placed([glyphs for _, glyphs in words if glyphs], corners, baseline) if known else []
    if confidence is None:
        confidence = sum(c.confidence for c in placed) / len(placed) if placed else 1.0
    left, top, right, bottom = map(round, box)
    return Line(told, confidence, (left, top, right, bottom), corners, baseline, tuple(placed))


def level(box: Box) -> Corners:
    """Return the corners of an upright rectangle."""
    left, top, right, bottom = box
    return (left, top), (right, top), (right, bottom), (left, bottom)


def around(points: Iterable[Point], baseline: Baseline) -> Corners:
    """Return the corners of the smallest rectangle around points that lies along a baseline."""
    along, across = _axes(baseline)
    (low, high), (top, bottom) = (_extent(points, axis) for axis in (along, across))
    return _at(low, top, along), _at(high, top, along), _at(high, bottom, along), _at(low, bottom, along)


def tilted(box: Box, baseline: Baseline) -> Corners:
    """Return the corners of the rectangle along a baseline whose upright rectangle is `box`."""
    quarters = quarter_turns(baseline)
    (left, top), (right, bottom) = turned_box(box, quarters)
    (x0, y0), (x1, y1) = (turned(point, quarters) for point in baseline)
    angle = math.atan2(y1 - y0, x1 - x0)
    c, s = math.cos(angle), abs(math.sin(angle))
    width, height = right - left, bottom - top
    if math.cos(2 * angle) >= STEEPEST:
        wide, high = (width * c - height * s) / math.cos(2 * angle), (height * c - width * s) / math.cos(2 * angle)
        if wide > 0 and high > 0:
            middle = (left + right) / 2, (top + bottom) / 2
            halves = [(sx * wide / 2, sy * high / 2) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
            found = [
                (middle[0] + x * c - y * math.sin(angle), middle[1] + x * math.sin(angle) + y * c) for x, y in halves
            ]
            a, b, d, e = (turned(point, -quarters) for point in found)
            return a, b, d, e
    a, b, d, e = (turned(point, -quarters) for point in level((left, top, right, bottom)))
    return a, b, d, e


def between_edges(baseline: Baseline, corners: Corners) -> Baseline:
    """Return a baseline lengthened or cut so that it runs from the left to the right edge of a rectangle."""
    along, across = _axes(baseline)
    height = _dot(baseline[0], across)
    return _at(_dot(corners[0], along), height, along), _at(_dot(corners[1], along), height, along)


def _placed(words: Sequence[Sequence[Glyph]], corners: Corners, baseline: Baseline) -> list[Character]:
    """Return the characters of words, with a space between neighbouring words, where their boxes say they stand.

    A box is written from half way to the character before to half way to the one behind, so the middles are those
    whose means are the edges.
    """
    along, across = _axes(baseline)
    items: list[Glyph | None] = []
    for word in words:
        items += [None, *word] if items else word
    spans = [_extent_along(glyph.corners, along) if glyph else None for glyph in items]
    middles = middles_of(spans, _extent_along(corners, along))
    heights = _heights(items, corners, baseline, across)
    sure = [glyph.confidence for glyph in items if glyph]
    mean = sum(sure) / len(sure)
    return [
        Character(glyph.text if glyph else " ", *_at(middle, height, along), glyph.confidence if glyph else mean)
        for glyph, middle, height in zip(items, middles, heights, strict=True)
    ]


def _heights(items: Sequence[Glyph | None], corners: Corners, baseline: Baseline, across: Point) -> list[float]:
    """Return how far across the line each character's foot is, a space's half way between its neighbours'.

    Boxes as high as the line follow its bends; of any others only the baseline's two ends say where feet are.
    """
    straight = _dot(baseline[0], across)
    top, bottom = (_dot(corners[corner], across) for corner in (0, 3))
    feet: list[float | None] = []
    for glyph in items:
        upper, lower = _extent_along(glyph.corners, across, turned=True) if glyph else (0.0, 0.0)
        as_high = abs((lower - upper) - (bottom - top)) <= AS_HIGH * (bottom - top) + 2
        above = straight - (top + bottom) / 2
        feet.append(((upper + lower) / 2 + above if as_high else straight) if glyph else None)
    known = [foot if foot is not None else straight for foot in feet]
    return [foot if foot is not None else (known[place - 1] + known[place + 1]) / 2 for place, foot in enumerate(feet)]


def _extent_along(corners: Corners, axis: Point, turned: bool = False) -> Extent:
    """Return where a rectangle begins and ends along the line; with `turned`, across it."""
    a, b, c, d = (_dot(corner, axis) for corner in corners)
    return ((a + b) / 2, (d + c) / 2) if turned else ((a + d) / 2, (b + c) / 2)


def _axes(baseline: Baseline) -> tuple[Point, Point]:
    """Return the unit vectors along the line, and down across it."""
    (x0, y0), (x1, y1) = baseline
    length = math.hypot(x1 - x0, y1 - y0)
    along = ((x1 - x0) / length, (y1 - y0) / length) if length else (1.0, 0.0)
    return along, (-along[1], along[0])


def _extent(points: Iterable[Point], axis: Point) -> tuple[float, float]:
    places = [_dot(point, axis) for point in points]
    return min(places), max(places)


def _at(along: float, across: float, axis: Point) -> Point:
    return along * axis[0] - across * axis[1], along * axis[1] + across * axis[0]


def _dot(a: Point, b: Point) -> float:
    return a[0] * b[0] + a[1] * b[1]
