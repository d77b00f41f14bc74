"""From a grey page to ink: how much darker than its paper each pixel is, and which pixels count as ink."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

LEAST_INK = 18
"""Levels of 255 by which ink must be darker than paper at the very least."""


@dataclass(frozen=True)
class Ink:
    """A page's ink at the scale it is searched at.

    Attributes:
        mask_HW: bool, where there is ink.
        paper_HW: uint8, the grey level of the paper as if nothing were written on it.
    """

    mask_HW: np.ndarray
    paper_HW: np.ndarray


def find_ink(grey_HW: np.ndarray) -> Ink:
    """Separate ink from paper.

    The paper is the local maximum of the page at about 1/200 of its size, smoothed; Otsu's threshold divides what is
    darker than it. A page of noise has no ink: the threshold stays clear of the spread of the paper.

    Args:
        grey_HW: uint8, dark on light, both sides at least 2 px.
    """
    paper_HW = _paper(grey_HW)
    scale = np.maximum(paper_HW, 32).astype(np.float32)
    lost_HW = (paper_HW.astype(np.float32) - grey_HW) * (255 / scale)
    offset = float(np.median(lost_HW[::3, ::3]))
    ink_HW = np.clip(lost_HW - offset, 0, 255).astype(np.uint8)
    smooth_HW = np.asarray(Image.fromarray(ink_HW).filter(ImageFilter.BoxBlur(1)))
    below = np.clip(offset - lost_HW[::3, ::3], 0, None)
    noise = float(np.sqrt((below**2).sum() / max(1, np.count_nonzero(below))))
    threshold = max(0.9 * otsu(np.bincount(smooth_HW.ravel(), minlength=256)), LEAST_INK, 2.5 * noise)
    level_HW = np.clip(paper_HW - offset / 255 * scale, 0, 255).astype(np.uint8)
    return Ink(smooth_HW > threshold, level_HW)


def otsu(histogram: np.ndarray) -> int:
    """Return the level that divides a histogram into the two classes with the largest variance between them.

    Source: Otsu 1979.
    """
    counts = histogram.astype(np.float64)
    levels = np.arange(len(counts))
    below, total = np.cumsum(counts), counts.sum()
    sum_below = np.cumsum(counts * levels)
    between = (sum_below[-1] * below - sum_below * total) ** 2 / np.maximum(below * (total - below), 1e-9)
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))
    return int(best.mean())


def _paper(grey_HW: np.ndarray) -> np.ndarray:
    """Return the page's light background, uint8 [H, W]."""
    height, width = grey_HW.shape
    page = Image.fromarray(grey_HW)
    small = page.reduce(max(1, min(height, width) // 200, max(height, width) // 600))
    shorter = min(small.size)
    window = min(25, max(9, shorter // 14 | 1))
    spread = min(101, max(15, shorter // 6)) / 4
    light_HW = _local_maximum(np.asarray(small.filter(ImageFilter.BoxBlur(1))), window)
    smooth = Image.fromarray(light_HW).filter(ImageFilter.GaussianBlur(spread))
    return np.asarray(smooth.resize((width, height), Image.Resampling.BILINEAR))


def _local_maximum(grey_HW: np.ndarray, window: int) -> np.ndarray:
    """Return the maximum of the square of `window` px (odd) around each pixel."""
    for axis in (0, 1):
        half = window // 2
        pad = [(half, half) if axis == side else (0, 0) for side in (0, 1)]
        padded = np.pad(grey_HW, pad, mode="edge")
        views = np.lib.stride_tricks.sliding_window_view(padded, window, axis=axis)
        grey_HW = np.ascontiguousarray(views.max(axis=-1))
    return grey_HW
