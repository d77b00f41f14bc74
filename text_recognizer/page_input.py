"""A page as the segmenter takes it: contrast made even, lighting removed. Training and reading call this function."""

import numpy as np
from PIL import Image, ImageChops, ImageFilter

STRIDE = 16
"""Pixels; the sides of the segmenter's input are multiples of it."""

MAPS = ("baseline", "core", "separator", "x-height")
"""The segmenter's channels at a quarter of the scale: three logits, and the binary logarithm of the x-height in px."""

CELL = 4
"""Pixels of the input per cell of the maps, on both axes."""

NEAR, FAR = 2, 6
"""Cells; half sides of the squares over which the local level and the local contrast are taken."""

BLOCK = 512
"""Rows that are worked on at once."""

LEAST_CONTRAST = 4.0
"""Levels of 255 that count as contrast on a page that has none."""


def page_input(grey_HW: np.ndarray) -> np.ndarray:
    """Return a page as the segmenter takes it, padded with paper to multiples of 16 px on the right and below.

    Args:
        grey_HW: uint8, light or dark text.

    Returns:
        float32 [H, W], how far each pixel is from its surroundings, in units of the contrast there; within [-4, 4].
    """
    page, local_HW = Image.fromarray(grey_HW), local_mean(grey_HW, NEAR)
    size = ImageChops.difference(page, Image.fromarray(local_HW))
    usual = float(np.asarray(size).mean(dtype=np.float32))
    contrast_of_level = np.arange(256, dtype=np.float32) * 2 + np.float32(usual + LEAST_CONTRAST)
    around_HW = local_mean(np.asarray(size), FAR)
    rows, columns = grey_HW.shape
    x_HW = np.zeros((-(-rows // STRIDE) * STRIDE, -(-columns // STRIDE) * STRIDE), np.float32)
    for top in range(0, rows, BLOCK):  # in blocks, because the intermediate results are larger than the page
        block = np.s_[top : min(rows, top + BLOCK)]
        apart_HW = np.subtract(grey_HW[block], local_HW[block], out=x_HW[block, :columns], dtype=np.float32)
        apart_HW /= contrast_of_level.take(around_HW[block])
        np.clip(apart_HW, -4, 4, out=apart_HW)
    return x_HW


def local_mean(levels_HW: np.ndarray, cells: float) -> np.ndarray:
    """Return the mean over about `2 * cells + 1` cells around each pixel, uint8, interpolated between the cells."""
    page = Image.fromarray(levels_HW)
    small = page.reduce(CELL).filter(ImageFilter.BoxBlur(cells))
    return np.asarray(small.resize(page.size, Image.Resampling.BILINEAR))
