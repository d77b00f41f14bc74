"""The printed lines of ruled paper, forms and underlines, which are ink but no text."""

import numpy as np

LEAST_LENGTH = 100
"""Pixels; no rule is shorter, nor shorter than an eighth of the page."""

HALF_THICKNESS = 4
"""Pixels; ink that goes on this far above or below belongs to a letter that crosses the rule."""

FILLED = 0.85


def find_rules(mask_HW: np.ndarray) -> np.ndarray:
    """Return which pixels of a level page's ink belong to rules, bool [H, W].

    A rule is a row, give or take one, that is inked nearly throughout over a length that no letter has. Where letters
    stand on it or cross it, its pixels are left to them.
    """
    rows, columns = mask_HW.shape
    length = max(LEAST_LENGTH, columns // 8)
    if columns < length or rows <= 2 * HALF_THICKNESS:
        return np.zeros_like(mask_HW)
    band_HW = mask_HW | _moved(mask_HW, 1) | _moved(mask_HW, -1)
    inked = np.cumsum(np.pad(band_HW, ((0, 0), (1, 0))), axis=1, dtype=np.int32)
    full = inked[:, length:] - inked[:, :-length] >= FILLED * length
    if not full.any():
        return np.zeros_like(mask_HW)
    edges = np.zeros((rows, columns + 1), dtype=np.int32)
    edges[:, : full.shape[1]] += full
    edges[:, length:] -= full
    covered_HW = np.cumsum(edges[:, :-1], axis=1) > 0
    return mask_HW & covered_HW & ~_moved(mask_HW, HALF_THICKNESS) & ~_moved(mask_HW, -HALF_THICKNESS)


def _moved(mask_HW: np.ndarray, down: int) -> np.ndarray:
    """Return the mask moved down (or, below zero, up) by some rows."""
    moved = np.zeros_like(mask_HW)
    if down > 0:
        moved[down:] = mask_HW[:-down]
    else:
        moved[:down] = mask_HW[-down:]
    return moved
