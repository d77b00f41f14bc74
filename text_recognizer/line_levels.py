"""One text line as a model takes it: dark on light, scaled to a height, ink near 1 and paper near 0.

Training and reading call the same functions, so that a model meets in use what it met in training.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate

import numpy as np
from PIL import Image, ImageFilter

MAX_LINE_WIDTH = 32_768
MIN_LINE_WIDTH = 16

_LEVELS = np.arange(256, dtype=np.float32)


def dark_on_light(grey_HW: np.ndarray) -> np.ndarray:
    """Return the picture with its text darker than its paper, inverted where it is not.

    Text covers less than half of what is around it, so the deviations from the local mean are skewed towards the
    text: their third moment is negative for dark text. Shading moves the local mean along and does not count.
    """
    if min(grey_HW.shape) < 2:
        return grey_HW
    small = Image.fromarray(grey_HW).reduce(max(1, max(grey_HW.shape) // 1024))
    radius = max(4, min(256, min(small.size) // 3))
    paper = np.asarray(small.filter(ImageFilter.BoxBlur(radius)), dtype=np.float32)
    deviation = np.asarray(small, dtype=np.float32) - paper
    return 255 - grey_HW if float((deviation * deviation * deviation).mean()) > 0 else grey_HW


def line_input(grey_HW: np.ndarray, height: int) -> np.ndarray:
    """Return one text line as a model takes it: `height` px high, paper near 0, ink near 1.

    The aspect ratio is kept, up to a width of 32,768 px; a line
    narrower than 16 px is padded with paper on its right.

    Args:
        grey_HW: uint8, dark text on light paper.
        height: in px.

    Returns:
        float32 [height, W], clipped to [-0.5, 1.5].
    """
    width = line_width(grey_HW, height)
    line = Image.fromarray(grey_HW)
    if line.size != (width, height):
        line = line.resize((width, height), Image.Resampling.BILINEAR)
    normal_HW = _ink_of_level(line.histogram()).take(np.asarray(line), mode="clip")  # twice as fast as indexing
    if width >= MIN_LINE_WIDTH:
        return normal_HW
    return np.pad(normal_HW, ((0, 0), (0, MIN_LINE_WIDTH - width)))


def levels_input(grey_HW: np.ndarray) -> np.ndarray:
    """Return a picture as a model takes it, at its own size: paper near 0, ink near 1; float32, as `line_input`."""
    return _ink_of_level(Image.fromarray(grey_HW).histogram()).take(grey_HW, mode="clip")


def line_width(grey_HW: np.ndarray, height: int) -> int:
    """Return the width in px that `line_input` scales a line to, before any padding."""
    rows, columns = grey_HW.shape
    return min(MAX_LINE_WIDTH, max(1, round(columns * height / max(1, rows))))


def padded_width(width: int) -> int:
    """Return the width in px to which a line of `width` px is padded for a model, in training and in reading.

    There is paper behind every line, 16 px at least: what a convolution sees there is part of how it reads the end.
    """
    return (width + 31) // 16 * 16


def _ink_of_level(histogram: list[int]) -> np.ndarray:
    """Return the amount of ink that each of the 256 grey levels of a line stands for.

    Paper is the 70th percentile and full ink the 1st. The range between them is at least 32 levels and four times
    the spread of the paper, or the noise of a blank line would be taken for ink.
    """
    counts = list(accumulate(histogram))
    ink, paper, bright = (bisect_left(counts, share * counts[-1]) for share in (0.01, 0.70, 0.95))
    contrast = max(paper - ink, 4 * (bright - paper), 32)
    return ((paper - _LEVELS) / np.float32(contrast)).clip(-0.5, 1.5)
