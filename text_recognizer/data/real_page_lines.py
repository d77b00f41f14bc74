"""Transcribed pages for the segmenter: their baselines as they stand, their x-heights measured from the ink."""

from __future__ import annotations

import numpy as np
from PIL import Image

from text_recognizer.data.line_cutting import ink
from text_recognizer.data.page_maps import LinePlace
from text_recognizer.data.page_views import LabelledPage
from text_recognizer.data.page_xml import Page, TextLine
from text_recognizer.image import open_image
from text_recognizer.line_strip import sampled, strip_map

LEAST_LINES = 3
"""Fewer lines say nothing of the usual x-height of a page."""

LONG = 0.5
"""Share of the page's width from which on a line belongs to the running text."""


def labelled(page: Page, reduce: int = 2) -> LabelledPage | None:
    """Return a page at a fraction of its scale, or None where too little of it is transcribed.

    The note printed on top of some pages is in no transcription: what lies above the first long line is unknown.
    """
    grey_HW = open_image(page.image)
    measured = [(line, x_height_of(grey_HW, line)) for line in page.lines if len(line.baseline_N2) >= 2]
    found = [x_height for _, x_height in measured if x_height > 0]
    if len(found) < LEAST_LINES:
        return None
    usual = float(np.median(found))
    places = tuple(
        LinePlace(_left_to_right(line) / reduce, float(np.clip(x_height, 0.6 * usual, 1.6 * usual)) / reduce)
        for line, x_height in measured
    )
    long = [place for place in places if np.ptp(place.baseline_N2[:, 0]) > LONG * grey_HW.shape[1] / reduce]
    top = min((place.baseline_N2[:, 1].min() - 2.2 * place.x_height for place in long), default=0.0)
    return LabelledPage(np.asarray(Image.fromarray(grey_HW).reduce(reduce)), places, max(0.0, float(top)))


def x_height_of(grey_HW: np.ndarray, line: TextLine) -> float:
    """Return how far above a line's baseline its ink is dense, in pixels; 0 where there is none."""
    tall = float(np.ptp(line.polygon_M2[:, 1])) if len(line.polygon_M2) else 40.0
    above = int(np.clip(tall, 12, 200))
    x_hw, y_hw = strip_map(_left_to_right(line), above, 2)
    profile_h = ink(sampled(grey_HW, x_hw, y_hw)).mean(axis=1, dtype=np.float32)[::-1][2:]  # upwards from the baseline
    smooth = np.convolve(np.pad(profile_h, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    if smooth.max() < 4:
        return 0.0
    peak = int(np.argmax(smooth[: max(1, int(0.75 * above))]))
    under = np.flatnonzero(smooth[peak:] < 0.5 * np.percentile(smooth[: peak + 1], 60))
    return float(peak + under[0]) if len(under) else 0.5 * above


def _left_to_right(line: TextLine) -> np.ndarray:
    points = line.baseline_N2[np.argsort(line.baseline_N2[:, 0], kind="stable")]
    apart = np.concatenate([[True], np.diff(points[:, 0]) > 0])
    return points[apart]
