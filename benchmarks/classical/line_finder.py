"""Finding the text lines of a page: one column, level or turned by up to 6 degrees."""

from dataclasses import dataclass

import numpy as np
from classical.deskew import Turn, skew
from classical.ink import find_ink
from classical.layout import RULE, SPANNING, SPECK, Layout, find_layout
from classical.rules import find_rules
from PIL import Image

from text_recognizer.inference.components import Components, connected_components
from text_recognizer.line_levels import dark_on_light

WORKING_SIDE = 1_800
"""Pages with a longer side are searched at a reduced scale; lines are still cut from the full one."""

LEAST_ANGLE = 0.15
LEAST_SIDE = 6

FLAT = 0.33
"""Share of the tall lines' height below which a line holds no text."""


@dataclass(frozen=True)
class FoundLine:
    """A line cut out of a page.

    Attributes:
        crop_HW: uint8, dark on light, level, the ink of other lines painted out.
        left, top: px of the crop on the level page.
        baseline: y on the level page.
        turn: from the level page to the page as given.
    """

    crop_HW: np.ndarray
    left: int
    top: int
    baseline: float
    turn: Turn

    def corners(self) -> np.ndarray:
        """Return the line's corners (x, y) on the page as given, from the top left clockwise, [4, 2]."""
        height, width = self.crop_HW.shape
        right, bottom = self.left + width, self.top + height
        level = [(self.left, self.top), (right, self.top), (right, bottom), (self.left, bottom)]
        return self.turn.to_page(np.array(level))

    def along_baseline(self, x_N: np.ndarray) -> np.ndarray:
        """Return where on the page as given the baseline lies at px `x_N` of the crop, [N, 2]."""
        x = np.asarray(x_N, dtype=np.float64)
        return self.turn.to_page(np.stack([x + self.left, np.full_like(x, self.baseline)], axis=-1))


