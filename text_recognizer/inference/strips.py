"""Cutting the lines of a level page out of it: straight, only their own ink, close to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from text_recognizer.inference.columns import moved_columns
from text_recognizer.inference.ownership import NOBODY
from text_recognizer.inference.tracing import Trace

MARGIN = 0.04
"""Share of the ink's height that is left free above and below; twice that at the sides."""

HIGHEST, LOWEST = 2.6, 1.4
"""x-heights above and below the baseline beyond which a line's crop does not reach: were it as high as the longest
stroke, a reader that scales lines to one height would see small letters."""

USUAL, THIN = (1.7, 0.7), 0.01
"""x-heights above and below the baseline within which all ink counts for a line's height; and the share of its width
that a row beyond must have in ink to count, more than a few long strokes."""

FINEST = 20
"""Pixels; x-height from which on a line is reduced by a whole factor, as far as this much is left."""

LEVEL = 0.2
"""x-heights by which a line may rise and fall and still be cut as a rectangle."""

LEAST_INK = 0.12
"""Squared x-heights; a line with less ink than that is dust."""

FLAT = 0.4
"""x-heights; what is lower all along is a dash or a dotted rule."""

FLATTER = 0.22
"""Share of the tall lines' height below which a line is a dotted rule, too."""


@dataclass(frozen=True)
class Strip:
    """A line cut out of a level page.

    Attributes:
        crop_HW: uint8, dark on light, its baseline straight and level.
        x_N, baseline_N2: px of the crop, and the points of the level page (x, y) where the baseline passes them.
        above, below: px of the page from the baseline to the crop's upper and lower edge.
    """

    crop_HW: np.ndarray
    x_N: np.ndarray
    baseline_N2: np.ndarray
    above: float
    below: float


@dataclass(frozen=True)
class Extent:
    """Where a line's own ink lies: columns of the page, and rows above (below 0) and below its baseline."""

    left: int
    right: int
    top: float
    bottom: float
    pixels: int


def cut_strips(
    page_HW: np.ndarray, owner_HW: np.ndarray, paper_HW: np.ndarray, lines: Sequence[Trace], scale: float
) -> Iterator[tuple[int, Strip]]:
    """Yield the number and the strip of each line that has ink.

    Args:
        page_HW: uint8, dark on light, in full resolution.
        owner_HW: of the page scaled by `scale`, see `ownership.owners`.
        paper_HW: uint8, of the scaled page.
        lines: on the scaled page.
        scale: px of the scaled page per px of the page.
    """
    for number, extent in extents(owner_HW, lines).items():
        strip = _strip(page_HW, owner_HW, paper_HW, lines[number], number, extent, scale)
        if strip is not None:
            yield number, strip


def extents(owner_HW: np.ndarray, lines: Sequence[Trace]) -> dict[int, Extent]:
    """Return where the ink of each line lies, for the lines that have enough of it to be text."""
    place = np.flatnonzero(owner_HW.ravel() >= 0)
    if not len(place):
        return {}
    owner = owner_HW.ravel()[place]
    order = np.argsort(owner, kind="stable")  # a radix sort, these being 16 bit numbers
    place, owner = place[order], owner[order]
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    found = {}
    for number, cells in zip(owner[starts].tolist(), np.split(place, starts[1:]), strict=True):
        extent = _extent(*np.divmod(cells, owner_HW.shape[1]), lines[number])
        if extent is not None:
            found[number] = extent
    usual = np.percentile([extent.bottom - extent.top for extent in found.values()], 90) if found else 0.0
    return {number: extent for number, extent in found.items() if extent.bottom - extent.top >= FLATTER * usual}


def _extent(y: np.ndarray, x: np.ndarray, line: Trace) -> Extent | None:
    unit = line.x_height
    below = y + 0.5 - line.y_at(x + 0.5)
    near = (below > -HIGHEST * unit) & (below < LOWEST * unit)
    if near.sum() < max(3, LEAST_INK * unit * unit):
        return None
    x, below = x[near], below[near]
    lowest = int(np.floor(below.min()))
    inked = np.bincount((np.floor(below) - lowest).astype(np.int64))
    row = np.arange(lowest, lowest + len(inked))
    usual = (row >= -USUAL[0] * unit) & (row < USUAL[1] * unit)
    rows = np.flatnonzero(inked > np.where(usual, 0.0, max(1.0, THIN * np.ptp(x))))
    if not len(rows):
        return None
    top, bottom = float(lowest + rows[0]), float(lowest + rows[-1] + 1)
    if bottom - top < FLAT * unit:
        return None
    return Extent(int(x.min()), int(x.max()) + 1, top, bottom, len(x))


