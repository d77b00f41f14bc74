"""Finding the text lines of a page: any number of columns and sizes, turned, bent, ruled, light or dark."""

from dataclasses import dataclass

import numpy as np

from text_recognizer.inference.ink import find_ink
from text_recognizer.inference.ownership import cores, owners
from text_recognizer.inference.polarity import dark_on_light, light_lines
from text_recognizer.inference.reading_order import reading_order
from text_recognizer.inference.rules import find_rules
from text_recognizer.inference.segmenter import PageMaps, Segmenter
from text_recognizer.inference.strips import Strip, cut_strips
from text_recognizer.inference.tracing import Trace, trace_lines
from text_recognizer.inference.upright import Upright, quarter_turned

LEAST_SIDE = 6
"""Pixels; no line is lower or narrower."""

LEAST_ANGLE = 3.0
"""Degrees; lines that lean less are straightened column by column, without turning the page."""

LEAST_LIKENESS = 0.25
"""Correlation of pixels side by side in a line; that of noise is near 0, that of text above 0.7."""

SURE_TO_STAND, SLACK = 2.6, 0.5
"""Logarithm of the odds from which on a page is taken for upright at the first look, and by how much the page upside
down must look better at the second."""


@dataclass(frozen=True)
class FoundLine:
    """A line cut out of a page.

    Attributes:
        crop_HW: uint8, dark on light, straight and level, the ink of other lines painted out.
        x_N: px of the crop.
        baseline_N2: where on the page as given the baseline passes them.
        down_2: the direction (x, y) on the page in which the crop's rows run, of length 1.
        above, below: px of the page from the baseline to the crop's upper and lower edge.
    """

    crop_HW: np.ndarray
    x_N: np.ndarray
    baseline_N2: np.ndarray
    down_2: np.ndarray
    above: float
    below: float

    def corners(self) -> np.ndarray:
        """Return the line's corners (x, y) on the page as given, from the top left clockwise, [4, 2]."""
        start, end = self.baseline_N2[0], self.baseline_N2[-1]
        up, down = self.above * self.down_2, self.below * self.down_2
        return np.array([start - up, end - up, end + down, start + down])

    def outline(self) -> np.ndarray:
        """Return the line's outline on the page as given, bent as the baseline is, clockwise, [2 N, 2]."""
        upper, lower = self.baseline_N2 - self.above * self.down_2, self.baseline_N2 + self.below * self.down_2
        return np.concatenate([upper, lower[::-1]])

    def along_baseline(self, x_N: np.ndarray) -> np.ndarray:
        """Return where on the page as given the baseline lies at px `x_N` of the crop, [N, 2]."""
        x = np.asarray(x_N, dtype=np.float64)
        return np.stack([np.interp(x, self.x_N, axis) for axis in self.baseline_N2.T], axis=-1)


def find_lines(grey_HW: np.ndarray, segmenter: Segmenter | None = None, on_its_head: bool = False) -> list[FoundLine]:
    """Return the lines of a page in reading order, none for a blank page.

    Args:
        grey_HW: uint8, light or dark text.
        segmenter: the model that looks at the page; by default the one that comes with the package.
        on_its_head: the page stands the other way round than it seems to.
    """
    if min(grey_HW.shape) < LEAST_SIDE:
        return []
    segmenter = segmenter or Segmenter.shipped()
    height, width = grey_HW.shape
    maps, quarters = _upright_maps(grey_HW, segmenter)
    if on_its_head:
        maps, quarters = _turned_back(maps, 2, segmenter), (quarters + 2) % 4
    lines = trace_lines(maps)
    upright = Upright(width, height, quarters, _lean(lines))
    if upright.angle:
        maps = _level_maps(maps, upright.angle, segmenter)
        lines = trace_lines(maps)
    if not lines:
        return []
    scale = min(1.0, maps.scale)  # enlarged pages are cut from their enlargement
    light = light_lines(maps.scaled_HW, lines)
    scaled_HW = dark_on_light(maps.scaled_HW, lines, light, 1.0)
    page_HW = scaled_HW
    if scale < 1:
        page_HW = upright.level(quarter_turned(grey_HW, quarters), _paper(maps.scaled_HW))
        page_HW = dark_on_light(page_HW, lines, light, scale)
    strips = _strips(page_HW, scaled_HW, lines, scale)
    to_level = upright.canvas[0] / page_HW.shape[1]  # enlarged pages are larger than they were given
    found = [_found(strip, upright, to_level) for strip in strips]
    return [line for line in found if not _is_at_the_border(line, height)] if len(found) > 1 else found


def _is_at_the_border(line: FoundLine, height: int) -> bool:
    """Return whether a short line is cut by the page's upper or lower border: a shadow there, or no longer legible."""
    y = line.outline()[:, 1]
    short = line.crop_HW.shape[1] < 4 * line.crop_HW.shape[0]
    return short and (y.min() < 0 or y.max() > height)


