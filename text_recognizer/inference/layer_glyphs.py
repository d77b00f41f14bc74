"""Characters of a PDF's text layer where they stand on the picture of its page."""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from text_recognizer.inference.result import Point

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

OFF, APART, BACK, TURNED = 0.6, 2.5, 1.5, 10.0
"""How much the next character of a line may stand off its baseline, apart from the one before or behind it, as shares
of the font's size, and by how many degrees it may be turned."""


@dataclass(frozen=True)
class Glyph:
    """A character in px.

    Attributes:
        text: the character.
        start: where it begins on the baseline.
        middle: of it on the baseline.
        up: the height of its font, as a vector.
    """

    text: str
    start: Point
    middle: Point
    up: Point

    @property
    def on_its_head(self) -> bool:
        """Whether it points down."""
        return self.up[1] > abs(self.up[0])


class Places:
    """Turns places on a page of a PDF into pixels of its picture, which may be turned or cropped.

    Args:
        page: of the PDF.
        size: width and height of its picture in px.
    """

    FINER, FAR = 64, 1000
    """PDFium tells whole pixels: it is asked about a picture so much larger, and points so far apart."""

    def __init__(self, page: PdfPage, size: tuple[int, int]) -> None:
        import pypdfium2.raw as pdfium

        def place(x: float, y: float) -> Point:
            found = ctypes.c_int(), ctypes.c_int()
            sizes = (size[0] * self.FINER, size[1] * self.FINER)
            pdfium.FPDF_PageToDevice(page, 0, 0, *sizes, 0, x, y, *(ctypes.byref(axis) for axis in found))
            return found[0].value / self.FINER, found[1].value / self.FINER

        self.size, self.origin = size, place(0, 0)
        x, y = place(self.FAR, 0), place(0, self.FAR)
        self.x = (x[0] - self.origin[0]) / self.FAR, (x[1] - self.origin[1]) / self.FAR
        self.y = (y[0] - self.origin[0]) / self.FAR, (y[1] - self.origin[1]) / self.FAR

    def vector(self, x: float, y: float) -> Point:
        """Return a direction and length on the page in px."""
        return x * self.x[0] + y * self.y[0], x * self.x[1] + y * self.y[1]

    def point(self, x: float, y: float) -> Point:
        """Return a place on the page in px."""
        across, down = self.vector(x, y)
        return self.origin[0] + across, self.origin[1] + down

    def glyph(self, text: PdfTextPage, place: int, character: str) -> Glyph | None:
        """Return a character; None if its place is not known, is off the page, or its font has no height."""
        import pypdfium2.raw as pdfium

        x, y, matrix, box = ctypes.c_double(), ctypes.c_double(), pdfium.FS_MATRIX(), pdfium.FS_RECTF()
        known = (
            pdfium.FPDFText_GetCharOrigin(text, place, x, y)
            and pdfium.FPDFText_GetMatrix(text, place, matrix)
            and pdfium.FPDFText_GetLooseCharBox(text, place, box)
        )
        height = pdfium.FPDFText_GetFontSize(text, place)
        start, up = self.point(x.value, y.value), self.vector(matrix.c * height, matrix.d * height)
        along, length = self.vector(matrix.a, matrix.b), math.hypot(*up)
        if not known or length < 1 or not any(along):
            return None
        centre = self.point((box.left + box.right) / 2, (box.bottom + box.top) / 2)
        unit = along[0] / math.hypot(*along), along[1] / math.hypot(*along)
        half = (centre[0] - start[0]) * unit[0] + (centre[1] - start[1]) * unit[1]
        middle = start[0] + half * unit[0], start[1] + half * unit[1]
        on_page = 0 <= middle[0] <= self.size[0] and 0 <= middle[1] <= self.size[1]
        across = -unit[1], unit[0]
        side = length if up[0] * across[0] + up[1] * across[1] > 0 else -length
        return Glyph(character, start, middle, (side * across[0], side * across[1])) if on_page else None


def offset(glyph: Glyph) -> float:
    """Return how far down its line stands, seen as its text is read."""
    return -(glyph.start[0] * glyph.up[0] + glyph.start[1] * glyph.up[1]) / math.hypot(*glyph.up)


def position(glyph: Glyph) -> float:
    """Return how far along its line it stands."""
    return (glyph.start[1] * glyph.up[0] - glyph.start[0] * glyph.up[1]) / math.hypot(*glyph.up)


def goes_on(last: Glyph, glyph: Glyph) -> bool:
    """Return whether a character stands in the same line as the one before it."""
    height = math.hypot(*last.up)
    down = -last.up[0] / height, -last.up[1] / height
    along = down[1], -down[0]
    step = glyph.start[0] - last.middle[0], glyph.start[1] - last.middle[1]
    off = abs(step[0] * down[0] + step[1] * down[1])
    ahead = step[0] * along[0] + step[1] * along[1]
    turn = math.degrees(math.atan2(*glyph.up) - math.atan2(*last.up))
    straight = abs((turn + 180) % 360 - 180) <= TURNED
    return straight and off <= OFF * height and -BACK * height <= ahead <= APART * height


def space_between(last: Glyph, glyph: Glyph) -> Glyph:
    """Return the space between two neighbours in a line."""
    middle = (last.middle[0] + glyph.middle[0]) / 2, (last.middle[1] + glyph.middle[1]) / 2
    return Glyph(" ", middle, middle, last.up)
