"""A line of ink before paper, light and camera: what every drawing source of the synthesiser returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class InkLine:
    """One drawn text line, cropped close to its ink.

    Attributes:
        ink_HW: uint8 [H, W], 255 where the ink is full, 0 on bare paper.
        baseline: y of the writing line, in pixels from the top.
        x_height: height of a small x, in pixels.
        centres: float64 [L], x of each character's centre in pixels, spaces included.
    """

    ink_HW: np.ndarray
    baseline: float
    x_height: float
    centres: np.ndarray
