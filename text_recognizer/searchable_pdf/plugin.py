"""Searchable PDF files by OCRmyPDF, read by our reader.

    ocrmypdf --plugin text_recognizer.searchable_pdf.plugin in.pdf out.pdf

OCRmyPDF draws the pages, puts the text below the pictures and makes PDF/A of it; Tesseract is not needed.

Source: OCRmyPDF 17, `ocrmypdf.pluginspec`.
"""

from __future__ import annotations

import math
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import local
from typing import TYPE_CHECKING, Any

import numpy as np
from ocrmypdf import hookimpl
from ocrmypdf.builtin_plugins.tesseract_ocr import TesseractOptions
from ocrmypdf.exceptions import BadArgsError, InputFileError
from ocrmypdf.models.ocr_element import OcrElement
from ocrmypdf.pluginspec import OcrEngine, OrientationConfidence
from PIL import Image

from text_recognizer.errors import UserError
from text_recognizer.image import Limits, open_image
from text_recognizer.inference.line_finder import find_lines
from text_recognizer.inference.quarters import quarter_turns
from text_recognizer.inference.result import Page
from text_recognizer.inference.shipped import DEFAULT, model_folder
from text_recognizer.searchable_pdf.tree import as_tree

if TYPE_CHECKING:
    from text_recognizer.inference.page_reader import PageReader

DPI = 300.0
"""Of a picture that does not tell its own."""

CERTAIN = 30.0
"""The confidence of an orientation that every character of the page speaks for; OCRmyPDF turns pages from 14 on."""

LIMITS = Limits(max_bytes=1 << 30)
"""Of the pictures that OCRmyPDF draws, which are hardly compressed."""

STEEPEST = 45.0
"""Degrees; no page is straightened by more."""


class Reader(OcrEngine):
    """Our reader, as OCRmyPDF calls it: in several threads, each of which has a reader of its own."""

    _own = local()

    @staticmethod
    def version() -> str:
        """Return the version of the package."""
        try:
            return version("text-recognizer")
        except PackageNotFoundError:
            return "unknown"

    @staticmethod
    def creator_tag(options: Any) -> str:
        """Return what the PDF says of who has read it."""
        return f"text-recognizer {Reader.version()}"

    def __str__(self) -> str:
        return f"text-recognizer {Reader.version()}"

    @staticmethod
    def languages(options: Any) -> set[str]:
        """Return no languages: the model reads all that it knows at once, and `--language` changes nothing."""
        return set()

    @staticmethod
    def get_orientation(input_file: Path, options: Any) -> OrientationConfidence:
        """Return by how many degrees clockwise the page's lines are turned, and how many of its characters say so."""
        with _said():
            lines = Reader._read(input_file, options).lines
        weights = [0.0] * 4
        for line in lines:
            weights[quarter_turns(line.baseline)] += len(line.text) * line.confidence
        characters = sum(len(line.text) for line in lines)
        quarters = weights.index(max(weights))
        return OrientationConfidence(90 * (-quarters % 4), CERTAIN * weights[quarters] / max(1, characters))

    @staticmethod
    def get_deskew(input_file: Path, options: Any) -> float:
        """Return the degrees by which the page must be turned counterclockwise for its lines to be level."""
        with _said():
            reader = Reader._reader(options)
            found = find_lines(open_image(input_file, LIMITS), reader.segmenter)
        if not found:
            return 0.0
        runs = np.array([line.baseline_N2[-1] - line.baseline_N2[0] for line in found])
        angles = [_lean(x, y) for x, y in runs.tolist()]
        return _middle(angles, np.hypot(*runs.T).tolist())

    @staticmethod
    def supports_generate_ocr() -> bool:
        """Return that the tree of a page is given, without a file between."""
        return True

    @staticmethod
    def generate_ocr(input_file: Path, options: Any, page_number: int = 0) -> tuple[OcrElement, str]:
        """Return the tree of a page and its text."""
        with _said():
            page = Reader._read(input_file, options)
        return as_tree(page, _dpi(input_file), page_number), page.text

    @staticmethod
    def generate_hocr(input_file: Path, output_hocr: Path, output_text: Path, options: Any) -> None:
        """Write the hOCR and the text of a page."""
        from text_recognizer.inference.hocr import as_hocr

        with _said():
            page = Reader._read(input_file, options)
        output_hocr.write_text("".join(as_hocr([page])), encoding="utf-8")
        output_text.write_text(page.text, encoding="utf-8")

    @staticmethod
    def generate_pdf(input_file: Path, output_pdf: Path, output_text: Path, options: Any) -> None:
        """Say that OCRmyPDF has to write the text layer."""
        raise BadArgsError("--pdf-renderer sandwich is Tesseract's own; leave it out, or give --pdf-renderer fpdf2")

    @staticmethod
    def _read(input_file: Path, options: Any) -> Page:
        return Reader._reader(options).read(open_image(input_file, LIMITS), str(input_file))

    @staticmethod
    def _reader(options: Any) -> PageReader:
        """Return this thread's reader; it uses one core, since OCRmyPDF reads as many pages at once as there are."""
        from text_recognizer.inference.line_recognizer import LineRecognizer
        from text_recognizer.inference.page_reader import PageReader
        from text_recognizer.inference.segmenter import Segmenter

        model = _model(options)
        if getattr(Reader._own, "model", None) != model:
            recognizer = LineRecognizer.load(model, threads=1)
            Reader._own.reader = PageReader(recognizer, segmenter=Segmenter.load(model, threads=1))
            Reader._own.model = model
        return Reader._own.reader


