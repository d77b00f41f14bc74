"""Views of a page for training the segmenter: scaled, leaning, cut, inverted and turned, with its lines along."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from text_recognizer.data.page_maps import LinePlace, page_maps
from text_recognizer.page_input import CELL, page_input

TURNED, TURN_SHARES = 0.3, (0.0, 0.25, 0.5, 0.25)
"""Share of the samples that are turned, and how often by no, one, two and three quarters."""


@dataclass(frozen=True)
class LabelledPage:
    """A page and all that is known of its lines, in its pixels.

    Attributes:
        grey_HW: uint8, upright.
        lines: all of them below row `known_from`.
        known_from: y above which there may be lines that nobody has labelled.
    """

    grey_HW: np.ndarray
    lines: tuple[LinePlace, ...]
    known_from: float = 0.0


@dataclass(frozen=True)
class PageSample:
    """What the segmenter sees and shall answer; see `PageBatch`."""

    x_HW: np.ndarray
    maps_4hw: np.ndarray
    known_4hw: np.ndarray
    turn: int


def random_view(
    page: LabelledPage, size: tuple[int, int], x_heights: tuple[float, float], lean: float, dice: np.random.Generator
) -> PageSample:
    """Return a random part of a page, or all of it.

    Args:
        size: height and width of the sample in pixels, multiples of 16.
        x_heights: least and greatest median x-height of the sample in pixels.
        lean: standard deviation of its added skew in degrees.
    """
    usual = float(np.median([line.x_height for line in page.lines])) if page.lines else 9.0
    scale = float(np.exp(dice.uniform(*np.log(x_heights)))) / usual
    scale = float(np.clip(scale, 0.2 * min(size) / min(page.grey_HW.shape), 3.0))
    angle = np.radians(float(dice.normal(0, lean)))
    rows, columns = page.grey_HW.shape
    matrix = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    room = np.array([size[1] - scale * columns, size[0] - scale * rows])
    corner = room * dice.random(2)  # where the page is larger than the view, a part of it; else somewhere within
    middle = np.array([columns, rows]) / 2
    shift = corner + scale * middle - matrix @ middle
    affine = np.concatenate([matrix, shift[:, None]], axis=1)
    grey_HW = _seen(page.grey_HW, affine, scale, size)
    if dice.random() < 0.12:
        grey_HW = 255 - grey_HW
    lines = [_placed(line, affine, scale) for line in page.lines]
    inside = [cut for line in lines if (cut := _cut(line, size)) is not None]
    maps, known = page_maps(inside, size)
    if page.known_from:
        known[:, : max(0, round((scale * page.known_from + affine[1, 2]) / CELL))] = 0
    return _turned(PageSample(page_input(grey_HW), maps, known, 0), dice)


def _seen(grey_HW: np.ndarray, affine: np.ndarray, scale: float, size: tuple[int, int]) -> np.ndarray:
    while scale < 0.5:  # bilinear sampling would skip pixels
        grey_HW = cv2.resize(grey_HW, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        affine = np.concatenate([2 * affine[:, :2], affine[:, 2:]], axis=1)
        scale *= 2
    paper = float(np.median(grey_HW[::8, ::8]))
    return cv2.warpAffine(grey_HW, affine, (size[1], size[0]), flags=cv2.INTER_LINEAR, borderValue=paper)


def _placed(line: LinePlace, affine: np.ndarray, scale: float) -> LinePlace:
    return LinePlace(line.baseline_N2 @ affine[:, :2].T + affine[:, 2], line.x_height * scale)


def _cut(line: LinePlace, size: tuple[int, int]) -> LinePlace | None:
    """Return what of a line lies within the view; None if nothing worth naming does."""
    x, y = line.baseline_N2.T
    left, right = max(x[0], 0.0), min(x[-1], float(size[1]))
    if right - left < 0.5 * line.x_height or y.max() < 0 or y.min() - line.x_height > size[0]:
        return None
    inner = x[(x > left) & (x < right)]
    at = np.concatenate([[left], inner, [right]])
    return LinePlace(np.stack([at, np.interp(at, x, y)], axis=1), line.x_height)


def _turned(sample: PageSample, dice: np.random.Generator) -> PageSample:
    """Turn some samples by quarters: of these only the core, the x-height and the turn are learned."""
    if dice.random() >= TURNED:
        return sample
    turn = int(dice.choice(4, p=TURN_SHARES))
    x_HW, maps, known = (np.rot90(a, -turn, (-2, -1)) for a in (sample.x_HW, sample.maps_4hw, sample.known_4hw))
    known = known.copy()
    known[[0, 2]] = 0
    return PageSample(np.ascontiguousarray(x_HW), np.ascontiguousarray(maps), known, turn)
