"""Straightening a line of text: the strip of a page that runs along a baseline, however bent, as a level picture."""

from __future__ import annotations

import numpy as np


def strip_map(baseline_N2: np.ndarray, above: float, below: float) -> tuple[np.ndarray, np.ndarray]:
    """Return where on the page each pixel of the strip along a baseline lies: x [h, w] and y [h, w], float32.

    A pixel of the strip is as large as one of the page; columns stand at right angles to the smoothed baseline.

    Args:
        baseline_N2: x and y of at least two points, from left to right.
        above: pixels above the baseline that the strip shows.
        below: pixels below it.
    """
    points = np.asarray(baseline_N2, np.float64)
    moved = np.hypot(*np.diff(points, axis=0).T)
    points = points[np.concatenate([[True], moved > 0])]
    if len(points) < 2:
        points = np.concatenate([points[:1], points[:1] + (1.0, 0.0)])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.arange(max(1, round(along[-1])), dtype=np.float64)
    x, y = np.interp(at, along, points[:, 0]), np.interp(at, along, points[:, 1])
    dx, dy = _slope(x, above + below), _slope(y, above + below)
    length = np.maximum(np.hypot(dx, dy), 1e-6)
    down = np.arange(-round(above), max(1, round(below)), dtype=np.float64)[:, None]
    return (x - down * dy / length).astype(np.float32), (y + down * dx / length).astype(np.float32)


def sampled(image_HW: np.ndarray, x_hw: np.ndarray, y_hw: np.ndarray) -> np.ndarray:
    """Return the image at fractional places, uint8 [h, w], bilinearly; beyond its border the nearest pixel."""
    rows, columns = image_HW.shape
    x_hw, y_hw = x_hw.clip(0, columns - 1), y_hw.clip(0, rows - 1)
    left, top = x_hw.astype(np.int32), y_hw.astype(np.int32)
    x_share, y_share = x_hw - left, y_hw - top
    here = top * columns + left
    right, under = left < columns - 1, (top < rows - 1) * columns
    flat = image_HW.ravel()
    upper = flat[here] * (1 - x_share) + flat[here + right] * x_share
    lower = flat[here + under] * (1 - x_share) + flat[here + under + right] * x_share
    return np.rint(upper * (1 - y_share) + lower * y_share).astype(np.uint8)


def _slope(values: np.ndarray, reach: float) -> np.ndarray:
    """Return the change of `values` per step, taken over about `reach` steps so that corners do not fan out."""
    count = len(values)
    half = int(min(max(2, reach), max(1, count - 1)))
    index = np.arange(count)
    low, high = np.maximum(index - half, 0), np.minimum(index + half, count - 1)
    return (values[high] - values[low]) / np.maximum(high - low, 1) if count > 1 else np.ones(count)
