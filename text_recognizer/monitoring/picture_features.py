"""Numbers that say what a picture looks like, from a few of its rows, to notice blur, noise or another scanner."""

from __future__ import annotations

import numpy as np

SAMPLE = 65_536
"""Pixels at most that a sample holds: waiting in a queue it must cost little."""

LEAST_CONTRAST = 8.0
"""Grey levels between ink and paper below which a picture shows nothing."""


def sample(grey_HW: np.ndarray) -> np.ndarray:
    """Return whole rows of a picture, evenly spread, as a copy of at most `SAMPLE` pixels.

    Args:
        grey_HW: uint8.
    """
    height, width = grey_HW.shape
    rows = max(1, min(height, SAMPLE // max(1, width)))
    chosen = ((np.arange(rows) + 0.5) * height / rows).astype(int)
    return grey_HW[chosen]


def picture_features(rows_HW: np.ndarray) -> dict[str, float]:
    """Return brightness, contrast, sharpness, noise and ink of a picture's rows, all between 0 and 1.

    Args:
        rows_HW: uint8, rows as `sample` takes them, light or dark text.
    """
    levels = rows_HW.astype(np.float32)
    paper = float(np.median(levels))
    low, high = np.percentile(levels, (1, 99))
    ink_level = low if paper - low >= high - paper else high
    contrast = abs(paper - ink_level)
    found = {"brightness": paper / 255, "contrast": contrast / 255}
    if contrast < LEAST_CONTRAST or levels.shape[1] < 3:
        return found
    towards_ink = (paper - levels) / (paper - ink_level)
    steps = np.abs(np.diff(levels, axis=1)) / contrast
    on_paper = np.maximum(towards_ink[:, 1:], towards_ink[:, :-1]) < 0.25
    found["sharpness"] = float(np.percentile(steps, 99))
    found["noise"] = float(steps[on_paper].mean()) if on_paper.any() else 0.0
    found["ink"] = float((towards_ink > 0.5).mean())
    return found
