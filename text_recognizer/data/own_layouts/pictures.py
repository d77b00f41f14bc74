"""The pixels of a line, read when they are asked for: a file of its own, a part of a page, bytes in a table."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from text_recognizer.data.line_cutting import TALL, CutLine, cut_line, ink, tidy
from text_recognizer.data.page_xml import TextLine
from text_recognizer.errors import UserError
from text_recognizer.image import open_image
from text_recognizer.line_levels import dark_on_light

LEAST_SIDE = 4
"""Pixels; a smaller picture shows no line of text."""

LEAST_CONTRAST = 12
"""Grey levels of 255 between paper and ink; what differs less is the noise of an empty picture."""

ASIDE = 0.05
"""Share of a page's side by which an outline may reach beyond it, as hand-drawn ones do."""


class LinePicture(Protocol):
    """Gives one line's pixels; raises a UserError that says what is wrong with them."""

    @property
    def quick(self) -> bool:
        """Whether the pixels can be had at once, without decoding a page or a table around them."""

    def seen(self) -> tuple[np.ndarray, int]:
        """Return `image_HW` and the height of its ink; raise a UserError where there is none."""

    def image_HW(self) -> np.ndarray:
        """Return the line as a reader gets it, uint8 [H, W], dark on light."""

    def cut(self, text: str, page: str) -> CutLine:
        """Return the line with its ink measured, for training."""


@dataclass(frozen=True)
class FilePicture:
    """A picture that shows one line.

    Args:
        path: of the file.
        name: what messages call it.
        as_it_is: it is known to be dark on light.
    """

    path: Path
    name: str
    as_it_is: bool = False
    quick = True

    def seen(self) -> tuple[np.ndarray, int]:
        return with_ink(self.image_HW(), self.name)

    def image_HW(self) -> np.ndarray:
        grey_HW = opened(self.path, self.name)
        return grey_HW if self.as_it_is else dark_on_light(grey_HW)

    def cut(self, text: str, page: str) -> CutLine:
        return whole_line(self.image_HW(), text, page)


