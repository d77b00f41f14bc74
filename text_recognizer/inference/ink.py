"""From a grey page to ink: how much darker than its paper each pixel is, and which pixels count as ink."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageFilter

LEAST_INK = 14
"""Levels of 255 by which ink must be darker than paper at the very least."""

SHARE = 0.75
"""Of Otsu's level; thin strokes are paler than the middle of thick ones."""

DARKEST = 48
"""Level from which on darker paper is taken for no darker, or its noise would be ink."""


@dataclass(frozen=True)
class Ink:
    """A page's ink at the scale it is searched at.

    Attributes:
        mask_HW: bool, where there is ink.
        paper_HW: uint8, the grey level of the paper as if nothing were written on it.
    """

    mask_HW: np.ndarray
    paper_HW: np.ndarray


def find_ink(grey_HW: np.ndarray, x_height: float, text_HW: np.ndarray | None = None) -> Ink:
    """Separate ink from paper.

    The paper is the local maximum over a few x-heights, smoothed; Otsu's threshold divides what is darker than it.

    Args:
        grey_HW: uint8, dark on light.
        x_height: usual x-height of the text in px.
        text_HW: bool, where there is text for sure: what else is on the page has no say in the threshold.
    """
    page = Image.fromarray(grey_HW)
    paper = _paper(page, x_height)
    lost_HW, paper_HW = np.asarray(ImageChops.subtract(paper, page)), np.asarray(paper)
    text_HW = None if text_HW is None or not text_HW.any() else text_HW
    lost, around = (lost_HW, paper_HW) if text_HW is None else (lost_HW[text_HW], paper_HW[text_HW])
    share = lost.astype(np.uint16) * np.uint16(255) // np.maximum(around, DARKEST)
    histogram = np.bincount(np.minimum(share, 255).ravel(), minlength=256)
    threshold = max(SHARE * otsu(histogram), LEAST_INK)
    least = np.ceil((int(threshold) + 1) * np.maximum(np.arange(256), DARKEST) / 255).astype(np.uint16)
    return Ink(lost_HW >= least.take(paper_HW), paper_HW)


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


def _paper(page: Image.Image, x_height: float) -> Image.Image:
    """Return the page's light background: smooth over letters, following shadows and edges of the paper."""
    step = int(np.clip(x_height / 2.5, 1, 8))
    small = page.reduce(step).filter(ImageFilter.BoxBlur(0.6))
    window = int(np.clip(1.6 * x_height / step, 3, 15)) | 1
    light_HW = _local_maximum(np.asarray(small), window)
    smooth = Image.fromarray(light_HW).filter(ImageFilter.BoxBlur(window))
    return smooth.resize(page.size, Image.Resampling.NEAREST)  # it is smooth enough


def _local_maximum(grey_HW: np.ndarray, window: int) -> np.ndarray:
    """Return the maximum of the square of `window` px (odd) around each pixel."""
    for axis in (0, 1):
        half = window // 2
        pad = [(half, half) if axis == side else (0, 0) for side in (0, 1)]
        padded = np.pad(grey_HW, pad, mode="edge")
        length = grey_HW.shape[axis]
        parts = [padded[i : i + length] if axis == 0 else padded[:, i : i + length] for i in range(window)]
        grey_HW = np.maximum.reduce(parts)
    return grey_HW
