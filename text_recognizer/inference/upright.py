"""How a page was turned to make its lines level, and the way back."""

from dataclasses import dataclass
from functools import cached_property
from math import cos, radians, sin

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Upright:
    """A page turned back by quarters, then about its middle, onto a canvas that holds all of it.

    Args:
        width, height: of the page as given, in px.
        quarters: quarter turns clockwise by which the page is shown, 0 to 3.
        angle: degrees by which its lines then still fall from left to right.
    """

    width: int
    height: int
    quarters: int = 0
    angle: float = 0.0

    @cached_property
    def quartered(self) -> tuple[int, int]:
        """Width and height after the quarter turns."""
        return (self.height, self.width) if self.quarters % 2 else (self.width, self.height)

    @cached_property
    def canvas(self) -> tuple[int, int]:
        """Width and height of the level page in px."""
        c, s = abs(cos(radians(self.angle))), abs(sin(radians(self.angle)))
        width, height = self.quartered
        return round(width * c + height * s), round(width * s + height * c)

    def to_page(self, points_N2: np.ndarray) -> np.ndarray:
        """Return where points (x, y) of the level page lie on the page as it was given."""
        x, y = self._to_quartered(points_N2).T
        sides = [(self.width, self.height), (self.height, self.width)]
        for turn in range(self.quarters, 0, -1):
            x, y = sides[(turn - 1) % 2][0] - y, x
        return np.stack([x, y], axis=-1)

    def _to_quartered(self, points_N2: np.ndarray) -> np.ndarray:
        points = np.asarray(points_N2, dtype=np.float64)
        if not self.angle:
            return points
        return (points - np.array(self.canvas) / 2) @ self._rotation + np.array(self.quartered) / 2

    @property
    def _rotation(self) -> np.ndarray:
        """Return the matrix that turns rows (x, y) of the level page into those of the quartered one."""
        c, s = cos(radians(self.angle)), sin(radians(self.angle))
        return np.array([[c, s], [-s, c]])

    def level(self, quartered_HW: np.ndarray, fill: int) -> np.ndarray:
        """Return a page whose quarter turns are undone with its lines level; `fill` is the level of the new corners."""
        if not self.angle:
            return quartered_HW
        c, s = cos(radians(self.angle)), sin(radians(self.angle))
        x0, y0 = self._to_quartered(np.zeros((1, 2)))[0]
        page, matrix = Image.fromarray(quartered_HW), (c, -s, x0, s, c, y0)
        how = Image.Resampling.BILINEAR
        return np.asarray(page.transform(self.canvas, Image.Transform.AFFINE, matrix, how, fillcolor=fill))


def quarter_turned(grey_HW: np.ndarray, quarters: int) -> np.ndarray:
    """Return the page with `quarters` clockwise quarter turns undone."""
    return np.ascontiguousarray(np.rot90(grey_HW, quarters)) if quarters % 4 else grey_HW
