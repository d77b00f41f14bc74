"""How far a page's lines are from level, and turning the page by that angle."""

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np
from PIL import Image

MAX_ANGLE = 6.0
"""Degrees; a page that is turned further is not straightened."""


def skew(mask_HW: np.ndarray) -> float:
    """Return the angle in degrees by which the lines of a page fall (+) or rise (-) from left to right.

    It is the angle at which the ink, summed along the lines, makes the sharpest profile; 0 if none is much sharper
    than the level one.
    """
    scale = max(1, -(-max(mask_HW.shape) // 400))
    small_HW = np.asarray(Image.fromarray(mask_HW.astype(np.uint8) * 255).reduce(scale))
    y, x = np.nonzero(small_HW)
    weight = small_HW[y, x] / np.float32(255)
    if len(y) < 10:
        return 0.0
    sharp = _Sharpness(y, x - float(x.mean()), weight)
    coarse = max(np.arange(-MAX_ANGLE, MAX_ANGLE + 0.1, 0.5), key=sharp)
    best = max(np.arange(coarse - 0.4, coarse + 0.41, 0.1), key=sharp)
    return float(best) if sharp(best) > 1.05 * sharp(0.0) else 0.0


class _Sharpness:
    """Sum of squared differences of the profile of ink points along a direction, in degrees."""

    def __init__(self, y: np.ndarray, x: np.ndarray, weight: np.ndarray) -> None:
        self.y, self.x, self.weight = y.astype(np.float32), x.astype(np.float32), weight

    def __call__(self, angle: float) -> float:
        slope = np.float32(np.tan(radians(angle)))
        level = self.y - slope * self.x
        level -= level.min()
        row = level.astype(np.int64)
        share = (level - row) * self.weight
        profile = np.bincount(row, weights=self.weight - share, minlength=row.max() + 2)
        profile[1:] += np.bincount(row, weights=share, minlength=row.max() + 2)[:-1]
        return float((np.diff(profile, prepend=0, append=0) ** 2).sum())


@dataclass(frozen=True)
class Turn:
    """A rotation of a page about its middle, onto a canvas that holds all of it.

    Args:
        width, height: of the page in px.
        angle: degrees by which its lines fall from left to right.
    """

    width: int
    height: int
    angle: float

    @property
    def canvas(self) -> tuple[int, int]:
        """Width and height of the level page in px."""
        c, s = abs(cos(radians(self.angle))), abs(sin(radians(self.angle)))
        return round(self.width * c + self.height * s), round(self.width * s + self.height * c)

    def to_page(self, points_N2: np.ndarray) -> np.ndarray:
        """Return where points (x, y) of the level page lie on the page as it was given."""
        c, s = cos(radians(self.angle)), sin(radians(self.angle))
        x, y = (np.asarray(points_N2, dtype=np.float64) - np.array(self.canvas) / 2).T
        return np.stack([c * x - s * y + self.width / 2, s * x + c * y + self.height / 2], axis=-1)

    def level(self, page_HW: np.ndarray, fill: int, smooth: bool = True) -> np.ndarray:
        """Return the page with its lines level; `fill` is the grey level of the new corners.

        `smooth` mixes neighbouring pixels; without it each pixel keeps a value that the page has, at a third of the
        time.
        """
        if not self.angle:
            return page_HW
        c, s = cos(radians(self.angle)), sin(radians(self.angle))
        (x0, y0) = self.to_page(np.zeros((1, 2)))[0]
        matrix = (c, -s, x0, s, c, y0)
        mixing = Image.Resampling.BILINEAR if smooth else Image.Resampling.NEAREST
        turned = Image.fromarray(page_HW).transform(self.canvas, Image.Transform.AFFINE, matrix, mixing, fillcolor=fill)
        return np.asarray(turned)
