"""A border of paper around a picture: other readers lose letters that touch its edge."""

import numpy as np
from PIL import Image, ImageOps

BORDER = 10
"""Pixels that Tesseract reads single lines best with."""


def with_border(grey: Image.Image, border: int = BORDER) -> Image.Image:
    """Return a grey picture with `border` px of its paper, its 70th percentile, around it."""
    paper = int(np.percentile(np.asarray(grey), 70))
    return ImageOps.expand(grey, border, fill=paper)
