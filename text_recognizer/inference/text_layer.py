"""The text that a page of a PDF has already, as the result tree, instead of reading its picture."""

from __future__ import annotations

import ctypes
import math
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from statistics import median
from typing import TYPE_CHECKING

from text_recognizer.inference.boxes import box_of
from text_recognizer.inference.layer_glyphs import OFF, Glyph, Places, goes_on, offset, position, space_between
from text_recognizer.inference.result import Character, Line, Page, Point
from text_recognizer.pdf import POINTS, has_added_text

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

    from text_recognizer.image import OpenedPages

UNREADABLE = ("Cc", "Cn", "Co", "Cs")
"""Unicode's categories of what nobody can have meant: control characters, private ones, and what is none."""

MOST_UNREADABLE = 0.1
"""Share of unreadable characters from which on a layer is taken for garbage."""

COVERING = 0.5
"""Share of the page from which on a picture is taken for the scan of the page."""

ABOVE, BELOW = 0.8, 0.25
"""Of the size of its font, how far a line reaches above and below its baseline."""


def kept_page(pages: OpenedPages, number: int, source: str) -> Page | None:
    """Return the lines of the text layer of page `number`, from 1; None if it has none worth keeping, or is no PDF's.

    A layer is worth keeping unless it is empty, more than a tenth of it is control or private characters, a picture
    covers the page and most text is printed visibly on top of it, as a stamp on a scan is, or it is not all of the
    page's text, as where a form was filled in.
    """
    document: PdfDocument | None = getattr(pages, "document", None)
    if document is None:
        return None
    import pypdfium2

    try:
        with closing(document[number - 1]) as page, closing(page.get_textpage()) as text:
            if has_added_text(document, page):
                return None
            return _page(page, text, getattr(pages, "dpi", 0.0) / POINTS, source, number - 1)
    except pypdfium2.PdfiumError:
        return None  # drawing the page will say what is wrong with it


def _page(page: PdfPage, text: PdfTextPage, scale: float, source: str, frame: int) -> Page | None:
    size = math.ceil(page.get_width() * scale), math.ceil(page.get_height() * scale)  # as it is drawn
    codes, stamped = _codes(text), _stamped(page)
    told = [place for place, code in codes.items() if not chr(code).isspace()]
    unreadable = sum(unicodedata.category(chr(codes[place])) in UNREADABLE for place in told)
    if not told or unreadable > MOST_UNREADABLE * len(told):
        return None
    if stamped and 2 * sum(_object(text, place) in stamped for place in told) > len(told):
        return None
    parts = [glyphs for glyphs in _lines(page, text, codes, size) if glyphs]
    lines = tuple(_line(glyphs, size) for glyphs in _rejoined(parts))
    return Page(lines, *size, source, frame) if lines else None


def _codes(text: PdfTextPage) -> dict[int, int]:
    """Return the code points of a layer by their places in it; what its font has no meaning for becomes U+0000."""
    import pypdfium2.raw as pdfium

    codes: dict[int, int] = {}
    for place in range(text.count_chars()):
        code = pdfium.FPDFText_GetUnicode(text, place)
        before = codes.get(place - 1, 0)
        if pdfium.FPDFText_IsHyphen(text, place) == 1:
            code = ord("-")
        elif pdfium.FPDFText_HasUnicodeMapError(text, place) == 1 or code > 0x10FFFF:
            code = 0
        elif 0xDC00 <= code < 0xE000 and 0xD800 <= before < 0xDC00:
            code = 0x10000 + ((before - 0xD800) << 10) + code - 0xDC00
            del codes[place - 1]
        codes[place] = code
    return codes


def _stamped(page: PdfPage) -> set[int]:
    """Return the texts that are printed visibly on top of a picture that covers the page."""
    import pypdfium2.raw as pdfium

    least = COVERING * page.get_width() * page.get_height()
    hidden = (pdfium.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium.FPDF_TEXTRENDERMODE_CLIP)
    stamped: set[int] = set()
    covered = False
    for item in page.get_objects([pdfium.FPDF_PAGEOBJ_TEXT, pdfium.FPDF_PAGEOBJ_IMAGE]):
        if item.type == pdfium.FPDF_PAGEOBJ_IMAGE:
            left, bottom, right, top = item.get_bounds()
            if (right - left) * (top - bottom) >= least:
                covered, stamped = True, set()
        elif covered and pdfium.FPDFTextObj_GetTextRenderMode(item) not in hidden:
            stamped.add(ctypes.addressof(item.raw.contents))
    return stamped


def _object(text: PdfTextPage, place: int) -> int:
    import pypdfium2.raw as pdfium

    found = pdfium.FPDFText_GetTextObject(text, place)
    return ctypes.addressof(found.contents) if found else 0


def _lines(page: PdfPage, text: PdfTextPage, codes: dict[int, int], size: tuple[int, int]) -> Iterator[list[Glyph]]:
    """Yield the characters of each line; a wide gap, as between columns, ends a line too."""
    to_px, line = Places(page, size), list[Glyph]()
    spaced = False
    for place, code in codes.items():
        character = chr(code)
        if character in "\r\n":
            yield line
            line, spaced = [], False
        elif character.isspace():
            spaced = bool(line)
        elif unicodedata.category(character) not in UNREADABLE:
            glyph = to_px.glyph(text, place, character)
            if glyph is None:
                continue
            if line and not goes_on(line[-1], glyph):
                yield line
                line, spaced = [], False
            if spaced:
                line.append(space_between(line[-1], glyph))
            line.append(glyph)
            spaced = False
    yield line


def _rejoined(parts: list[list[Glyph]]) -> list[list[Glyph]]:
    """Return lines; those of text on its head, whose words PDFium takes for lines, last one first, are put together."""
    whole = [part for part in parts if not part[0].on_its_head]
    rest = [part for part in parts if part[0].on_its_head]
    rest.sort(key=lambda part: offset(part[0]))
    rows: list[list[list[Glyph]]] = []
    for part in rest:
        near = rows and offset(part[0]) - offset(rows[-1][0][0]) <= OFF * math.hypot(*part[0].up)
        rows[-1].append(part) if near else rows.append([part])
    for row in rows:
        row.sort(key=lambda part: position(part[0]))
        line = list(row[0])
        for part in row[1:]:
            if goes_on(line[-1], part[0]):
                line += [space_between(line[-1], part[0]), *part]
            else:
                whole.append(line)
                line = list(part)
        whole.append(line)
    return whole


def _line(glyphs: list[Glyph], size: tuple[int, int]) -> Line:
    first, last = glyphs[0], glyphs[-1]
    start, end = first.start, (2 * last.middle[0] - last.start[0], 2 * last.middle[1] - last.start[1])
    height = median(math.hypot(*glyph.up) for glyph in glyphs)
    run = end[0] - start[0], end[1] - start[1]
    length = math.hypot(*run) or 1.0
    up = run[1] / length, -run[0] / length
    if not any(run):
        up = first.up[0] / math.hypot(*first.up), first.up[1] / math.hypot(*first.up)

    def raised(point: Point, share: float) -> Point:
        return point[0] + share * height * up[0], point[1] + share * height * up[1]

    corners = raised(start, ABOVE), raised(end, ABOVE), raised(end, -BELOW), raised(start, -BELOW)
    characters = tuple(Character(glyph.text, *glyph.middle, 1.0) for glyph in glyphs)
    text = "".join(glyph.text for glyph in glyphs)
    return Line(text, 1.0, box_of(corners, size), corners, (start, end), characters)
