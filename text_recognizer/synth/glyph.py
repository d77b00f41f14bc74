"""A letterform as one writer shapes it: what a line is laid out and drawn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MODES = 3
"""Independent ways in which one instance of a letter may differ from the next."""


@dataclass(frozen=True, eq=False)
class Glyph:
    """One form as one writer shapes it.

    Attributes:
        points: float32 [N, 2 + 2 * MODES], the path and the displacements that an instance may add to it.
        starts: first row of each stroke.
        entry, exit: rows where neighbours join, -1 for none.
        extent: float64 [21]: least x in each band of height (about 99 where it is empty), greatest x (-99),
            then the middle of its ink, least and greatest x of all, x of the entry and of the exit, and 1 or 0 for
            whether there is one.
    """

    points: np.ndarray
    starts: np.ndarray
    entry: int
    exit: int
    extent: np.ndarray
