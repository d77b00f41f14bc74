"""A picture that shows what was read where: the page with its lines framed, the text beside it at the same height."""

from importlib.resources import files

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from text_recognizer.inference.result import Line, Page

SURE, UNSURE = (20, 120, 60), (200, 60, 20)
LONGEST_SIDE = 2_400
LEAST_CONFIDENCE = 0.8
"""Lines below it are drawn in the colour of the unsure."""


def draw_page(grey_HW: np.ndarray, page: Page) -> Image.Image:
    """Return the page in colour, framed lines on the left, their texts on the right.

    Args:
        grey_HW: the page as it was read, uint8.
        page: what was read on it.
    """
    scale = min(1.0, LONGEST_SIDE / max(grey_HW.shape))
    size = (max(1, round(page.width * scale)), max(1, round(page.height * scale)))
    picture = Image.new("RGB", (2 * size[0], size[1]), "white")
    picture.paste(Image.fromarray(grey_HW).resize(size, Image.Resampling.BOX), (0, 0))
    pen = ImageDraw.Draw(picture)
    pen.line([(size[0], 0), (size[0], size[1])], fill=(180, 180, 180))
    height = _usual_height(page)
    for line in page.lines:
        _draw_line(pen, line, scale, size[0], height)
    return picture


def _draw_line(pen: ImageDraw.ImageDraw, line: Line, scale: float, right_half: int, height: float) -> None:
    colour = SURE if line.confidence >= LEAST_CONFIDENCE else UNSURE
    pen.polygon([(x * scale, y * scale) for x, y in line.corners], outline=colour)
    pen.line([(x * scale, y * scale) for x, y in line.baseline], fill=(120, 160, 220))
    (left, top), _, _, (_, bottom) = line.corners
    middle = (top + bottom) / 2 * scale
    font = _fitting(pen, line.text, min(height, 1.5 * (bottom - top)) * scale, 0.97 * right_half - left * scale)
    pen.text((right_half + left * scale, middle), line.text, fill=colour, font=font, anchor="lm")


def _usual_height(page: Page) -> float:
    """Return the median height of a page's lines: texts of one size are easier to read."""
    return float(np.median([line.corners[3][1] - line.corners[0][1] for line in page.lines] or [0.0]))


def _fitting(pen: ImageDraw.ImageDraw, text: str, height: float, width: float) -> ImageFont.FreeTypeFont:
    """Return the font in the size at which the text is no higher and no wider than given, 8 px at least."""
    size = float(np.clip(0.6 * height, 8, 60))
    font = _font(size)
    length = pen.textlength(text, font=font)
    return _font(max(8.0, size * width / length)) if length > max(width, 1) else font


def _font(size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(files("text_recognizer") / "inference" / "fonts" / "Roboto-Latin.ttf"), size)
