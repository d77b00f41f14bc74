"""PDF pages with text layers of many kinds, written by PDFium."""

from __future__ import annotations

import ctypes
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

INVISIBLE = pdfium.FPDF_TEXTRENDERMODE_INVISIBLE
SIZE = (400.0, 300.0)
"""Points."""


@dataclass(frozen=True)
class Text:
    """Text that starts at (x, y) points from the lower left corner and runs along `angle` degrees, counterclockwise."""

    text: str
    x: float = 50
    y: float = 200
    angle: float = 0.0
    size: float = 20.0
    mode: int = pdfium.FPDF_TEXTRENDERMODE_FILL


@dataclass(frozen=True)
class Scan:
    """A picture over the given share of the page's width."""

    share: float = 1.0


def add(
    document: pypdfium2.PdfDocument, things: Iterable[Text | Scan], turn: int = 0, crop: tuple | None = None
) -> None:
    """Add a page with texts and pictures, in this order, that is shown turned clockwise and cropped."""
    page = document.new_page(*SIZE)
    for thing in things:
        if isinstance(thing, Scan):
            picture = pypdfium2.PdfImage.new(document)
            picture.set_bitmap(pypdfium2.PdfBitmap.from_pil(Image.new("L", (40, 30), 230)))
            picture.set_matrix(pypdfium2.PdfMatrix().scale(SIZE[0] * thing.share, SIZE[1]))
            page.insert_obj(picture)
        else:
            page.insert_obj(_text_object(document, thing))
    page.gen_content()
    page.set_rotation(turn)
    if crop:
        page.set_cropbox(*crop)
    page.close()


def pdf_of(*pages: Iterable[Text | Scan], turn: int = 0, crop: tuple | None = None) -> bytes:
    """Return a PDF whose pages show texts and pictures."""
    document = pypdfium2.PdfDocument.new()
    for things in pages:
        add(document, things, turn, crop)
    stream = io.BytesIO()
    document.save(stream)
    document.close()
    return stream.getvalue()


def _text_object(document: pypdfium2.PdfDocument, text: Text) -> pypdfium2.PdfObject:
    raw = pdfium.FPDFPageObj_NewTextObj(document, b"Helvetica", text.size)
    coded = (text.text + "\0").encode("utf-16-le")
    pdfium.FPDFText_SetText(raw, ctypes.cast(ctypes.create_string_buffer(coded), pdfium.FPDF_WIDESTRING))
    pdfium.FPDFTextObj_SetTextRenderMode(raw, text.mode)
    c, s = math.cos(math.radians(text.angle)), math.sin(math.radians(text.angle))
    pdfium.FPDFPageObj_Transform(raw, c, s, -s, c, text.x, text.y)
    return pypdfium2.PdfObject(raw, pdf=document)


def misnamed_pdf(text: str, code_of_a: int) -> bytes:
    """Return a PDF of a page with a text whose font says that ``a`` to ``z`` are the characters from a code on."""
    names = b"1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfrange <61> <7a> <%04x> endbfrange"
    named, shown = (
        b"begincmap %s endcmap" % (names % code_of_a),
        b"BT /F1 20 Tf 50 200 Td (%s) Tj ET" % text.encode("ascii"),
    )
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents 5 0 R/Resources<</Font<</F1 4 0 R>>>>>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>",
        *(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content) for content in (shown, named)),
    ]
    return assembled(objects)


def filled_form(value: str, kind: str = "Widget") -> bytes:
    """Return a PDF of a page without text but in the field of a form, or in a note if its kind is FreeText."""
    told = value.encode("ascii")
    shown = b"/Tx BMC BT /F1 20 Tf 5 10 Td (%s) Tj ET EMC" % told
    field = b"<</Type/Annot/Subtype/%s/FT/Tx/T(name)/V(%s)/Contents(%s)/Rect[50 200 350 240]" % (
        kind.encode(),
        told,
        told,
    )
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R]/DR<</Font<</F1 4 0 R>>>>>>>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Annots[5 0 R]>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        field + b"/F 4/DA(/F1 20 Tf)/AP<</N 6 0 R>>>>",
        b"<</Type/XObject/Subtype/Form/BBox[0 0 300 40]/Resources<</Font<</F1 4 0 R>>>>/Length %d>>" % len(shown)
        + b"stream\n%s\nendstream" % shown,
    ]
    return assembled(objects)


def locked_pdf() -> bytes:
    """Return a PDF that wants a password."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[3 0 R]>>", b"<</Type/Page/Parent 2 0 R>>"]
    keys = b"/O<%s>/U<%s>" % (b"4f" * 32, b"55" * 32)
    return assembled(objects, b"/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2%s/P -4>>" % keys)


def assembled(objects: list[bytes], more: bytes = b"") -> bytes:
    """Return a PDF of objects, the first of which is its catalogue, with `more` in its trailer."""
    body, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer<</Size %d/Root 1 0 R%s>>\n" % (len(objects) + 1, more)
    return body + head + table + trailer + b"startxref\n%d\n%%%%EOF\n" % len(body)
