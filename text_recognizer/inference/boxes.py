"""Where the characters and words of a line stand: from the middles of its characters and the line's own outline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from text_recognizer.inference.result import Character, Line, Point

Corners = tuple[Point, Point, Point, Point]
"""Of a possibly tilted rectangle, from its top left clockwise."""


@dataclass(frozen=True)
class Word:
    """Characters of a line between two spaces.

    Attributes:
        text: without spaces, at least one character.
        confidence: mean of its characters'.
        corners: of its tilted rectangle.
        characters: from left to right.
        boxes: the corners of each character.
    """

    text: str
    confidence: float
    corners: Corners
    characters: tuple[Character, ...]
    boxes: tuple[Corners, ...]


def character_boxes(line: Line) -> list[Corners]:
    """Return the corners of each character's rectangle, as high as the line and tilted as it is.

    Neighbours meet half way between their middles, so the edges are estimates. The outer edges are as far from their
    character as the inner ones, and within the line.
    """
    middles = [(character.x, character.y) for character in line.characters]
    if not middles:
        return []
    edges = [_between(a, b) for a, b in pairwise(middles)]
    first, last = (edges[0], edges[-1]) if edges else line.baseline
    edges = [_mirrored(first, middles[0]), *edges, _mirrored(last, middles[-1])]
    up, down = _up_and_down(line)
    left, right = (sorted(axis) for axis in zip(*line.corners, strict=True))
    kept = [(min(max(x, left[0]), left[-1]), min(max(y, right[0]), right[-1])) for x, y in edges]
    return [(_sum(a, up), _sum(b, up), _sum(b, down), _sum(a, down)) for a, b in pairwise(kept)]


def words_of(line: Line) -> list[Word]:
    """Return the line's words from left to right; where its characters' places are not known, they share it evenly."""
    if not line.characters:
        return _shared_out(line)
    words: list[Word] = []
    boxes = character_boxes(line)
    start = 0
    for end in range(len(boxes) + 1):
        if end == len(boxes) or line.characters[end].text == " ":
            if end > start:
                words.append(_word(line.characters[start:end], boxes[start:end]))
            start = end + 1
    return words


def box_of(corners: Sequence[Point], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of the smallest upright rectangle of whole pixels around `corners`.

    Args:
        corners: points in pixels.
        size: width and height of the page, which the rectangle does not leave; it is at least one pixel wide and high.
    """
    (left, right), (top, bottom) = ((min(axis), max(axis)) for axis in zip(*corners, strict=True))
    width, height = size
    left, top = min(max(0, int(left)), width - 1), min(max(0, int(top)), height - 1)
    return left, top, max(left + 1, min(width, -int(-right // 1))), max(top + 1, min(height, -int(-bottom // 1)))


def _shared_out(line: Line) -> list[Word]:
    """Return the words of a line without characters, each as wide as its share of the text."""
    a, b, c, d = line.corners
    words, end = [], 0
    for text in line.text.split():
        start = line.text.index(text, end)
        end = start + len(text)
        left, right = start / len(line.text), end / len(line.text)
        corners = _along(a, b, left), _along(a, b, right), _along(d, c, right), _along(d, c, left)
        words.append(Word(text, line.confidence, corners, (), ()))
    return words


def _word(characters: tuple[Character, ...], boxes: list[Corners]) -> Word:
    text = "".join(character.text for character in characters)
    confidence = sum(character.confidence for character in characters) / len(characters)
    corners = (boxes[0][0], boxes[-1][1], boxes[-1][2], boxes[0][3])
    return Word(text, confidence, corners, characters, tuple(boxes))


def _up_and_down(line: Line) -> tuple[Point, Point]:
    """Return what leads from the baseline to the upper and to the lower edge of the line's rectangle."""
    top, _, _, bottom = line.corners
    start = line.baseline[0]
    side = _difference(bottom, top)
    length = side[0] ** 2 + side[1] ** 2
    if not length:
        return (0.0, 0.0), (0.0, 0.0)
    offset = _difference(start, top)
    share = (offset[0] * side[0] + offset[1] * side[1]) / length
    return (-share * side[0], -share * side[1]), ((1 - share) * side[0], (1 - share) * side[1])


def _along(a: Point, b: Point, share: float) -> Point:
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])


def _between(a: Point, b: Point) -> Point:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def _mirrored(point: Point, centre: Point) -> Point:
    return 2 * centre[0] - point[0], 2 * centre[1] - point[1]


def _sum(a: Point, b: Point) -> Point:
    return a[0] + b[0], a[1] + b[1]


def _difference(a: Point, b: Point) -> Point:
    return a[0] - b[0], a[1] - b[1]
