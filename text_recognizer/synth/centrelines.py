"""Centre-lines of drawn shapes: a filled glyph thinned to the paths that a pen would have taken."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import cv2
import numpy as np

Pixel = tuple[int, int]
"""Row and column."""

AROUND = ((-1, 0), (0, 1), (1, 0), (0, -1), (-1, 1), (1, 1), (1, -1), (-1, -1))
"""Steps to the eight neighbours of a pixel, the four straight ones first."""

STRAIGHT_ON = np.cos(np.radians(55))
"""Two paths that meet are one stroke when the pen need turn by no more than this."""


def thinned(shape_HW: np.ndarray) -> np.ndarray:
    """Return the shape worn down to lines one pixel wide, bool [H, W].

    Source: Zhang and Suen 1984, "A fast parallel algorithm for thinning digital patterns".
    """
    lines_HW = np.pad(shape_HW, 1).astype(np.uint8)
    while True:
        before = int(lines_HW.sum())
        for table in _TABLES:
            code_HW = cv2.filter2D(lines_HW, cv2.CV_8U, _WEIGHTS, borderType=cv2.BORDER_CONSTANT)
            lines_HW = lines_HW * cv2.LUT(code_HW, table).astype(np.uint8)
        if int(lines_HW.sum()) == before:
            return lines_HW[1:-1, 1:-1].astype(bool)


def _tables() -> tuple[np.ndarray, np.ndarray]:
    """Return, for both halves of a round and each pattern of eight neighbours, 0 where a pixel goes and 1 elsewhere."""
    tables = np.ones((2, 256), np.uint8)
    for code in range(256):
        p = [code >> k & 1 for k in range(8)]  # clockwise from the pixel above
        rises = sum(a == 0 and b == 1 for a, b in zip(p, p[1:] + p[:1], strict=True))
        if 2 <= sum(p) <= 6 and rises == 1:
            up, right, down, left = p[0], p[2], p[4], p[6]
            tables[0, code] = up * right * down > 0 or right * down * left > 0
            tables[1, code] = up * right * left > 0 or up * down * left > 0
    return tables[0], tables[1]


_TABLES = _tables()
_WEIGHTS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], np.float32)


@dataclass
class _Graph:
    """Paths between the places where lines end or meet.

    Attributes:
        place: centre of each such place.
        paths: number of a path -> its two places and its points from the first to the second.
        at: place -> numbers of its paths; a path from a place to itself counts twice.
    """

    place: list[np.ndarray] = field(default_factory=list)
    paths: dict[int, tuple[int, int, np.ndarray]] = field(default_factory=dict)
    at: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))

    def add(self, first: int, last: int, points: np.ndarray) -> None:
        number = max(self.paths, default=-1) + 1
        self.paths[number] = (first, last, points)
        self.at[first].append(number)
        self.at[last].append(number)

    def remove(self, number: int) -> None:
        first, last, _ = self.paths.pop(number)
        self.at[first].remove(number)
        self.at[last].remove(number)


def centrelines(shape_HW: np.ndarray) -> list[np.ndarray]:
    """Return the pen paths that would draw a filled shape.

    Args:
        shape_HW: bool, True where there is ink.

    Returns:
        paths float64 [N, 2] of x and y in pixels, N >= 1; a dot is a path of one point.
    """
    lines_HW = thinned(shape_HW)
    if not lines_HW.any():
        return []
    reach_HW = cv2.distanceTransform(np.pad(shape_HW, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    width = 2 * float(np.median(reach_HW[lines_HW]))
    graph, alone = _graph(lines_HW)
    _without_bridges(graph, width)
    _without_spurs(graph, reach_HW, width)
    paths = [*_strokes(graph), *alone]
    return [path[:, ::-1] for path in sorted(paths, key=lambda path: path[:, 1].min())]


def _graph(lines_HW: np.ndarray) -> tuple[_Graph, list[np.ndarray]]:
    """Return the graph of thin lines, and the rings and dots that touch no end and no meeting."""
    beside = _neighbours(lines_HW)
    graph, owner = _Graph(), dict[Pixel, int]()
    for pixel in beside:
        if len(beside[pixel]) != 2 and pixel not in owner:
            _claim(pixel, beside, owner, graph)
    left = {pixel for pixel in beside if pixel not in owner}
    for pixel, place in list(owner.items()):
        for step in beside[pixel]:
            if step in left:
                path, end = _followed(pixel, step, beside, left)
                graph.add(place, owner[end], np.array(path, float))
            elif owner.get(step, place) > place:
                graph.add(place, owner[step], np.array((pixel, step), float))
    alone = [graph.place[place][None] for place in set(owner.values()) if not graph.at[place]]
    while left:
        start = min(left)
        left.remove(start)
        path, end = _followed(start, beside[start][0], beside, left)
        alone.append(np.array([*path, start], float))
    return graph, alone


def _neighbours(lines_HW: np.ndarray) -> dict[Pixel, list[Pixel]]:
    """Return each pixel's neighbours on the line, without diagonal ones that a straight one stands for."""
    pixels = {(int(r), int(c)) for r, c in np.argwhere(lines_HW)}
    beside: dict[Pixel, list[Pixel]] = {}
    for r, c in sorted(pixels):
        near = [(r + dr, c + dc) for dr, dc in AROUND if (r + dr, c + dc) in pixels]
        beside[r, c] = [(y, x) for y, x in near if y == r or x == c or not ((y, c) in pixels or (r, x) in pixels)]
    return beside


