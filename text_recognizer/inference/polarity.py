"""Which lines of a page are light on dark, and the page with all of them dark on light."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageFilter

from text_recognizer.inference.tracing import Trace
from text_recognizer.page_input import CELL

DISSENT = 0.5
"""Skewness of a line's grey levels from which on it has its own polarity, whatever the page's is."""


def light_lines(scaled_HW: np.ndarray, lines: Sequence[Trace]) -> np.ndarray:
    """Return which lines are light on dark, bool [J].

    Ink covers less than half of what is around it, so the levels of a line, seen from the local mean, are skewed
    towards the ink. The page decides as a whole; a line differs only where its own levels say so clearly.
    """
    usual = float(np.median([line.x_height for line in lines]))
    local_hw = _local_level(scaled_HW, usual)
    skewness, weight = np.zeros(len(lines)), np.zeros(len(lines))
    for number, line in enumerate(lines):
        y, x = _band(line, scaled_HW.shape)
        levels = scaled_HW[y, x].astype(np.float32)
        levels -= local_hw[y // CELL, x // CELL]
        if len(levels) > 8:
            levels /= float(levels.std()) + 2.0
            skewness[number] = float((levels * levels * levels).mean())
            weight[number] = len(levels)
    light = float((np.clip(skewness, -1, 1) * weight).sum()) > 0
    dissent = (skewness > 0) != light
    return np.where(dissent & (np.abs(skewness) > DISSENT), ~np.bool_(light), light)


def _local_level(scaled_HW: np.ndarray, x_height: float) -> np.ndarray:
    """Return the mean level over some x-heights around each cell."""
    return np.asarray(Image.fromarray(scaled_HW).reduce(CELL).filter(ImageFilter.BoxBlur(1.6 * x_height / CELL)))


def _band(line: Trace, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns of the pixels in and just around a line's core, every second column."""
    x = np.arange(int(line.x_N[0]), int(line.x_N[-1]) + 1, 2)
    up = np.arange(-int(0.4 * line.x_height) - 1, int(1.4 * line.x_height) + 2)[:, None]
    y = np.rint(line.y_at(x + 0.5)).astype(int) - up
    inside = (y >= 0) & (y < shape[0]) & (x >= 0) & (x < shape[1])
    return y[inside], np.broadcast_to(x, y.shape)[inside]


def dark_on_light(page_HW: np.ndarray, lines: Sequence[Trace], light: np.ndarray, scale: float) -> np.ndarray:
    """Return the page inverted as a whole where most lines are light, and around the lines that differ.

    Args:
        lines: of the page scaled by `scale`.
        light: which of them are light on dark.
    """
    mostly = bool(light.mean() > 0.5)
    page_HW = 255 - page_HW if mostly else page_HW
    others = [line for line, is_light in zip(lines, light, strict=True) if is_light != mostly]
    if not others:
        return page_HW
    page_HW = page_HW.copy()
    done_HW = np.zeros(page_HW.shape, bool)
    for line in others:
        unit = line.x_height
        left, right = (line.x_N[0] - 1.2 * unit) / scale, (line.x_N[-1] + 1.2 * unit) / scale
        top, bottom = (line.y_N.min() - 2.0 * unit) / scale, (line.y_N.max() + 0.8 * unit) / scale
        done_HW[max(0, round(top)) : max(0, round(bottom)), max(0, round(left)) : max(0, round(right))] = True
    page_HW[done_HW] = 255 - page_HW[done_HW]
    return page_HW
