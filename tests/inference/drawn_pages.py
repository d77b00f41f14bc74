"""Pages drawn for tests, with the true box of every line."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

_TEXT = (
    "the quick brown fox jumps over a lazy dog while seven wizards brew potent ginger ale for Queen Jaqueline "
    "Zephyr and her 42 friends, who play chess; nobody minds 17 old maps or (rather) odd hats by the grey quay"
)
WORDS = _TEXT.split()
FACES = ("DejaVuSans", "DejaVuSerif", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSerif-Italic", "")


@dataclass(frozen=True)
class DrawnPage:
    """A grey page [H, W] whose lines' ink lay in `boxes` (left, top, right, bottom) before it was turned."""

    grey_HW: np.ndarray
    texts: list[str]
    boxes: list[tuple[int, int, int, int]]
    angle: float

    def untilted(self, points_N2: np.ndarray) -> np.ndarray:
        """Return where points of the page lay before it was turned about its middle."""
        height, width = self.grey_HW.shape
        c, s = np.cos(np.radians(self.angle)), np.sin(np.radians(self.angle))
        x, y = (points_N2 - np.array([width, height]) / 2).T
        return np.stack([c * x + s * y + width / 2, c * y - s * x + height / 2], axis=-1)


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """Return one of matplotlib's fonts, or Pillow's own for an empty name."""
    if not name:
        return ImageFont.load_default(size)
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf" / f"{name}.ttf", size)


def draw_page(
    seed: int,
    lines: int,
    angle: float = 0.0,
    light_on_dark: bool = False,
    noise: float = 0.0,
    shade: float = 0.0,
    size: tuple[int, int] = (700, 500),
    text_px: int | None = None,
) -> DrawnPage:
    """Draw a paragraph.

    Args:
        seed: decides font, words and places.
        lines: how many.
        angle: degrees by which the lines fall from left to right.
        light_on_dark: whether to invert the page.
        noise: standard deviation in grey levels.
        shade: levels by which the page is darker on one side than on the other.
        size: width and height in px.
        text_px: font size; by default what fills the page, 34 at most.
    """
    dice = np.random.default_rng([seed, lines])
    width, height = size
    margin = int(0.06 * width + abs(np.sin(np.radians(angle))) * width / 2)
    step = (height - 2 * margin) / max(lines, 2)
    px = text_px or int(np.clip(step / dice.uniform(1.35, 2.0), 12, 34))
    face = font(FACES[dice.integers(len(FACES))], px)
    page = Image.new("L", size, int(dice.integers(215, 256)))
    pen = ImageDraw.Draw(page)
    ink = int(dice.integers(0, 90))
    texts, boxes, y = [], [], float(margin)
    for number in range(lines):
        room = width - 2 * margin if number < lines - 1 else (width - 2 * margin) * dice.uniform(0.25, 1)
        text = str(dice.choice(WORDS))
        while pen.textlength(longer := f"{text} {dice.choice(WORDS)}", font=face) < room:
            text = longer
        place = (margin + int(dice.integers(0, 8)), round(y))
        pen.text(place, text, fill=ink, font=face)
        texts.append(text)
        boxes.append(tuple(int(edge) for edge in pen.textbbox(place, text, font=face)))
        y += max(step if text_px is None else 0, 1.3 * px)
    return DrawnPage(_finished(page, dice, angle, light_on_dark, noise, shade), texts, boxes, angle)


def _finished(
    page: Image.Image, dice: np.random.Generator, angle: float, light_on_dark: bool, noise: float, shade: float
) -> np.ndarray:
    """Turn, shade, invert and roughen a page."""
    corner = page.getpixel((0, 0))
    turned = page.rotate(-angle, Image.Resampling.BICUBIC, fillcolor=corner) if angle else page
    grey_HW = np.asarray(turned, dtype=np.float64)
    rows, columns = grey_HW.shape
    y, x = np.mgrid[:rows, :columns]
    grey_HW = grey_HW * (1 - shade / 255 * (0.5 * x / columns + 0.5 * y / rows))
    if light_on_dark:
        grey_HW = 255 - grey_HW
    return np.clip(grey_HW + dice.normal(0, noise, grey_HW.shape), 0, 255).astype(np.uint8)
