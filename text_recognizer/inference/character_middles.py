"""Where the characters of a line stand, from the boxes that were written of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

Extent = tuple[float, float]
"""Where something begins and ends along an axis."""

CUT = 1.5
"""Pixels from the end of the line at which a box is taken to be cut off there."""

FITS = 2.0
"""Pixels by which edges may be off that were rounded."""

LOOSE = 0.001
"""How much less it counts where the middle of a character's box is than where two boxes meet."""


def middles_of(spans: Sequence[Extent | None], line: Extent) -> list[float]:
    """Return the places whose means are the edges of spans; a space has no span of its own.

    The first and the last span are as long behind their middles as before them, unless that does not fit and the end
    of the line may have cut them off.
    """
    ends = [(1.0, 1.0)]
    for place, side in ((0, 0), (-1, 1)):
        span = spans[place]
        if span and abs(span[side] - line[side]) <= CUT:
            ends += [(LOOSE, last) if side == 0 else (first, LOOSE) for first, last in ends]
    found = [_solved(spans, *weights) for weights in ends]
    misfits = [_misfit(middles, spans, line) for middles in found]
    return found[0 if misfits[0] <= FITS else misfits.index(min(misfits))]


def _misfit(middles: Sequence[float], spans: Sequence[Extent | None], line: Extent) -> float:
    """Return how far the spans that places make are from those given."""
    edges = [(a + b) / 2 for a, b in pairwise(middles)]
    if not edges:
        return 0.0
    edges = [max(2 * middles[0] - edges[0], line[0]), *edges, min(2 * middles[-1] - edges[-1], line[1])]
    return max(
        max(abs(left - span[0]), abs(right - span[1]))
        for (left, right), span in zip(pairwise(edges), spans, strict=True)
        if span
    )


def _solved(spans: Sequence[Extent | None], first: float, last: float) -> list[float]:
    """Return the places that fit spans best, by least squares with weights for the middles of both ends."""
    edges = []
    for before, behind in pairwise(spans):
        known = ([before[1]] if before else []) + ([behind[0]] if behind else [])
        edges.append(sum(known) / len(known))
    centres = [
        (span[0] + span[1]) / 2 if span else (edges[place - 1] + edges[place]) / 2 for place, span in enumerate(spans)
    ]
    count = len(spans)
    weights = [first, *[LOOSE] * (count - 2), last] if count > 1 else [1.0]
    diagonal = [weight + 0.25 * ((place > 0) + (place < count - 1)) for place, weight in enumerate(weights)]
    sums = [weight * centre for weight, centre in zip(weights, centres, strict=True)]
    for place, edge in enumerate(edges):
        sums[place] += edge / 2
        sums[place + 1] += edge / 2
    for place in range(1, count):  # the matrix has 0.25 beside its diagonal, and zeros elsewhere
        share = 0.25 / diagonal[place - 1]
        diagonal[place] -= 0.25 * share
        sums[place] -= share * sums[place - 1]
    middles = [0.0] * count
    for place in reversed(range(count)):
        rest = 0.25 * middles[place + 1] if place < count - 1 else 0.0
        middles[place] = (sums[place] - rest) / diagonal[place]
    return middles