def _strip(
    page_HW: np.ndarray,
    owner_HW: np.ndarray,
    paper_HW: np.ndarray,
    line: Trace,
    number: int,
    extent: Extent,
    scale: float,
) -> Strip | None:
    rows, columns = owner_HW.shape
    margin = max(1.0, MARGIN * (extent.bottom - extent.top))
    left, right = max(0, int(extent.left - 2 * margin)), min(columns, int(np.ceil(extent.right + 2 * margin)))
    y = line.y_at(np.arange(left, right) + 0.5)
    if np.ptp(y) <= LEVEL * line.x_height:
        y = np.full_like(y, np.median(y))
    top = int(max(0, np.floor(y.min() + extent.top - margin)))
    bottom = int(min(rows, np.ceil(y.max() + extent.bottom + margin)))
    if bottom - top < 2 or right - left < 2:
        return None
    window = np.s_[top:bottom, left:right]
    foreign_hw = _foreign(owner_HW[window], number)
    full = tuple(slice(round(edge.start / scale), round(edge.stop / scale)) for edge in window)
    source_hw = page_HW[full]
    if min(source_hw.shape) < 2:
        return None
    step = max(1, int(line.x_height / scale / FINEST))
    if step > 1:
        source_hw = np.asarray(Image.fromarray(source_hw).reduce(step))
    painted_hw = _painted(source_hw, foreign_hw, paper_HW[window])
    per_px = source_hw.shape[0] / (bottom - top)  # px of the crop per px of the scaled page
    across = source_hw.shape[1] / (right - left)
    at = np.clip((np.arange(source_hw.shape[1]) + 0.5) / across - 0.5, 0, right - left - 1)
    baseline_W = (np.interp(at, np.arange(right - left), y) - top) * per_px
    above, below = (margin - extent.top) * per_px, (margin + extent.bottom) * per_px
    crop_HW = _straightened(painted_hw, baseline_W, above, below)
    knots = np.linspace(0, crop_HW.shape[1], 2 if not np.ptp(y) else max(2, (right - left) // 16))
    points_x = left + knots / across
    points_y = np.interp(points_x, np.arange(left, right) + 0.5, y)
    return Strip(
        crop_HW, knots, np.stack([points_x, points_y], 1) / scale, above / per_px / scale, below / per_px / scale
    )


def _straightened(window_hw: np.ndarray, baseline_W: np.ndarray, above: float, below: float) -> np.ndarray:
    """Return the window with each column moved so that the baseline is level, cut to what is above and below it."""
    rows = window_hw.shape[0]
    if not np.ptp(baseline_W):
        top = max(0, round(baseline_W[0] - above))
        return window_hw[top : max(top + 1, min(rows, round(baseline_W[0] + below)))]
    return moved_columns(window_hw, np.rint(baseline_W - above).astype(np.int64), max(1, round(above + below)))


def _foreign(owner_hw: np.ndarray, number: int) -> np.ndarray:
    """Return which pixels of a line's window are other lines' ink, with the soft rim of their strokes.

    Rules stay: letters stand on them and cross them, and a reader that has learned rules reads them better than
    letters with gaps.
    """
    foreign_hw = (owner_hw != number) & (owner_hw != NOBODY)
    own_hw = owner_hw == number
    return _grown(foreign_hw) & ~own_hw


def _grown(mask_HW: np.ndarray) -> np.ndarray:
    """Return the mask grown by one pixel to every side."""
    tall_HW = np.pad(mask_HW, 1)
    tall_HW = tall_HW[:-2] | tall_HW[1:-1] | tall_HW[2:]
    return tall_HW[:, :-2] | tall_HW[:, 1:-1] | tall_HW[:, 2:]


def _painted(crop_HW: np.ndarray, foreign_hw: np.ndarray, paper_hw: np.ndarray) -> np.ndarray:
    """Return the crop with paper where `foreign_hw` (of the same place, maybe at another scale) says so."""
    if not foreign_hw.any():
        return crop_HW.copy()
    size = crop_HW.shape[::-1]
    foreign = np.asarray(Image.fromarray(foreign_hw.view(np.uint8)).resize(size, Image.Resampling.NEAREST)).view(bool)
    paper = np.asarray(Image.fromarray(paper_hw).resize(size, Image.Resampling.NEAREST))  # it is smooth enough
    return np.where(foreign, paper, crop_HW)
