"""Which piece of ink belongs to which line of a page."""

from collections.abc import Sequence

import numpy as np

from text_recognizer.inference.components import Components, connected_components
from text_recognizer.inference.tracing import Trace

NOBODY = -1
"""Owner of what is part of no line."""

CORE = (0.12, 0.87)
"""x-heights above the baseline between which neither feet nor heads of other lines often reach."""

ABOVE, BELOW = 1.7, 0.9
"""x-heights above the core and below the baseline within which loose marks belong to a line: accents, dots, commas."""

BESIDE = 2.0
"""x-heights beyond a line's ends within which ink belongs to it."""

TOUCH = 0.12
"""Share of the ink that a piece has in cores from which on a second line has a claim to it."""


def owners(text_HW: np.ndarray, core_HW: np.ndarray, lines: Sequence[Trace]) -> np.ndarray:
    """Return the owner of each pixel of ink, int16 [H, W]: a line's number or NOBODY.

    A piece of ink belongs to the line whose core it crosses; one that crosses several is divided between them; one
    that crosses none, to the nearest line.

    Args:
        text_HW: the ink without printed rules, bool.
        core_HW: the line in whose core each pixel lies, see `cores`.
        lines: their baselines on this page.
    """
    owner_HW = np.full(text_HW.shape, NOBODY, np.int16)
    parts = connected_components(text_HW)
    if not len(parts.area_K) or not lines:
        return owner_HW
    place = np.flatnonzero(text_HW)
    crossed = core_HW.ravel()[place]
    owner_K, divided_K = _owner_of_each(parts, crossed, lines)
    owner_P = owner_K[parts.of_pixel]
    cut_P = np.flatnonzero(divided_K[parts.of_pixel])
    if len(cut_P):
        owner_P[cut_P] = _nearest_line(place[cut_P], text_HW.shape[1], lines)
    owner_HW.ravel()[place] = owner_P
    return owner_HW


def cores(shape: tuple[int, int], lines: Sequence[Trace]) -> np.ndarray:
    """Return the number of the line in whose core each pixel lies, int16 [H, W], NOBODY elsewhere."""
    rows, columns = shape
    number_HW = np.full(shape, NOBODY, np.int16)
    for number, line in enumerate(lines):
        first, last = max(0, int(line.x_N[0] - line.x_height)), min(columns, int(line.x_N[-1] + line.x_height) + 1)
        if last <= first:
            continue
        x = np.arange(first, last)
        foot = np.rint(line.y_at(x + 0.5) - CORE[0] * line.x_height).astype(int)
        y = foot - np.arange(max(1, round((CORE[1] - CORE[0]) * line.x_height)))[:, None]
        inside = (y >= 0) & (y < rows)
        number_HW[y[inside], np.broadcast_to(x, y.shape)[inside]] = number
    return number_HW


def _owner_of_each(parts: Components, crossed_P: np.ndarray, lines: Sequence[Trace]) -> tuple[np.ndarray, np.ndarray]:
    """Return the owner of each piece, and which pieces are to be divided."""
    count, pieces = len(lines), len(parts.area_K)
    inside = crossed_P >= 0
    pair, pixels = np.unique(parts.of_pixel[inside] * count + crossed_P[inside], return_counts=True)
    piece, line = pair // count, pair % count
    most, second, owner_K = np.zeros(pieces), np.zeros(pieces), np.full(pieces, NOBODY)
    order = np.argsort(pixels, kind="stable")  # the last one written is the largest
    most[piece[order]], owner_K[piece[order]] = pixels[order], line[order]
    total = np.bincount(piece, weights=pixels, minlength=pieces)
    second = total - most
    divided_K = (second > TOUCH * total) & (second > 2)
    loose = np.flatnonzero(owner_K == NOBODY)
    if len(loose):
        owner_K[loose] = _nearest_to_box(parts, loose, lines)
    return owner_K, divided_K


def _nearest_to_box(parts: Components, pieces: np.ndarray, lines: Sequence[Trace]) -> np.ndarray:
    """Return the line that each loose mark stands nearest to, NOBODY for those that stand apart or are too large."""
    x = (parts.left_K[pieces] + parts.right_K[pieces]) / 2
    y = (parts.top_K[pieces] + parts.bottom_K[pieces]) / 2
    tall, wide = parts.height_K[pieces], parts.width_K[pieces]
    best, owner = np.full(len(pieces), np.inf), np.full(len(pieces), NOBODY)
    for number, line in enumerate(lines):
        unit = line.x_height
        up = (line.y_at(x) - y) / unit  # x-heights above the baseline
        away = np.where(up > 1, (up - 1) / ABOVE, np.where(up < 0, -up / BELOW, 0.0))
        beside = np.maximum(line.x_N[0] - x, x - line.x_N[-1]) / unit
        far = (away > 1) | (beside > BESIDE) | (tall > 2.5 * unit) | (wide > 6 * unit)
        cost = np.where(far, np.inf, away + 0.2 * np.maximum(beside, 0))
        nearer = cost < best
        best[nearer], owner[nearer] = cost[nearer], number
    return owner


def _nearest_line(place_P: np.ndarray, columns: int, lines: Sequence[Trace]) -> np.ndarray:
    """Return the line whose core's middle is nearest to each pixel, in x-heights; NOBODY beyond the lines' ends."""
    y, x = np.divmod(place_P, columns)
    best, owner = np.full(len(place_P), 3.0), np.full(len(place_P), NOBODY)
    for number, line in enumerate(lines):
        unit = line.x_height
        near = np.flatnonzero(
            (x > line.x_N[0] - unit)
            & (x < line.x_N[-1] + unit)
            & (y > line.y_N.min() - 3.5 * unit)
            & (y < line.y_N.max() + 2.5 * unit)
        )
        if not len(near):
            continue
        away = np.abs(y[near] + 0.5 - line.y_at(x[near] + 0.5) + 0.45 * unit) / unit
        nearer = away < best[near]
        best[near[nearer]], owner[near[nearer]] = away[nearer], number
    return owner
