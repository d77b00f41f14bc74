"""From a canvas of ink to a page as a camera or scanner shows it: rules, bends, table, light; points go along."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from text_recognizer.synth.degrade import smooth_field
from text_recognizer.synth.layouts import Look


@dataclass(frozen=True)
class View:
    """How a flat page is seen: first its own bend, then a perspective.

    Attributes:
        to_page: 3 x 3, from the picture's pixels to the bent page's.
        bend_W, swell_W: float32, for each column of the page how far down it is moved, and how much that grows
            from its top to its bottom.
        size: height and width of the page.
    """

    to_page: np.ndarray
    bend_W: np.ndarray
    swell_W: np.ndarray
    size: tuple[int, int]

    @property
    def is_plain(self) -> bool:
        return bool(np.allclose(self.to_page, np.eye(3)) and not self.bend_W.any() and not self.swell_W.any())

    def maps(self) -> tuple[np.ndarray, np.ndarray]:
        """Return where on the flat page each pixel of the picture lies, both float32 [H, W]."""
        height, width = self.size
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        m = self.to_page.astype(np.float32)
        depth = m[2, 0] * x + m[2, 1] * y + m[2, 2]
        page_x = (m[0, 0] * x + m[0, 1] * y + m[0, 2]) / depth
        page_y = (m[1, 0] * x + m[1, 1] * y + m[1, 2]) / depth
        column = np.clip(page_x, 0, width - 1).astype(np.int32)
        return page_x, page_y + self.bend_W[column] + self.swell_W[column] * (page_y / height - 0.5)

    def seen(self, points_N2: np.ndarray) -> np.ndarray:
        """Return where in the picture points of the flat page are seen, [N, 2]."""
        x, y = points_N2.T
        columns = np.arange(len(self.bend_W))
        bend, swell = np.interp(x, columns, self.bend_W), np.interp(x, columns, self.swell_W)
        y = (y - bend + 0.5 * swell) / (1 + swell / self.size[0])
        points = np.stack([x, y, np.ones_like(x)]).astype(np.float64)
        x, y, depth = np.linalg.inv(self.to_page) @ points
        return np.stack([x / depth, y / depth], axis=1)


def random_view(look: Look, size: tuple[int, int], x_height: float, dice: np.random.Generator) -> View:
    """Draw how a page of that look is seen; all of it stays in the picture."""
    height, width = size
    columns = np.linspace(0, 1, width)
    bend, swell = np.zeros(width, np.float32), np.zeros(width, np.float32)
    if look.bend:
        wave = np.sin(2 * np.pi * (float(dice.uniform(0.3, 1.4)) * columns + float(dice.random())))
        curl = np.exp(-(columns if dice.random() < 0.5 else 1 - columns) * float(dice.uniform(3, 9)))
        bend = (look.bend * x_height * (wave + float(dice.uniform(-1.5, 1.5)) * curl) * 0.7).astype(np.float32)
        swell = (bend * float(dice.uniform(-1, 1))).astype(np.float32)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    angle = np.radians(look.skew)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    seen = (corners - (width / 2, height / 2)) @ turn
    if look.photo:
        seen *= 1 + dice.uniform(-0.08, 0.08, (4, 2))
    if look.photo or abs(look.skew) > 1:
        room = 1 - float(dice.uniform(0.02, 0.16)) if look.photo else 1.0
        span = seen.max(0) - seen.min(0)
        seen = (seen - (seen.max(0) + seen.min(0)) / 2) * min(room * width / span[0], room * height / span[1])
        if look.photo:
            slack = (np.array([width, height]) - (seen.max(0) - seen.min(0))) / 2
            seen += dice.uniform(-0.8, 0.8, 2) * slack
    seen = (seen + (width / 2, height / 2)).astype(np.float32)
    to_page = cv2.getPerspectiveTransform(seen, corners) if look.photo or look.skew else np.eye(3)
    return View(to_page, bend, swell, size)


def printed_rules(
    look: Look, size: tuple[int, int], pitch: float, offset: float, dice: np.random.Generator
) -> np.ndarray:
    """Return how dark the paper's own lines are, float32 [H, W], 0 to 1.

    Args:
        pitch: px from rule to rule on ruled paper.
        offset: y of one of them.
    """
    under_HW = np.zeros(size, np.float32)
    if look.paper == "plain":
        return under_HW
    dark, thick = float(dice.uniform(0.08, 0.6)), max(1, round(pitch * float(dice.uniform(0.01, 0.06))))
    if look.paper == "squared":
        pitch = pitch * float(dice.choice([0.25, 1 / 3, 0.5, 1.0], p=[0.2, 0.3, 0.4, 0.1]))
        for x in np.arange(offset % pitch, size[1], pitch):
            under_HW[:, round(x) : round(x) + thick] = dark
    dash = np.ones(size[1], bool)
    if dice.random() < 0.2:  # dotted or dashed
        period = int(dice.integers(3, 12))
        dash = np.arange(size[1]) % period < max(1, round(period * float(dice.uniform(0.3, 0.7))))
    for y in np.arange(offset % pitch, size[0], pitch):
        under_HW[round(y) : round(y) + thick, dash] = dark
    if look.paper == "ruled":
        left, right = (int(v) for v in np.sort(dice.uniform(0, 0.12, 2)) * size[1])
        if dice.random() < 0.5:
            under_HW[:, :left] = 0
            under_HW[:, size[1] - right :] = 0
        if dice.random() < 0.5:
            x = int(dice.uniform(0.05, 0.2) * size[1])
            under_HW[:, x : x + thick] = dark
    return under_HW


def table_top(size: tuple[int, int], dice: np.random.Generator) -> np.ndarray:
    """Return what lies behind a photographed page, float32 [H, W]: wood, cloth or a plain desk."""
    rows, columns = (int(dice.integers(2, 40)), 2) if dice.random() < 0.5 else (2, int(dice.integers(2, 40)))
    grain = smooth_field(dice, size, (rows, columns), float(dice.uniform(0.01, 0.12)))
    cloth = smooth_field(dice, size, (12, 12), float(dice.uniform(0.0, 0.1)))
    return np.float32(dice.uniform(0.05, 0.9)) + grain + cloth


def lit(image_HW: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """Return the picture under uneven light, now and then with a cast shadow."""
    height, width = image_HW.shape
    if dice.random() < 0.6:
        image_HW = image_HW * (1 + smooth_field(dice, (height, width), (2, 3), float(dice.uniform(0.02, 0.15))))
    if dice.random() < 0.15:
        slope, at = dice.normal(0, 1, 2), dice.uniform(0.2, 0.8, 2)
        x, y = np.meshgrid(np.linspace(0, 1, width, dtype=np.float32), np.linspace(0, 1, height, dtype=np.float32))
        side = (slope[0] * (x - at[0]) + slope[1] * (y - at[1])) * float(dice.uniform(10, 80))
        image_HW = image_HW * (1 - float(dice.uniform(0.1, 0.5)) / (1 + np.exp(-np.clip(side, -20, 20))))
    return image_HW.astype(np.float32)


def taken(image_HW: np.ndarray, x_height: float, dice: np.random.Generator) -> np.ndarray:
    """Return the picture as a camera or scanner gives it, uint8: blurred, noisy, coded."""
    if dice.random() < 0.5:
        image_HW = cv2.GaussianBlur(image_HW, (0, 0), 0.2 + float(dice.uniform(0, 0.09)) * x_height)
    if dice.random() < 0.5:
        noise = dice.standard_normal(image_HW.shape, dtype=np.float32)
        rough = 0.3 * dice.random() if dice.random() < 0.05 else 0.05 * dice.random() ** 2
        image_HW = image_HW + noise * np.float32(0.005 + rough)
    grey_HW = np.rint(np.clip(image_HW, 0, 1) * 255).astype(np.uint8)
    if dice.random() < 0.2:
        coded = cv2.imencode(".jpg", grey_HW, [cv2.IMWRITE_JPEG_QUALITY, int(dice.integers(30, 85))])[1]
        grey_HW = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)
    return grey_HW
