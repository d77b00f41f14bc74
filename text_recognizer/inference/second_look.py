"""Reading a line again, drawn wider, where the first reading was unsure: tight hands have more room then."""

from __future__ import annotations

import numpy as np
from PIL import Image

from text_recognizer.line_levels import line_width

STRETCH = 1.3
"""Width of the second look by that of the first."""

BELOW = 0.9
"""Greedy confidence of the first look from which on there is no second, unless a recipe says otherwise."""


def stretched(line_HW: np.ndarray, height: int) -> np.ndarray:
    """Return a line scaled to `height` px and `STRETCH` times the width it would have there, uint8 [height, W]."""
    size = max(1, round(STRETCH * line_width(line_HW, height))), height
    return np.asarray(Image.fromarray(line_HW).resize(size, Image.Resampling.BILINEAR))
