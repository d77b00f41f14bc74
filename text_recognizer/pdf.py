"""Pages of PDF files as pictures, drawn one at a time by PDFium."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
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
    """Open a PDF; of a file no more is read than its pages need.

    Raises:
        UserError: it is damaged, or protected by a password.
    """
    import pypdfium2  # here, because it takes time that pictures have no use for

    try:
        document = pypdfium2.PdfDocument(source if isinstance(source, bytes) else os.fspath(source))
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise UserError(f"{name}: it is protected by a password; save a copy without one") from error
        raise UserError(f"{name}: the PDF is damaged ({error}); save or download it again") from error
    with closing(document):
        yield document


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
