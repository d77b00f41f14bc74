"""Which row of a corrected text belongs to which line of a page."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

ALIKE = 0.4
"""Share of characters in common, by difflib's ratio, from which on a row may be the correction of a line."""


def matched(rows: Sequence[str], texts: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs of a row and the line that it corrects, both in order; what fits nothing is left out.

    Rows and lines that are equally many belong together one by one, unless a user has left out one and added another.

    Args:
        rows: of the corrected text.
        texts: of the lines as they were read.

    >>> matched(["The cat", "sat down"], ["The cot", "~~", "sat dawn"])
    [(0, 0), (1, 2)]
    """
    alike = [[_alike(row, text) for text in texts] for row in rows]
    if len(rows) == len(texts) and all(alike[n][n] >= ALIKE or not texts[n] for n in range(len(rows))):
        return [(number, number) for number in range(len(rows))]
    best = [[0.0] * (len(texts) + 1) for _ in range(len(rows) + 1)]
    for r in range(len(rows) - 1, -1, -1):
        for t in range(len(texts) - 1, -1, -1):
            both = alike[r][t] + best[r + 1][t + 1] if alike[r][t] >= ALIKE else 0.0
            best[r][t] = max(both, best[r + 1][t], best[r][t + 1])
    return _followed(best, alike)


def _followed(best: list[list[float]], alike: list[list[float]]) -> list[tuple[int, int]]:
    pairs, r, t = [], 0, 0
    while r < len(best) - 1 and t < len(best[0]) - 1:
        if alike[r][t] >= ALIKE and best[r][t] == alike[r][t] + best[r + 1][t + 1]:
            pairs.append((r, t))
            r, t = r + 1, t + 1
        elif best[r][t] == best[r + 1][t]:
            r += 1
        else:
            t += 1
    return pairs


def _alike(row: str, text: str) -> float:
    return SequenceMatcher(None, row, text, autojunk=False).ratio()
