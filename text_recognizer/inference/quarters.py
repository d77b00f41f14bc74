"""Quarter turns: of lines, points and boxes, so that what stands on its side is measured as if it were upright."""

import math

from text_recognizer.inference.result import Point


def quarter_turns(baseline: tuple[Point, Point]) -> int:
    """Return by how many quarters, counterclockwise, a line is turned, as far as quarters go."""
    (x0, y0), (x1, y1) = baseline
    return round(-math.degrees(math.atan2(y1 - y0, x1 - x0)) / 90) % 4


def turned(point: Point, quarters: int) -> Point:
    """Return a point turned clockwise by quarters about (0, 0); negative ones turn it back."""
    x, y = point
    for _ in range(quarters % 4):
        x, y = -y, x
    return x, y


def turned_box(box: tuple[float, float, float, float], quarters: int) -> tuple[Point, Point]:
    """Return the upper left and the lower right corner of a box turned clockwise by quarters about (0, 0)."""
    (x0, y0), (x1, y1) = turned((box[0], box[1]), quarters), turned((box[2], box[3]), quarters)
    return (min(x0, x1), min(y0, y1)), (max(x0, x1), max(y0, y1))
