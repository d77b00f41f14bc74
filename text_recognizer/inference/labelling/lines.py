"""The lines that are to be labelled: found by our line finder, read by our reader, page by page."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from text_recognizer.errors import UserError
from text_recognizer.image import SUFFIXES, Limits, OpenedPages, opened_pages
from text_recognizer.inference.labelling.agreement import one_line
from text_recognizer.inference.line_finder import FoundLine
from text_recognizer.inference.page_reader import PageReader
from text_recognizer.inference.page_settings import PageSettings
from text_recognizer.inference.progress import Progress
from text_recognizer.inference.sources import ResultNames, Source, find_sources, printable

LEAST_SIDE = 4
"""Pixels; a smaller picture shows no line of text."""


@dataclass(frozen=True)
class CutLine:
    """A line cut out of a page.

    Attributes:
        file: its path below the folder of drafts, without suffix.
        box: left, top, right and bottom on the page, in px.
        crop_HW: uint8, as our reader sees it, dark on light.
        ours: our reading, in NFC.
        confidence: of our reading.
    """

    file: str
    box: tuple[int, int, int, int]
    crop_HW: np.ndarray
    ours: str
    confidence: float


@dataclass(frozen=True)
class CutPage:
    """The lines of a page in reading order, and what the page is called."""

    name: str
    lines: list[CutLine]


class LineCutter:
    """Cuts the lines out of all pictures that a command line names.

    Args:
        options: of the command line.
        shown: told of the progress.

    Raises:
        UserError: our model cannot be loaded.
    """

    def __init__(self, options: Namespace, shown: Progress) -> None:
        self.names, self.shown = options.folders, shown
        self.settings = PageSettings.of(options)
        self.reader: PageReader = self.settings.page_reader()
        self.limits = Limits()
        self.stems = ResultNames("")
        self.pages = 0
        self.errors: list[str] = []
        """Sentences about pictures and pages that could not be read."""

    def cut(self) -> Iterator[CutPage]:
        """Yield the pages; one that cannot be read is an error, and stops no other."""
        for source in find_sources(self.names, SUFFIXES):
            try:
                content = source.content(self.limits)
                with opened_pages(content, self.limits, self.settings.dpi, str(source)) as pages:
                    yield from self._of_source(source, pages)
            except UserError as error:
                self.errors.append(str(error))
            finally:
                source.forget()
                self.shown.finished(source.file)

    def _of_source(self, source: Source, pages: OpenedPages) -> Iterator[CutPage]:
        several = _has_several(pages)
        for number in pages.numbers(self.settings.pages):
            stem = source.stem.with_name(f"{source.stem.name}-p{number:03d}") if several else source.stem
            stem = self.stems.of(Source(source.name, stem))
            self.pages += 1
            try:
                lines = self._lines(pages.page(number), stem)
            except UserError as error:
                self.errors.append(str(error))
                continue
            self.shown.read()
            yield CutPage(f"{printable(source.name)}#{number}", lines)

    def _lines(self, grey_HW: np.ndarray, stem: Path) -> list[CutLine]:
        read = [pair for pair in self.reader.lines(grey_HW) if min(pair[0].crop_HW.shape) >= LEAST_SIDE]
        found = []
        for number, (place, reading) in enumerate(read, 1):
            name = stem if self.settings.line else stem.with_name(f"{stem.name}-{number:03d}")
            box = _box(place, grey_HW.shape)
            found.append(CutLine(name.as_posix(), box, place.crop_HW, one_line(reading.text), reading.confidence))
        return found


def _has_several(pages: OpenedPages) -> bool:
    """Return whether a file has a second page, or is damaged behind the first."""
    try:
        return len(list(islice(pages.numbers(), 2))) > 1
    except UserError:
        return True


def _box(place: FoundLine, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    outline, size = place.outline(), (shape[1], shape[0])
    left, top = np.floor(outline.min(axis=0)).clip(0, size).astype(int).tolist()
    right, bottom = np.ceil(outline.max(axis=0)).clip(0, size).astype(int).tolist()
    return left, top, right, bottom
