"""The path of the pen along a line: letters placed, joined, led into and out of, and rounded by hurry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from text_recognizer.synth.glyph import MODES, Glyph

JOIN_STEPS = 9
"""Points of the curve that joins two letters."""


@dataclass
class PenPath:
    """All strokes of a line laid end to end: points [N, 2], and the first row of each stroke."""

    points: np.ndarray
    starts: np.ndarray


@dataclass(frozen=True)
class Sweep:
    """A stroke that leads into a word or out of it; lengths in x-heights.

    Attributes:
        letter: place of the word's first or last letter among those of the line.
        side: -1 before the letter, 1 after it.
        far: its width.
        rise: how far it rises from left to right.
    """

    letter: int
    side: int
    far: float
    rise: float


def written(
    glyphs: list[Glyph],
    origins: np.ndarray,
    joined: np.ndarray,
    weights: np.ndarray,
    instances: np.ndarray,
    hurry: int = 0,
    sweeps: Sequence[Sweep] = (),
) -> PenPath:
    """Place an instance of every glyph and draw the joins.

    Args:
        origins: float64 [V], where each glyph's x is 0.
        joined: bool [V - 1], whether it is joined to the next.
        weights: float64 [V, MODES], how much of each of the glyph's displacements it gets.
        instances: float64 [V, 4], from `_instances`.
        hurry: see `Style`.
        sweeps: strokes that lead into words and out of them.
    """
    lengths = np.array([len(glyph.points) for glyph in glyphs])
    first = np.cumsum(lengths) - lengths
    owner = np.repeat(np.arange(len(glyphs)), lengths)
    rows = np.concatenate([glyph.points for glyph in glyphs])
    modes = rows[:, 2:].reshape(len(rows), MODES, 2)
    x, y = (rows[:, :2] + np.einsum("nmk,nm->nk", modes, weights.take(owner, 0))).T
    stretch, size, turn, rise = instances.take(owner, 0).T
    points = np.stack([x * stretch + y * turn + origins[owner], y * size - x * turn + rise], axis=1)
    starts = np.concatenate([glyph.starts for glyph in glyphs])
    starts = starts + np.repeat(first, [len(glyph.starts) for glyph in glyphs])
    swept, swept_starts = _swept(sweeps, glyphs, first, points)
    starts = np.concatenate([starts, swept_starts])
    points = np.concatenate([points, swept])
    which = np.flatnonzero(joined)
    if not len(which):
        return rounded(PenPath(points, starts), hurry)
    leave = np.array([glyphs[i].exit + first[i] for i in which])
    enter = np.array([glyphs[i + 1].entry + first[i + 1] for i in which])
    joins = _joins(points, leave, enter)
    if hurry:
        return rounded(chained(points, starts, leave, enter, joins), hurry)
    starts = np.concatenate([starts, len(points) + JOIN_STEPS * np.arange(len(which))])
    return PenPath(np.concatenate([points, joins.reshape(-1, 2)]), starts)


def chained(points: np.ndarray, starts: np.ndarray, leave: np.ndarray, enter: np.ndarray, joins: np.ndarray) -> PenPath:
    """Return the path with every join laid between the two strokes that it joins, as one stroke."""
    ends = np.append(starts[1:], len(points))
    stroke_of = np.searchsorted(starts, np.arange(len(points)), side="right") - 1
    onward = dict(zip(stroke_of[leave].tolist(), zip(stroke_of[enter].tolist(), joins, strict=True), strict=True))
    reached = {stroke for stroke, _ in onward.values()}
    pieces, first, row = [], [], 0
    for stroke in range(len(starts)):
        if stroke in reached:
            continue
        first.append(row)
        here: int | None = stroke
        while here is not None:
            piece = points[starts[here] : ends[here]]
            here, join = onward.get(here, (None, None))
            pieces += [piece] if join is None else [piece, join[1:-1:2]]
            row += sum(map(len, pieces[-1:] if join is None else pieces[-2:]))
    return PenPath(np.concatenate(pieces), np.array(first))


def random_sweeps(glyphs: list[Glyph], spaces: np.ndarray, share: float, rng: np.random.Generator) -> list[Sweep]:
    """Draw which words of a line begin or end with a stroke that reaches out, and how far.

    Args:
        glyphs: of the line.
        spaces: int [V - 1], spaces between a letter and the next.
        share: of the beginnings and ends that have one.
        rng: what makes this line differ from others.
    """
    begins, ends = (np.concatenate(pair) > 0 for pair in (([1], spaces), (spaces, [1])))
    dice = rng.random((len(glyphs), 2)) < share
    reach = rng.normal((0.25, 0.2), (0.2, 0.3), (len(glyphs), 2))
    found = [Sweep(int(i), -1, *reach[i]) for i in np.flatnonzero(begins & dice[:, 0]) if glyphs[i].entry >= 0]
    found += [Sweep(int(i), 1, *reach[i]) for i in np.flatnonzero(ends & dice[:, 1]) if glyphs[i].exit >= 0]
    return [sweep for sweep in found if sweep.far > 0.1]


def _swept(
    sweeps: Sequence[Sweep], glyphs: list[Glyph], first: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the points of the sweeps and where, after all other points, each begins."""
    curves = []
    u = np.linspace(0, 1, 6)
    for sweep in sweeps:
        glyph = glyphs[sweep.letter]
        row = first[sweep.letter] + (glyph.entry if sweep.side < 0 else glyph.exit)
        x, y = points[row]
        curve = np.stack([x + sweep.side * sweep.far * u, y + sweep.side * sweep.rise * u * u], axis=1)
        curves.append(curve[::-1] if sweep.side < 0 else curve)
    starts = len(points) + len(u) * np.arange(len(curves))
    return np.concatenate(curves) if curves else points[:0], starts


def rounded(path: PenPath, hurry: int) -> PenPath:
    """Return the path as a pen takes it that has no time for corners; the ends of strokes stay."""
    if not hurry:
        return path
    points = path.points
    is_end = np.zeros(len(points), bool)
    is_end[path.starts] = is_end[path.starts - 1] = True
    for _ in range(hurry):
        smooth = points.copy()
        smooth[1:-1] = 0.25 * points[:-2] + 0.5 * points[1:-1] + 0.25 * points[2:]
        points = np.where(is_end[:, None], points, smooth)
    return PenPath(points, path.starts)


def _joins(points: np.ndarray, leave: np.ndarray, enter: np.ndarray) -> np.ndarray:
    """Return [J, JOIN_STEPS, 2]: curves that leave one letter in its direction and arrive in that of the next."""
    start, end = points[leave], points[enter]
    chord = end - start
    length = np.maximum(np.hypot(*chord.T), 1e-3)[:, None]
    out, into = unit_vectors(start - points[leave - 2]), unit_vectors(points[enter + 1] - end)
    away = (into * chord).sum(1, keepdims=True) < 0
    into = np.where(away, chord / length, into)
    u = np.linspace(0, 1, JOIN_STEPS)[:, None, None]
    tight = 0.9 * length
    curve = (1 + 2 * u) * (1 - u) ** 2 * start + (3 - 2 * u) * u**2 * end
    curve = curve + u * (1 - u) ** 2 * out * tight - u**2 * (1 - u) * into * tight
    return curve.transpose(1, 0, 2)


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.hypot(vectors[:, 0], vectors[:, 1]), 1e-6)[:, None]
