"""Pages of PDF files as pictures, drawn one at a time by PDFium."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from text_recognizer.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import pypdfium2

DPI = 300.0
"""Dots per inch at which pages are drawn unless another number is asked for."""

MAGIC, WITHIN = b"%PDF-", 1_024
"""How a PDF file begins, and within how many bytes."""

POINTS = 72
"""Of an inch."""


def is_pdf(beginning: bytes) -> bool:
    """Return whether a file that begins so is a PDF."""
    return MAGIC in beginning[:WITHIN]


@contextmanager
def opened_pdf(name: str, source: Path | bytes) -> Iterator[pypdfium2.PdfDocument]:
    """Open a PDF; of a file no more is read than its pages need. What a form was filled with is drawn, too.

    Raises:
        UserError: it is damaged, or protected by a password.
    """
    import pypdfium2  # here, because it takes time that pictures have no use for

    try:
        document = _loaded(source)
    except pypdfium2.PdfiumError as error:
        reason = _why_not(source)
        if "password" in reason.lower():
            raise UserError(f"{name}: it is protected by a password; save a copy without one") from error
        raise UserError(f"{name}: the PDF is damaged ({reason}); save or download it again") from error
    with closing(document):
        with suppress(pypdfium2.PdfiumError):  # a damaged form: its pages are drawn without it
            document.init_forms()
        yield document


def _loaded(source: Path | bytes) -> pypdfium2.PdfDocument:
    import pypdfium2

    return pypdfium2.PdfDocument(source if isinstance(source, bytes) else os.fspath(source))


def _why_not(source: Path | bytes) -> str:
    """Return why a file cannot be opened.

    PDFium may tell the error of the file before instead, so it is given a file with another error in between.
    """
    import pypdfium2
    import pypdfium2.raw as pdfium

    pdfium.FPDF_LoadMemDocument(b"none", 4, None)
    try:
        _loaded(source).close()
    except pypdfium2.PdfiumError as error:
        return str(error).rstrip(".")
    return "it could be opened at the second try only"


def has_added_text(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage) -> bool:
    """Return whether a page shows text that is no part of it: what a form was filled with, or a note."""
    import pypdfium2.raw as pdfium

    for number in range(pdfium.FPDFPage_GetAnnotCount(page)):
        added = pdfium.FPDFPage_GetAnnot(page, number)
        kind = pdfium.FPDFAnnot_GetSubtype(added)
        form = document.formenv
        size = 0  # of the value in bytes, with two for its end
        if kind == pdfium.FPDF_ANNOT_WIDGET and form is not None:
            size = pdfium.FPDFAnnot_GetFormFieldValue(form, added, None, 0)
        pdfium.FPDFPage_CloseAnnot(added)
        if kind == pdfium.FPDF_ANNOT_FREETEXT or size > 2:
            return True
    return False


def page_size(name: str, document: pypdfium2.PdfDocument, index: int, dpi: float) -> tuple[int, int]:
    """Return width and height in px of page `index`, from 0, at `dpi`.

    Raises:
        UserError: the page is damaged.
    """
    import pypdfium2

    try:
        width, height = document.get_page_size(index)
    except pypdfium2.PdfiumError as error:
        raise UserError(f"{name}: the page is damaged ({error}); save or download the PDF again") from error
    return round(width * dpi / POINTS), round(height * dpi / POINTS)


def draw_page(name: str, document: pypdfium2.PdfDocument, index: int, dpi: float) -> np.ndarray:
    """Return page `index`, from 0, as uint8 grey levels [H, W] on white.

    Raises:
        UserError: the page is damaged.
    """
    import pypdfium2

    try:
        with closing(document[index]) as page, closing(page.render(scale=dpi / POINTS, grayscale=True)) as bitmap:
            return bitmap.to_numpy().reshape(bitmap.height, -1)[:, : bitmap.width].copy()
    except pypdfium2.PdfiumError as error:
        raise UserError(f"{name}: the page cannot be drawn ({error}); save or download the PDF again") from error
