"""Where a level page's lines run, and which piece of ink belongs to which of them."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from text_recognizer.inference.components import Components

LEAST_AREA = 6
"""Pixels; smaller pieces of ink are specks."""

SPECK, SPANNING, RULE = -1, -2, -3
"""Owners of ink that is part of no line, that reaches over several, and that is a printed rule."""


@dataclass(frozen=True)
class Layout:
    """The J lines of a page.

    Attributes:
        centre_J: y of each line's middle, ascending.
        cut_J: the rows, one more than lines, between which each line's own ink lies for the most part.
        pitch: distance from line to line in px.
        owner_K: for each component its line, SPECK or SPANNING.
    """

    centre_J: np.ndarray
    cut_J: np.ndarray
    pitch: float
    owner_K: np.ndarray


def find_layout(mask_HW: np.ndarray, parts: Components) -> Layout | None:
    """Find the lines of a level page with one column; None if nothing on it looks like text."""
    text_K = _textual(parts, mask_HW.shape)
    if not text_K.any():
        return None
    height = _text_height(parts.height_K[text_K])
    row = np.flatnonzero(mask_HW)[text_K[parts.of_pixel]] // mask_HW.shape[1]
    profile = np.bincount(row, minlength=mask_HW.shape[0]).astype(np.float64)
    pitch = _pitch(profile, height)
    centre_J, smooth, offset = _centres(profile, pitch)
    if not len(centre_J):
        return None
    valleys = [int(np.argmin(smooth[a + offset : b + offset])) + a for a, b in pairwise(centre_J)]
    cut_J = np.array([0, *valleys, mask_HW.shape[0]])
    return Layout(centre_J, cut_J, pitch, _owners(parts, text_K, centre_J, pitch))


def _textual(parts: Components, shape: tuple[int, int]) -> np.ndarray:
    """Return which components can be text: no specks, rules, bars or dark rims of a scan."""
    rows, columns = shape
    height, width = parts.height_K, parts.width_K
    rim = (parts.left_K == 0) | (parts.top_K == 0) | (parts.right_K == columns) | (parts.bottom_K == rows)
    rim &= (rows > 120) & (height > 0.4 * rows) & ((width < 0.25 * height) | (parts.area_K > 0.03 * rows * columns))
    typical = np.median(height[parts.area_K >= LEAST_AREA]) if (parts.area_K >= LEAST_AREA).any() else 0
    rule = (width > 12 * height) & (width > 10 * typical) & (height <= max(3, 0.5 * typical))
    block = (width > 0.5 * columns) & (height > 12) & (parts.area_K > 0.8 * width * height)
    return (parts.area_K >= LEAST_AREA) & ~rim & ~rule & ~block


def _text_height(height_K: np.ndarray) -> float:
    """Return the usual height of a letter or, in joined writing, a word, in px; dots do not count."""
    letters = height_K[height_K >= max(4, 0.3 * np.median(height_K))]
    return float(np.percentile(letters if len(letters) else height_K, 60))


def _pitch(profile_H: np.ndarray, height: float) -> float:
    """Return the distance between lines: the first strong peak of the profile's autocorrelation."""
    z = _smoothed(profile_H, max(1.0, 0.22 * height))
    z = z - z.mean()
    spectrum = np.fft.rfft(z, 2 * len(z))
    alike = np.fft.irfft(spectrum * spectrum.conj())[: len(z)]
    low, high = int(max(6, 0.9 * height)), int(min(len(z) - 1, 6 * height))
    if high > low + 2:
        lag = np.arange(low, high)
        peak = (alike[lag] >= alike[lag - 1]) & (alike[lag] >= alike[lag + 1]) & (alike[lag] > 0.08 * alike[0])
        if peak.any():
            return float(lag[peak & (alike[lag] >= 0.5 * alike[lag[peak]].max())][0])
    return 1.8 * height


def _centres(profile_H: np.ndarray, pitch: float) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the rows of the lines' middles, the smoothed profile, and the offset of its first row."""
    sigma = max(1.0, 0.14 * pitch)
    offset = int(3 * sigma) + 1
    smooth = _smoothed(np.pad(profile_H, offset), sigma)
    inner = smooth[1:-1]
    peaks = np.flatnonzero((inner > smooth[:-2]) & (inner >= smooth[2:]) & (inner > 0.05 * smooth.max())) + 1
    kept: list[int] = []
    for row in sorted(peaks.tolist(), key=lambda row: -smooth[row]):
        if all(abs(row - other) > 0.55 * pitch for other in kept):
            kept.append(row)
    lines: list[int] = []
    for row in sorted(kept):
        if lines and _one_line(smooth, lines[-1], row, pitch):
            lines[-1] = max(lines[-1], row, key=lambda peak: smooth[peak])
        else:
            lines.append(row)
    return np.array(lines, dtype=np.int64) - offset, smooth, offset


def _one_line(smooth: np.ndarray, upper: int, lower: int, pitch: float) -> bool:
    """Return whether two peaks are close and have no valley in between."""
    shallow = smooth[upper:lower].min() > 0.82 * min(smooth[upper], smooth[lower])
    return bool(shallow and lower - upper < 0.8 * pitch)


def _owners(parts: Components, text_K: np.ndarray, centre_J: np.ndarray, pitch: float) -> np.ndarray:
    """Give each component to the nearest line, one whose core it crosses first."""
    core = 0.22 * pitch
    top, bottom = parts.top_K[:, None], parts.bottom_K[:, None]
    crosses = np.minimum(bottom, centre_J + core) - np.maximum(top, centre_J - core) > 0
    owner = np.argmax(crosses * 1e6 - np.abs(centre_J - parts.middle_K[:, None]), axis=1)
    spans = ((top < centre_J - 0.1 * pitch) & (bottom > centre_J + 0.1 * pitch)).sum(axis=1)
    tall = (spans > 1) | ((parts.height_K >= 1.9 * pitch) & (len(centre_J) > 1))
    return np.where(text_K, np.where(tall, SPANNING, owner), SPECK)


def _smoothed(values: np.ndarray, sigma: float) -> np.ndarray:
    """Return the values convolved with a Gaussian of standard deviation `sigma`."""
    radius = int(3 * sigma) + 1
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    padded = np.pad(values, radius, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")