@dataclass(frozen=True)
class PagePicture:
    """A line of a page, which is cut out along its baseline.

    Args:
        path: of the page's picture.
        name: what messages call the line.
        line: its place, in pixels of the picture.
        scale: to which the page's lines are brought before they are cut.
    """

    path: Path
    name: str
    line: TextLine
    scale: float = 1.0
    quick = False

    def seen(self) -> tuple[np.ndarray, int]:
        line = self.cut("", "")
        return tidy(line), line.ink_height

    def image_HW(self) -> np.ndarray:
        return self.seen()[0]

    def cut(self, text: str, page: str) -> CutLine:
        grey_HW = page_grey(self.path, self.name)
        corner, end = self._bounds(grey_HW.shape)
        part_HW = grey_HW[corner[1] : end[1], corner[0] : end[0]]
        size = [max(1, round(side * self.scale)) for side in part_HW.shape[::-1]]
        scale = np.array(size) / part_HW.shape[::-1]
        if self.scale != 1:
            part_HW = cv2.resize(part_HW, size, interpolation=cv2.INTER_AREA)
        places = ((points - corner) * scale for points in (self.line.baseline_N2, self.line.polygon_M2))
        baseline_N2, polygon_M2 = (points.clip(0, np.array(size) - 1) for points in places)
        moved = replace(self.line, text=text, baseline_N2=baseline_N2, polygon_M2=polygon_M2)
        found = cut_line(part_HW, moved, page)
        if found is None:
            raise UserError(f"{self.name}: there is no ink in its outline; correct the outline or remove the line")
        return found

    def _bounds(self, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Return the corners of the part of the page that the strip along the line can reach."""
        points = np.concatenate([self.line.baseline_N2, self.line.polygon_M2])
        size = np.array(shape[::-1])
        if len(self.line.polygon_M2) < 3 or len(self.line.baseline_N2) < 2:
            raise UserError(f"{self.name}: its outline has too few points; draw it again or remove the line")
        beyond = np.maximum(-points.min(0), points.max(0) - size) if np.isfinite(points).all() else size
        if (beyond > ASIDE * size + 10).any():
            raise UserError(
                f"{self.name}: its outline reaches beyond the picture, which is {size[0]} x {size[1]} px; put the"
                " picture beside it that it was drawn on"
            )
        around = np.ptp(self.line.polygon_M2[:, 1]) + 16
        corner = np.floor(points.min(0) - around).clip(0, size - 1)
        end = np.ceil(points.max(0) + around).clip(corner + 1, size)
        return corner.astype(int), end.astype(int)


def opened(path: Path, name: str) -> np.ndarray:
    """Return the grey levels of a file; what is said of it names it as the user's folder does."""
    try:
        grey_HW = open_image(path)
    except UserError as error:
        raise UserError(str(error).replace(str(path), name, 1)) from error
    return large_enough(grey_HW, name)


def large_enough(grey_HW: np.ndarray, name: str) -> np.ndarray:
    """Return the picture, or refuse one that is too small to show a line."""
    if min(grey_HW.shape) < LEAST_SIDE:
        height, width = grey_HW.shape
        raise UserError(f"{name}: it is {width} x {height} px, too small for a line; give the picture in full size")
    return grey_HW


def page_grey(path: Path, name: str) -> np.ndarray:
    """Return a page's grey levels, dark on light; the last two pages are kept, as their lines come in a row."""
    try:
        stat = path.stat()
    except OSError as error:
        raise UserError(f"{name}: its picture is gone ({error.strerror}); put it back") from error
    return _page_grey(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=2)
def _page_grey(path: Path, _changed: int, _size: int) -> np.ndarray:
    return dark_on_light(open_image(path))


def scale_of(lines: list[TextLine]) -> float:
    """Return the scale at which the outlines of a page's lines are about `TALL` px high; larger ones are reduced."""
    heights = [height_of(line) for line in lines if len(line.polygon_M2) >= 3 and len(line.baseline_N2) >= 2]
    scale = TALL / max(1.0, float(np.median(heights or [TALL])))
    return scale if scale <= 0.8 else 1.0


def height_of(line: TextLine) -> float:
    """Return how high a line's outline is, in pixels, measured from its baseline where that is tilted."""
    x, y = line.baseline_N2[np.argsort(line.baseline_N2[:, 0], kind="stable")].T
    above = line.polygon_M2[:, 1] - np.interp(line.polygon_M2[:, 0], x, y)
    return float(min(np.ptp(above), np.ptp(line.polygon_M2[:, 1])))


def whole_line(grey_HW: np.ndarray, text: str, page: str) -> CutLine:
    """Return a picture of one line as if it had been cut out of a page, at most about `TALL` px of ink high."""
    top, bottom = ink_rows(grey_HW)
    scale = TALL / max(1, bottom - top)
    if scale <= 0.8:
        size = [max(LEAST_SIDE, round(side * scale)) for side in grey_HW.shape[::-1]]
        grey_HW = cv2.resize(grey_HW, size, interpolation=cv2.INTER_AREA)
        top, bottom = ink_rows(grey_HW)
    profile_h = ink(grey_HW).mean(1, dtype=np.float32)
    dense = np.flatnonzero(profile_h >= 0.5 * profile_h.max())
    return CutLine(grey_HW, np.ones(grey_HW.shape, bool), float(dense[-1] + 1), top, bottom, text, page)


def ink_rows(grey_HW: np.ndarray) -> tuple[int, int]:
    """Return the first row with ink and the row after the last; the whole height where there is hardly any."""
    rows = np.flatnonzero((ink(grey_HW) > 90).sum(1) > max(1, 0.003 * grey_HW.shape[1]))
    return (int(rows[0]), int(rows[-1]) + 1) if len(rows) >= 3 else (0, grey_HW.shape[0])


def with_ink(grey_HW: np.ndarray, name: str) -> tuple[np.ndarray, int]:
    """Return a picture and the height of its ink, or refuse one that shows nothing which could be writing."""
    counts = np.bincount(grey_HW.ravel(), minlength=256).cumsum()
    dark, paper = np.searchsorted(counts, (0.002 * counts[-1], 0.7 * counts[-1]))
    if paper - dark < LEAST_CONTRAST:
        raise UserError(f"{name}: the picture shows no ink; remove the line or give its picture")
    top, bottom = ink_rows(grey_HW)
    return grey_HW, bottom - top


def digest_of(image_HW: np.ndarray) -> str:
    """Return the SHA-256 of a picture's size and pixels."""
    return hashlib.sha256(f"{image_HW.shape}".encode() + image_HW.tobytes()).hexdigest()
