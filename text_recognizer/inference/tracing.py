"""From the segmenter's maps to lines: ridges are followed, their pieces joined, and each smoothed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from text_recognizer.inference.components import connected_components
from text_recognizer.inference.segmenter import PageMaps
from text_recognizer.page_input import CELL

RIDGE = 0.35
"""Probability from which on a cell can be part of a baseline."""

LEAST_STRENGTH = 0.5
"""Mean probability that a line's cells must have."""

STRAIGHT = 0.3
"""x-heights by which a smoothed line may stray from a straight one and still be taken for it."""

CLOSE = 0.9
"""x-heights; two lines, one above the other, are further apart than this."""

SHARED = 0.6
"""Share of a line's length that runs beside a longer one for the two to be compared."""

REACH = 3.0
"""x-heights over which two pieces of one line are joined when no separator stands between them."""


@dataclass(frozen=True)
class Trace:
    """One line's baseline, in px of the scaled page.

    Attributes:
        x_N, y_N: points from left to right, one per cell.
        x_height: of the line.
        strength: mean probability along it.
    """

    x_N: np.ndarray
    y_N: np.ndarray
    x_height: float
    strength: float

    def y_at(self, x: np.ndarray) -> np.ndarray:
        """Return the baseline's height at `x`, straight on for some x-heights beyond its ends, then level."""
        return np.interp(x, *self._lengthened)

    @cached_property
    def slope(self) -> float:
        """Pixels per pixel by which the line falls from left to right, as a whole."""
        x = self.x_N - self.x_N.mean()
        return float((x * self.y_N).sum() / max(1.0, (x * x).sum()))

    @cached_property
    def _lengthened(self) -> tuple[np.ndarray, np.ndarray]:
        span, reach = max(1, int(2 * self.x_height / CELL)), 4 * self.x_height
        last = min(span, len(self.x_N) - 1)
        ends = []
        for end, inner, way in ((0, last, -reach), (-1, -1 - last, reach)):
            run = self.x_N[inner] - self.x_N[end]
            slope = (self.y_N[inner] - self.y_N[end]) / run if run else 0.0
            ends.append((self.x_N[end] + way, self.y_N[end] + slope * way))
        (x0, y0), (x1, y1) = ends
        return np.concatenate([[x0], self.x_N, [x1]]), np.concatenate([[y0], self.y_N, [y1]])


def trace_lines(maps: PageMaps) -> list[Trace]:
    """Return the lines of a page in no particular order."""
    pieces = _pieces(maps)
    joined = _joined(pieces, maps)
    traces = [_smoothed(piece, maps) for piece in joined]
    return _apart([trace for trace in traces if trace is not None])


@dataclass
class _Piece:
    """Columns and rows of the cells of a piece of a ridge, and the probability of each."""

    column_N: np.ndarray
    row_N: np.ndarray
    chance_N: np.ndarray
    x_height: float


def _pieces(maps: PageMaps) -> list[_Piece]:
    """Follow the ridges of the baseline map; separators cut them."""
    chance_hw = maps.baseline_hw * (1 - 0.6 * maps.separator_hw)
    padded = np.pad(chance_hw, ((1, 1), (0, 0)))
    above, here, below = padded[:-2], padded[1:-1], padded[2:]
    ridge_hw = (here > RIDGE) & (here >= above) & (here > below)
    parts = connected_components(ridge_hw)
    row, column = np.nonzero(ridge_hw)
    bend = above[row, column] + below[row, column] - 2 * here[row, column]
    shift = 0.5 * (above[row, column] - below[row, column]) / np.minimum(bend, -1e-6)
    exact = row + shift.clip(-0.5, 0.5)
    order = np.lexsort((column, parts.of_pixel))
    starts = np.flatnonzero(np.diff(parts.of_pixel[order], prepend=-1))
    found = []
    for cells in np.split(order, starts[1:]):
        if len(cells):
            x_height = _x_height(maps, row[cells], column[cells])
            found.append(_one_per_column(column[cells], exact[cells], here[row[cells], column[cells]], x_height))
    return found


def _one_per_column(column: np.ndarray, row: np.ndarray, chance: np.ndarray, x_height: float) -> _Piece:
    """Return a piece in which cells that share a column are averaged."""
    columns, index = np.unique(column, return_inverse=True)
    if len(columns) == len(column):
        return _Piece(column, row, chance, x_height)
    weight = np.bincount(index, weights=chance)
    rows = np.bincount(index, weights=chance * row) / weight
    return _Piece(columns, rows, weight / np.bincount(index), x_height)


def _x_height(maps: PageMaps, row: np.ndarray, column: np.ndarray) -> float:
    """Return the x-height of the core just above some cells of a baseline, in px."""
    heights = np.concatenate([maps.x_height_hw[np.maximum(row - up, 0), column] for up in (0, 1)])
    weights = np.concatenate([maps.core_hw[np.maximum(row - up, 0), column] for up in (0, 1)])
    good = weights > 0.3
    return float(np.median(heights[good] if good.any() else heights))