def _upright_maps(grey_HW: np.ndarray, segmenter: Segmenter) -> tuple[PageMaps, int]:
    """Return the maps of the page with its quarter turns undone, and how many there were.

    That lines run upwards is plain to see; that they stand on their heads is best seen by comparing both ways.
    """
    maps = segmenter.look(grey_HW)
    if not maps.x_height:
        return maps, 0
    if _sideways(maps):
        ways = [(_turned_back(maps, quarters, segmenter), quarters) for quarters in (1, 3)]
        found = max(ways, key=lambda way: _stands(way[0]))
        return (maps, 0) if _sideways(found[0]) else found
    if _stands(maps) < SURE_TO_STAND:
        other = _turned_back(maps, 2, segmenter)
        if _stands(other) > _stands(maps) + SLACK:
            return other, 2
    return maps, 0


def _sideways(maps: PageMaps) -> bool:
    """Return whether most lines run up or down."""
    return bool(np.exp(maps.turn_4[[1, 3]]).sum() > np.exp(maps.turn_4[[0, 2]]).sum())


def _stands(maps: PageMaps) -> float:
    """Return how much likelier the lines stand on their feet than on their heads, as a logarithm."""
    return float(maps.turn_4[0] - maps.turn_4[2])


def _turned_back(maps: PageMaps, quarters: int, segmenter: Segmenter) -> PageMaps:
    return segmenter.look_as_is(quarter_turned(maps.scaled_HW, quarters), maps.scale)


def _lean(lines: list[Trace]) -> float:
    """Return by how many degrees the page is to be turned to make its lines level; 0 where they nearly are."""
    angle = float(np.degrees(np.arctan(_slope(lines))))
    return angle if abs(angle) >= LEAST_ANGLE else 0.0


def _slope(lines: list[Trace]) -> float:
    """Return by how many px per px most of the text falls from left to right."""
    if not lines:
        return 0.0
    run = np.array([line.x_N[-1] - line.x_N[0] for line in lines])
    long = [line for line in lines if line.x_N[-1] - line.x_N[0] >= 0.5 * run.max()]
    slopes, weights = np.array([line.slope for line in long]), np.maximum(1.0, run[run >= 0.5 * run.max()])
    order = np.argsort(slopes)
    middle = np.searchsorted(np.cumsum(weights[order]), 0.5 * weights.sum())
    return float(slopes[order][min(middle, len(long) - 1)])


def _level_maps(maps: PageMaps, angle: float, segmenter: Segmenter) -> PageMaps:
    """Turn the scaled page by `angle` and look at it again."""
    height, width = maps.scaled_HW.shape
    scaled_HW = Upright(width, height, 0, angle).level(maps.scaled_HW, _paper(maps.scaled_HW))
    return segmenter.look_as_is(scaled_HW, maps.scale)


def _paper(page_HW: np.ndarray) -> int:
    """Return the grey level of most of a page, for the corners that turning it adds."""
    return int(np.median(page_HW[::4, ::4]))


def _strips(page_HW: np.ndarray, scaled_HW: np.ndarray, lines: list[Trace], scale: float) -> list[Strip]:
    """Return the lines of a level page that have ink, in reading order."""
    usual = float(np.median([line.x_height for line in lines]))
    core_HW = cores(scaled_HW.shape, lines)
    ink = find_ink(scaled_HW, usual, core_HW >= 0)
    text_HW = ink.mask_HW & ~find_rules(ink.mask_HW, usual, _slope(lines))
    owner_HW = owners(text_HW, core_HW, lines)
    cut = cut_strips(page_HW, owner_HW, ink.paper_HW, lines, scale)
    found = {number: strip for number, strip in cut if not _is_noise(strip.crop_HW)}
    if not found:
        return []
    kept = [lines[number] for number in found]
    ends = [(strip.baseline_N2[0, 0] * scale, strip.baseline_N2[-1, 0] * scale) for strip in found.values()]
    left, right = np.array(ends).reshape(-1, 2).T
    y, x_height = (
        np.array(values) for values in ([line.y_N.mean() for line in kept], [line.x_height for line in kept])
    )
    return [list(found.values())[at] for at in reading_order(left, right, y, x_height)]


def _is_noise(crop_HW: np.ndarray) -> bool:
    """Return whether pixels side by side have nothing to do with each other, as those of any stroke have."""
    off_HW = crop_HW - crop_HW.mean(dtype=np.float32)
    variance = float((off_HW * off_HW).mean())
    return variance > 0 and float((off_HW[:, 1:] * off_HW[:, :-1]).mean()) < LEAST_LIKENESS * variance


def _found(strip: Strip, upright: Upright, to_level: float) -> FoundLine:
    """Say where on the page as given a strip of the level page lies."""
    origin, below = upright.to_page(np.array([[0.0, 0.0], [0.0, 1.0]]))
    baseline = upright.to_page(strip.baseline_N2 * to_level)
    return FoundLine(strip.crop_HW, strip.x_N, baseline, below - origin, strip.above * to_level, strip.below * to_level)
