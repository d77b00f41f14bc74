"""The maps that the segmenter learns: baselines, cores, separators and x-heights of a page's lines on its cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from text_recognizer.page_input import CELL, MAPS

BASELINE, CORE, SEPARATOR, X_HEIGHT = range(len(MAPS))

SHARPNESS = 0.65
"""Cells; standard deviation of the ridge along a baseline."""


@dataclass(frozen=True)
class LinePlace:
    """Where a line stands, in pixels: points of its baseline from left to right, and its x-height."""

    baseline_N2: np.ndarray
    x_height: float


def page_maps(lines: Sequence[LinePlace], size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return the maps of a page, float32 [4, h, w], and the weights of their cells.

    Args:
        lines: with baselines that run from left to right at less than 60 degrees.
        size: height and width of the page in pixels, both multiples of the cell.
    """
    rows, columns = size[0] // CELL, size[1] // CELL
    maps = np.zeros((len(MAPS), rows, columns), np.float32)
    known = np.ones_like(maps)
    known[X_HEIGHT] = 0
    for line in lines:
        _add(maps, known, line)
    return maps, known


def _add(maps: np.ndarray, known: np.ndarray, line: LinePlace) -> None:
    """Draw one line into the maps, in place."""
    rows, columns = maps.shape[1:]
    x, y = line.baseline_N2.T / CELL - 0.5
    x_height = line.x_height / CELL
    first, last = max(0, int(np.floor(x[0] - 2))), min(columns, int(np.ceil(x[-1] + 3)))
    top, bottom = max(0, int(y.min() - 1.4 * x_height - 3)), min(rows, int(y.max() + x_height + 4))
    if last - first < 1 or bottom - top < 1 or len(x) < 2:
        return
    column, row = np.arange(first, last), np.arange(top, bottom)[:, None]
    baseline = np.interp(column, x, y)
    slope = np.gradient(y, x) if len(x) > 1 and (np.diff(x) > 0).all() else np.zeros_like(x)
    upright = 1 / np.hypot(1, np.interp(column, x, slope))
    below = (row - baseline) * upright
    within = np.clip(np.minimum(column - x[0], x[-1] - column) + 1, 0, 1)
    part = np.s_[top:bottom, first:last]
    _raise(maps[BASELINE][part], np.exp(-0.5 * (below / SHARPNESS) ** 2) * within)
    core = np.clip(np.minimum(below + x_height, -below) + 0.5, 0, 1) * within
    _raise(maps[CORE][part], core)
    end = np.minimum(np.abs(column - x[0]), np.abs(column - x[-1]))
    tall = (below > -1.2 * x_height - 0.5) & (below < 0.35 * x_height + 0.5)
    _raise(maps[SEPARATOR][part], np.exp(-0.5 * (end / 0.8) ** 2) * tall)
    at = core > 0.3
    maps[X_HEIGHT][part][at] = np.log2(line.x_height)
    known[X_HEIGHT][part][at] = 1


def _raise(part_hw: np.ndarray, values_hw: np.ndarray) -> None:
    np.maximum(part_hw, values_hw, out=part_hw)