def _claim(pixel: Pixel, beside: dict[Pixel, list[Pixel]], owner: dict[Pixel, int], graph: _Graph) -> None:
    """Make a place of an end, or of a meeting and the meeting pixels that touch it."""
    members, waiting = [], [pixel]
    while waiting:
        here = waiting.pop()
        if here not in owner:
            owner[here] = len(graph.place)
            members.append(here)
            waiting += [step for step in beside[here] if len(beside[here]) > 2 and len(beside[step]) > 2]
    graph.place.append(np.mean(members, axis=0))


def _followed(
    start: Pixel, step: Pixel, beside: dict[Pixel, list[Pixel]], left: set[Pixel]
) -> tuple[list[Pixel], Pixel]:
    """Return the path from `start` over `step` to the next place or round a ring, taking its pixels from `left`."""
    path = [start]
    before, here = start, step
    while here in left:
        left.remove(here)
        path.append(here)
        onward = [pixel for pixel in beside[here] if pixel != before]
        before, here = here, onward[0] if onward else start
    return [*path, here], here


def _length(points: np.ndarray) -> float:
    return float(np.hypot(*np.diff(points, axis=0).T).sum())


def _without_bridges(graph: _Graph, width: float) -> None:
    """Make one place of two meetings that lie closer than the line is wide: thinning pulls a crossing apart."""
    for number in sorted(graph.paths, key=lambda n: _length(graph.paths[n][2])):
        first, last, points = graph.paths[number]
        if first == last or _length(points) > 0.9 * width or min(len(graph.at[first]), len(graph.at[last])) < 3:
            continue
        graph.remove(number)
        graph.place[first] = (graph.place[first] + graph.place[last]) / 2
        for other in list(graph.at[last]):
            if other in graph.paths:
                a, b, path = graph.paths[other]
                graph.paths[other] = (first if a == last else a, first if b == last else b, path)
                graph.at[first].append(other)
        graph.at[last].clear()


def _without_spurs(graph: _Graph, reach_HW: np.ndarray, width: float) -> None:
    """Remove short dead ends: thinning grows them out of corners and rough outlines."""
    for number in sorted(graph.paths, key=lambda n: _length(graph.paths[n][2])):
        first, last, points = graph.paths[number]
        degrees = len(graph.at[first]), len(graph.at[last])
        if min(degrees) == 1 and max(degrees) > 2:
            meeting = first if degrees[0] > 1 else last
            row, column = graph.place[meeting].round().astype(int)
            reach = max(float(reach_HW[row, column]), 0.5 * width)
            if _length(points) < 1.15 * reach:
                graph.remove(number)


def _strokes(graph: _Graph) -> list[np.ndarray]:
    """Join paths through places wherever the pen could go straight on, and return the strokes."""
    onward: dict[tuple[int, int], tuple[int, int]] = {}
    for place in list(graph.at):
        for one, other in _pairs(graph, place):
            onward[one], onward[other] = other, one
    ends = [(number, side) for number in graph.paths for side in (0, 1)]
    todo = set(graph.paths)
    strokes = []
    for number, side in sorted(ends, key=lambda end: (end in onward, end)):  # free ends first, then rings
        if number in todo:
            strokes.append(_walked(graph, (number, side), onward, todo))
    return strokes


def _walked(
    graph: _Graph, end: tuple[int, int], onward: dict[tuple[int, int], tuple[int, int]], todo: set[int]
) -> np.ndarray:
    """Return the points of the stroke that begins at one end of a path."""
    pieces: list[np.ndarray] = []
    here: tuple[int, int] | None = end
    while here is not None and here[0] in todo:
        number, side = here
        todo.remove(number)
        first, last, points = graph.paths[number]
        points = points if side == 0 else points[::-1]
        begin, finish = (first, last) if side == 0 else (last, first)
        inner = points[1:-1] if len(points) > 2 else points[:0]
        pieces += [graph.place[begin][None], inner, graph.place[finish][None]]
        here = onward.get((number, 1 - side))
    return np.concatenate(pieces)


def _pairs(graph: _Graph, place: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return which ends of paths at a place belong to one stroke, the straightest first."""
    ends = []
    for number in sorted(set(graph.at[place])):
        first, last, points = graph.paths[number]
        ends += [(number, 0)] if first == place else []
        ends += [(number, 1)] if last == place else []
    ways = {end: _way(graph, end, place) for end in ends}
    bends = sorted((float(ways[a] @ ways[b]), a, b) for i, a in enumerate(ends) for b in ends[i + 1 :])
    taken: set[tuple[int, int]] = set()
    pairs = []
    for bend, a, b in bends:
        if a not in taken and b not in taken and (bend < -STRAIGHT_ON or len(ends) == 2):
            taken |= {a, b}
            pairs.append((a, b))
    return pairs


def _way(graph: _Graph, end: tuple[int, int], place: int) -> np.ndarray:
    """Return the direction in which a path leaves a place, seen over a few pixels."""
    points = graph.paths[end[0]][2]
    points = points if end[1] == 0 else points[::-1]
    away = points[min(len(points) - 1, 9)] - graph.place[place]
    return away / max(float(np.hypot(*away)), 1e-6)
