"""The printed lines of ruled and squared paper, forms and underlines, which are ink but no text."""

import numpy as np

from text_recognizer.inference.columns import moved_columns

ALONG, DOWN = 11, 8
"""x-heights; no horizontal or vertical rule is shorter: nothing of a letter is as long."""

THICKNESS = 0.45
"""x-heights; ink that goes on this far to both sides of a rule's middle belongs to a letter that crosses it."""

FILLED = 0.85


def find_rules(mask_HW: np.ndarray, x_height: float, slope: float = 0.0) -> np.ndarray:
    """Return which pixels of a page's ink belong to rules, bool [H, W].

    A rule is a row or column, give or take one, that is inked nearly throughout over a length that no letter has.
    Where letters stand on it or cross it, its pixels are left to them.

    Args:
        x_height: usual x-height of the text in px.
        slope: px per px by which rules along the lines fall from left to right.
    """
    thick = max(2, round(THICKNESS * x_height))
    along_HW = _leaning_rules(mask_HW, max(40, round(ALONG * x_height)), thick, slope)
    mask_WH = np.ascontiguousarray(mask_HW.T)
    return along_HW | _leaning_rules(mask_WH, max(40, round(DOWN * x_height)), thick, -slope).T


def _leaning_rules(mask_HW: np.ndarray, length: int, thick: int, slope: float) -> np.ndarray:
    """Shift the columns so that rules are level, find them, and shift them back."""
    rows, columns = mask_HW.shape
    shift = np.rint(slope * (np.arange(columns) - columns / 2)).astype(np.int64)
    if not shift.any():
        return _level_rules(mask_HW, length, thick)
    room = int(np.abs(shift).max())
    found_HW = _level_rules(moved_columns(mask_HW, shift - room, rows + 2 * room, fill=0), length, thick)
    return moved_columns(found_HW, room - shift, rows)


def _level_rules(mask_HW: np.ndarray, length: int, thick: int) -> np.ndarray:
    rows, columns = mask_HW.shape
    none_HW = np.zeros_like(mask_HW)
    if columns < length or rows <= 2 * thick:
        return none_HW
    likely = np.flatnonzero(_widened(mask_HW.sum(axis=1) > 0.4 * length))
    if not len(likely):
        return none_HW
    band_RW = mask_HW[likely] | mask_HW[np.maximum(likely - 1, 0)] | mask_HW[np.minimum(likely + 1, rows - 1)]
    inked = np.cumsum(np.pad(band_RW, ((0, 0), (1, 0))), axis=1, dtype=np.int32)
    full = inked[:, length:] - inked[:, :-length] >= FILLED * length
    some = full.any(axis=1)
    if not some.any():
        return none_HW
    likely, full = likely[some], full[some]
    edges = np.zeros((len(likely), columns + 1), dtype=np.int16)
    edges[:, : full.shape[1]] += full
    edges[:, length:] -= full
    covered = np.cumsum(edges[:, :-1], axis=1) > 0
    crossing = mask_HW[np.maximum(likely - thick, 0)] | mask_HW[np.minimum(likely + thick, rows - 1)]
    none_HW[likely] = mask_HW[likely] & covered & ~crossing
    return none_HW


def _widened(row_H: np.ndarray) -> np.ndarray:
    """Return the flags, each set for the rows beside it too."""
    padded = np.pad(row_H, 1)
    return padded[:-2] | padded[1:-1] | padded[2:]