def _joined(pieces: list[_Piece], maps: PageMaps) -> list[_Piece]:
    """Join pieces that follow each other on one line, nearest first."""
    if len(pieces) < 2:
        return pieces
    left = np.array([(piece.column_N[0], _end(piece, 0)[0]) for piece in pieces], dtype=float)
    right = np.array([(piece.column_N[-1], _end(piece, -1)[0]) for piece in pieces], dtype=float)
    slopes = np.array([(_end(piece, -1)[1], _end(piece, 0)[1]) for piece in pieces])
    unit = np.array([piece.x_height for piece in pieces]) / CELL
    gap = left[None, :, 0] - right[:, None, 0]
    size = np.maximum(unit[:, None], unit[None])
    middle = right[:, None, 1] + 0.5 * gap * slopes[:, None, 0] - (left[None, :, 1] - 0.5 * gap * slopes[None, :, 1])
    fits = (gap > -1.5) & (gap < REACH * size) & (np.abs(middle) < 0.45 * size + 0.5)
    fits &= size < 1.8 * np.minimum(unit[:, None], unit[None])
    np.fill_diagonal(fits, False)
    follower, leader = np.full(len(pieces), -1), np.full(len(pieces), -1)
    first, second = np.nonzero(fits)
    for at in np.argsort(
        (gap[first, second] / size[first, second]) + 2 * np.abs(middle[first, second]) / size[first, second]
    ):
        a, b = first[at], second[at]
        if follower[a] < 0 and leader[b] < 0 and not _separated(maps, right[a], left[b]):
            follower[a], leader[b] = b, a
    return [_chain(pieces, follower, int(start)) for start in np.flatnonzero(leader < 0)]


def _end(piece: _Piece, end: int) -> tuple[float, float]:
    """Return row and slope of a piece at its left (0) or right (-1) end."""
    count = int(max(3, 2 * piece.x_height / CELL))
    part = slice(0, count) if end == 0 else slice(-count, None)
    x, y = piece.column_N[part], piece.row_N[part]
    if len(x) < 3:
        return float(y.mean()), 0.0
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    return float(y.mean() + slope * (piece.column_N[end] - x.mean())), slope


def _separated(maps: PageMaps, right: np.ndarray, left: np.ndarray) -> bool:
    """Return whether a separator stands between the right end of one piece and the left end of the next."""
    steps = int(max(2, left[0] - right[0] + 1))
    column = np.linspace(right[0], left[0], steps).round().astype(int)
    row = np.linspace(right[1], left[1], steps).round().astype(int)
    row = row.clip(0, maps.separator_hw.shape[0] - 1)
    between = np.maximum(maps.separator_hw[row, column], maps.separator_hw[np.maximum(row - 1, 0), column])
    return bool((between > 0.5).sum() >= 2 or between.max() > 0.7)


def _chain(pieces: list[_Piece], follower: np.ndarray, start: int) -> _Piece:
    links = [pieces[start]]
    while (start := follower[start]) >= 0:
        links.append(pieces[start])
    if len(links) == 1:
        return links[0]
    weight = [len(link.column_N) for link in links]
    return _one_per_column(
        np.concatenate([link.column_N for link in links]),
        np.concatenate([link.row_N for link in links]),
        np.concatenate([link.chance_N for link in links]),
        float(np.average([link.x_height for link in links], weights=weight)),
    )


def _smoothed(piece: _Piece, maps: PageMaps) -> Trace | None:
    """Return a piece as a line, evenly sampled; None where it is too weak or short.

    A line that is straight but for small wiggles is made straight, another one smoothed over some x-heights.
    """
    column = np.arange(piece.column_N[0], piece.column_N[-1] + 1)
    strength = float(piece.chance_N.sum() / len(column)) if len(column) < 8 else float(piece.chance_N.mean())
    if strength < LEAST_STRENGTH or len(column) < 2 or len(column) * CELL < 0.45 * piece.x_height:
        return None
    row = np.interp(column, piece.column_N, piece.row_N)
    half = min(int(max(1, 2 * piece.x_height / CELL)), (len(row) - 1) // 2)
    smooth = _moving_mean(row, half) if half else row
    x = column - column.mean()
    straight = row.mean() + x * ((x * row).sum() / max(1.0, (x * x).sum()))
    inner = slice(half, len(row) - half) if len(row) > 4 * half else slice(None)
    if np.abs(smooth - straight)[inner].max() <= STRAIGHT * piece.x_height / CELL:
        smooth = straight
    return Trace((column + 0.5) * CELL, (smooth + 0.5) * CELL, piece.x_height, strength)


def _moving_mean(values: np.ndarray, half: int) -> np.ndarray:
    """Return the mean over `2 * half + 1` values around each, the ends carried on as they come."""
    longer = [2 * values[0] - values[half:0:-1], values, 2 * values[-1] - values[-2 : -half - 2 : -1]]
    return np.convolve(np.concatenate(longer), np.full(2 * half + 1, 1 / (2 * half + 1)), mode="valid")


def _apart(lines: list[Trace]) -> list[Trace]:
    """Leave out what runs so close to a longer line that it can only be part of it, such as a row of descenders."""
    if len(lines) < 2:
        return lines
    left, right = (np.array([line.x_N[end] for line in lines]) for end in (0, -1))
    height, slope = np.array([line.x_height for line in lines]), np.array([line.slope for line in lines])
    middle_x, middle_y = (left + right) / 2, np.array([line.y_N.mean() for line in lines])
    low, high = np.maximum(left[:, None], left), np.minimum(right[:, None], right)
    at = (low + high) / 2
    y = middle_y[:, None] + slope[:, None] * (at - middle_x[:, None])
    near = np.abs(y - y.T) < CLOSE * np.sqrt(height[:, None] * height)
    beside = near & (high - low >= SHARED * (right - left)[:, None])
    kept: list[int] = []
    for line in np.argsort(left - right, kind="stable").tolist():
        if not beside[line, kept].any():
            kept.append(line)
    return [lines[line] for line in sorted(kept)]