def find_lines(grey_HW: np.ndarray) -> list[FoundLine]:
    """Return the lines of a page from top to bottom, none for a blank page.

    Args:
        grey_HW: uint8, light or dark text.
    """
    if min(grey_HW.shape) < LEAST_SIDE:
        return []
    page_HW = dark_on_light(grey_HW)
    scale = -(-max(page_HW.shape) // WORKING_SIDE)
    work_HW = _reduced(page_HW, scale)
    if min(work_HW.shape) < LEAST_SIDE:
        return []
    ink = find_ink(work_HW)
    mask_HW, paper_HW = ink.mask_HW, ink.paper_HW
    angle = skew(mask_HW)
    angle = angle if abs(angle) > LEAST_ANGLE else 0.0
    turn = Turn(page_HW.shape[1], page_HW.shape[0], angle)
    if angle:
        small = Turn(work_HW.shape[1], work_HW.shape[0], angle)
        fill = int(np.median(paper_HW[::4, ::4]))
        page_HW, paper_HW = turn.level(page_HW, fill), small.level(paper_HW, fill, smooth=False)
        mask_HW = small.level(mask_HW.view(np.uint8), 0, smooth=False).view(bool)
    return _cut_out(page_HW, mask_HW, paper_HW, scale, turn)


def _cut_out(page_HW: np.ndarray, mask_HW: np.ndarray, paper_HW: np.ndarray, scale: int, turn: Turn) -> list[FoundLine]:
    rules_HW = find_rules(mask_HW)
    mask_HW = mask_HW & ~rules_HW
    parts = connected_components(mask_HW)
    layout = find_layout(mask_HW, parts)
    if layout is None:
        return []
    owner_HW = np.where(rules_HW, RULE, SPECK)
    owner_HW[mask_HW] = layout.owner_K[parts.of_pixel]
    lines = []
    for line in range(len(layout.centre_J)):
        box = _box(parts, layout, line, mask_HW.shape)
        if box is None:
            continue
        left, top, right, bottom = box
        window = np.s_[top:bottom, left:right]
        foreign_HW = _foreign(owner_HW[window], layout, line, top)
        full = np.s_[top * scale : bottom * scale, left * scale : right * scale]
        crop_HW = _painted(page_HW[full], foreign_HW, paper_HW[window])
        baseline = top + _baseline((owner_HW[window] == line).sum(axis=1), layout.centre_J[line] - top)
        if min(crop_HW.shape) >= LEAST_SIDE:
            lines.append(FoundLine(crop_HW, left * scale, top * scale, baseline * scale, turn))
    return _without_flat(lines)


def _without_flat(lines: list[FoundLine]) -> list[FoundLine]:
    """Drop lines much lower than the others: dotted rules, rows of dashes, dust."""
    if len(lines) < 3:
        return lines
    usual = np.percentile([line.crop_HW.shape[0] for line in lines], 90)
    return [line for line in lines if line.crop_HW.shape[0] >= FLAT * usual]


def _reduced(page_HW: np.ndarray, scale: int) -> np.ndarray:
    return page_HW if scale == 1 else np.asarray(Image.fromarray(page_HW).reduce(scale))


def _box(parts: Components, layout: Layout, line: int, shape: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """Return left, top, right, bottom of a line's ink with a margin, in px of the mask."""
    own = layout.owner_K == line
    if not own.any():
        return None
    centre, pitch = layout.centre_J[line], layout.pitch
    top = max(parts.top_K[own].min(), centre - 1.05 * pitch)
    bottom = min(parts.bottom_K[own].max(), centre + 0.95 * pitch)
    if bottom <= top:  # nothing but ink far from the line's middle
        return None
    beside = (layout.owner_K == SPANNING) & (parts.top_K < layout.cut_J[line + 1])
    wide = own | (beside & (parts.bottom_K > layout.cut_J[line]))
    margin = max(2, round(0.06 * (bottom - top)))
    rows, columns = shape
    left, right = parts.left_K[wide].min() - 2 * margin, parts.right_K[wide].max() + 2 * margin
    top, bottom = int(top) - margin, int(bottom) + margin
    return int(max(0, left)), max(0, top), int(min(columns, right)), min(rows, bottom)


def _foreign(owner_hw: np.ndarray, layout: Layout, line: int, top: int) -> np.ndarray:
    """Return which pixels of a line's window are not its ink: other lines', rules, what spans lines beyond the cuts."""
    row = np.arange(top, top + owner_hw.shape[0])[:, None]
    outside = (row < layout.cut_J[line]) | (row >= layout.cut_J[line + 1])
    foreign = ((owner_hw >= 0) & (owner_hw != line)) | ((owner_hw == SPANNING) & outside) | (owner_hw == RULE)
    return _grown(foreign) & ~(owner_hw == line)


def _grown(mask_HW: np.ndarray) -> np.ndarray:
    """Return the mask grown by two pixels to every side: the soft rim of strokes belongs to them."""
    tall_HW = np.pad(mask_HW, 2)
    tall_HW = tall_HW[:-4] | tall_HW[1:-3] | tall_HW[2:-2] | tall_HW[3:-1] | tall_HW[4:]
    return tall_HW[:, :-4] | tall_HW[:, 1:-3] | tall_HW[:, 2:-2] | tall_HW[:, 3:-1] | tall_HW[:, 4:]


def _painted(crop_HW: np.ndarray, foreign_hw: np.ndarray, paper_hw: np.ndarray) -> np.ndarray:
    """Return the crop with paper where `foreign_hw` (of the same place, maybe at a smaller scale) says so."""
    if not foreign_hw.any():
        return crop_HW.copy()
    size = crop_HW.shape[::-1]
    foreign = np.asarray(Image.fromarray(foreign_hw).resize(size, Image.Resampling.NEAREST))
    paper = np.asarray(Image.fromarray(paper_hw).resize(size, Image.Resampling.BILINEAR))
    return np.where(foreign, paper, crop_HW)


def _baseline(profile_H: np.ndarray, centre: int) -> int:
    """Return the row below a line's middle at which its ink thins out most."""
    low = int(np.clip(centre, 0, len(profile_H) - 1))
    smooth = np.convolve(np.pad(profile_H, 1), [1, 1, 1], mode="same")
    fall = smooth[low:-2] - smooth[low + 2 :]
    return low + int(np.argmax(fall)) + 1
