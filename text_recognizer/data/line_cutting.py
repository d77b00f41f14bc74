"""Cutting transcribed lines out of their pages along the baseline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import Image, ImageDraw

from text_recognizer.data.page_xml import Page, TextLine
from text_recognizer.image import open_image
from text_recognizer.line_strip import sampled, strip_map

TALL = 72
"""Height in pixels to which the outlines of larger lines are brought."""

ROOM = 0.3
"""Height above and below the outline that a strip shows too, as a share of the outline's height."""


@dataclass(frozen=True)
class CutLine:
    """A line cut out of its page and straightened.

    Attributes:
        grey_HW: uint8, with some of the page above and below.
        inside_HW: bool, the outline that the transcriber drew round the line's ink.
        baseline: y of the writing line.
        top, bottom: first row of its ink and the row after the last.
        text: as it was transcribed.
        page: stem of the page's file.
    """

    grey_HW: np.ndarray
    inside_HW: np.ndarray
    baseline: float
    top: int
    bottom: int
    text: str
    page: str

    @property
    def ink_height(self) -> int:
        return self.bottom - self.top

    @property
    def width_at_40(self) -> float:
        """Width that the line has when its ink is 36 px of 40 high."""
        return self.grey_HW.shape[1] * 36 / max(1, self.ink_height)


def cut_lines(page: Page) -> Iterator[CutLine]:
    """Yield the lines of a page that have a text and some ink."""
    grey_HW, lines = reduced(open_image(page.image), page.lines)
    for line in lines:
        if line.text and len(line.polygon_M2) >= 3 and len(line.baseline_N2) >= 2:
            cut = cut_line(grey_HW, line, page.image.stem)
            if cut is not None:
                yield cut


def reduced(grey_HW: np.ndarray, lines: list[TextLine]) -> tuple[np.ndarray, list[TextLine]]:
    """Return a page so small that its lines are about `TALL` px high, as no model sees more of them."""
    heights = [np.ptp(line.polygon_M2[:, 1]) for line in lines if len(line.polygon_M2) >= 3]
    scale = TALL / max(1.0, float(np.median(heights or [TALL])))
    if scale > 0.8:
        return grey_HW, lines
    size = (max(1, round(grey_HW.shape[1] * scale)), max(1, round(grey_HW.shape[0] * scale)))
    smaller = [
        replace(line, baseline_N2=line.baseline_N2 * scale, polygon_M2=line.polygon_M2 * scale) for line in lines
    ]
    return cv2.resize(grey_HW, size, interpolation=cv2.INTER_AREA), smaller


def cut_line(grey_HW: np.ndarray, line: TextLine, page: str) -> CutLine | None:
    """Return one line of a page, or None where its outline holds no ink."""
    heights = line.polygon_M2[:, 1] - np.interp(line.polygon_M2[:, 0], *line.baseline_N2[_left_to_right(line)].T)
    above, below = max(4.0, -heights.min()), max(2.0, heights.max())
    room = ROOM * (above + below)
    x_hw, y_hw = strip_map(_reaching_ends(line), above + room, below + room)
    inside_hw = _filled(line.polygon_M2, grey_HW.shape, x_hw, y_hw)
    grey_hw = sampled(grey_HW, x_hw, y_hw)
    rows = np.flatnonzero((ink(grey_hw) * inside_hw > 90).sum(1) > max(1, 0.003 * grey_hw.shape[1]))
    if len(rows) < 3:
        return None
    return CutLine(grey_hw, inside_hw, round(above + room), int(rows[0]), int(rows[-1]) + 1, line.text, page)


def ink(grey_HW: np.ndarray) -> np.ndarray:
    """Return the ink of each pixel of a line, uint8: 0 on paper as bright as it is around, 255 in full ink."""
    height, width = grey_HW.shape
    blocks = max(1, width // max(8, height))
    some = grey_HW[::2, : max(1, width // blocks) * blocks : 2]
    some = np.pad(some, ((0, 0), (0, -some.shape[1] % blocks)), mode="edge")
    columns = some.T.reshape(blocks, -1)
    paper = np.partition(columns, columns.shape[1] * 3 // 4, axis=1)[:, columns.shape[1] * 3 // 4]
    middles = (np.arange(blocks) + 0.5) * width / blocks
    ground = np.interp(np.arange(width), middles, paper).astype(np.float32)
    depth = ground - grey_HW
    seen = depth[::2, ::2].ravel()
    full = max(24.0, float(np.partition(seen, len(seen) * 197 // 200)[len(seen) * 197 // 200]))
    return (np.clip(depth / full - 0.04, 0, 1) * 255).astype(np.uint8)


def tidy(line: CutLine, margin: float = 0.07) -> np.ndarray:
    """Return the line as a reader cuts it: only its own ink on paper, cut to it with a little room; uint8 [h, w]."""
    grey_hw, inside_hw = line.grey_HW, line.inside_HW
    paper = np.uint8(np.percentile(grey_hw, 70))
    kept = np.where(_grown(inside_hw, 0.06 * line.ink_height), grey_hw, paper)
    room = round(margin * line.ink_height)
    padded = np.pad(kept, room, constant_values=paper)
    return padded[line.top : line.bottom + 2 * room]


def _left_to_right(line: TextLine) -> np.ndarray:
    return np.argsort(line.baseline_N2[:, 0], kind="stable")


def _reaching_ends(line: TextLine) -> np.ndarray:
    """Return the baseline, lengthened level to where the outline ends: first and last letters often stand out."""
    baseline_N2 = line.baseline_N2
    left, right = line.polygon_M2[:, 0].min(), line.polygon_M2[:, 0].max()
    ends = []
    if left < baseline_N2[0, 0] - 1:
        ends.append((0, (left, baseline_N2[0, 1])))
    if right > baseline_N2[-1, 0] + 1:
        ends.append((len(baseline_N2), (right, baseline_N2[-1, 1])))
    for place, point in reversed(ends):
        baseline_N2 = np.insert(baseline_N2, place, point, axis=0)
    return baseline_N2


def _filled(polygon_M2: np.ndarray, shape: tuple[int, int], x_hw: np.ndarray, y_hw: np.ndarray) -> np.ndarray:
    """Return which pixels of a strip lie within an outline of the page."""
    corner = np.floor(polygon_M2.min(0)).astype(int)
    size = np.ceil(polygon_M2.max(0)).astype(int) - corner + 1
    picture = Image.new("L", (int(size[0]), int(size[1])))
    ImageDraw.Draw(picture).polygon([tuple(point) for point in (polygon_M2 - corner).tolist()], fill=1)
    filled_HW = np.pad(np.asarray(picture, bool), 1)
    column = np.rint(x_hw - corner[0]).astype(np.int32).clip(-1, size[0]) + 1
    row = np.rint(y_hw - corner[1]).astype(np.int32).clip(-1, size[1]) + 1
    return filled_HW[row, column]


def _grown(inside_hw: np.ndarray, pixels: float) -> np.ndarray:
    side = 2 * max(1, round(pixels)) + 1
    return cv2.dilate(inside_hw.astype(np.uint8), np.ones((side, side), np.uint8)).astype(bool)