@hookimpl
def initialize(plugin_manager: Any) -> None:
    """Take Tesseract's plugin out, which would refuse to go on where the program is not installed."""
    plugin_manager.set_blocked(TesseractOptions.__module__)


@hookimpl
def register_options() -> dict[str, type[TesseractOptions]]:
    """Keep Tesseract's settings, which OCRmyPDF looks at even when they have no effect."""
    return {"tesseract": TesseractOptions}


@hookimpl
def add_options(parser: ArgumentParser) -> None:
    """Add the option that chooses the model."""
    group = parser.add_argument_group("text-recognizer", "How pages are read")
    about = f"best or fast, which come along, or the folder of an exported model (default: {DEFAULT})"
    group.add_argument("--text-recognizer-model", metavar="NAME", default=DEFAULT, help=about)


@hookimpl
def check_options(options: Any) -> None:
    """Refuse a model that is not there, and to read by Tesseract."""
    if options.ocr_engine == "tesseract":
        raise BadArgsError("--ocr-engine tesseract: this plugin reads instead; leave out one of the two")
    try:
        model_folder(_model(options))
    except UserError as error:
        raise BadArgsError(str(error).replace("--model", "--text-recognizer-model", 1)) from error


@hookimpl
def get_ocr_engine(options: Any) -> OcrEngine | None:
    """Return our reader, unless the user wants nothing to be read."""
    return None if options is not None and options.ocr_engine == "none" else Reader()


def _model(options: Any) -> str:
    return str(getattr(options, "text_recognizer_model", None) or DEFAULT)


@contextmanager
def _said() -> Iterator[None]:
    """Turn what we cannot read into OCRmyPDF's own kind of error, which it shows without a traceback."""
    try:
        yield
    except UserError as error:
        raise InputFileError(str(error)) from error


def _dpi(picture: Path) -> float:
    with Image.open(picture) as opened:
        stated = opened.info.get("dpi", (DPI, DPI))
    return float(stated[0]) or DPI


def _lean(x: float, y: float) -> float:
    """Return by how many degrees a line falls, counted from the nearest quarter."""
    return (math.degrees(math.atan2(y, x)) + STEEPEST) % (2 * STEEPEST) - STEEPEST


def _middle(values: list[float], weights: list[float]) -> float:
    """Return the weighted median."""
    order = np.argsort(values)
    sums = np.cumsum(np.array(weights)[order])
    return float(np.array(values)[order][np.searchsorted(sums, sums[-1] / 2)])
