"""Reading the pictures of requests: what every serving app runs, in its own process or in a worker's."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from text_recognizer.image import Limits, OpenedPages, opened_pages
from text_recognizer.inference.page_reader import PageReader
from text_recognizer.inference.page_settings import PageSettings
from text_recognizer.inference.reading_options import ReadingOptions
from text_recognizer.inference.requests import Picture
from text_recognizer.inference.result import Page
from text_recognizer.inference.text_layer import kept_page

AT_MOST = Limits(max_bytes=32_000_000, max_pixels=40_000_000, max_frames=20)
"""What a picture may cost in a request, unless an operator sets other limits."""


@dataclass(frozen=True)
class Reading:
    """What was read of one picture file.

    Attributes:
        name: of the picture, as its sender calls it.
        pages: in order.
        model: name and version of the model.
        seconds: that opening and reading took.
    """

    name: str
    pages: tuple[Page, ...]
    model: str
    seconds: float

    @property
    def text(self) -> str:
        """The pages' texts, one below the other."""
        return "\n".join(page.text for page in self.pages if page.text)

    @property
    def confidence(self) -> float:
        """Share of the characters that are likely to be right; 0 where nothing was recognised."""
        lines = [line for page in self.pages for line in page.lines if line.text]
        characters = sum(len(line.text) for line in lines)
        return sum(line.confidence * len(line.text) for line in lines) / characters if characters else 0.0


class PictureReader:
    """Reads the pictures of requests with models that are loaded once.

    Args:
        settings: models and threads; what a request asks for goes before the rest.
        limits: what is refused unread.

    Raises:
        UserError: a model cannot be loaded.
    """

    def __init__(self, settings: PageSettings, limits: Limits | None = None) -> None:
        self.limits = limits or AT_MOST
        self.reader = replace(settings, line=False).page_reader()
        self.model = model_version(settings)

    def warm_up(self) -> None:
        """Read an empty page, so that the first request does not wait for what is loaded only then."""
        paper_HW = np.full((64, 256), 235, np.uint8)
        paper_HW[28:34, 40:200:9] = 20
        self.reader.read(paper_HW)

    def read(
        self,
        picture: Picture,
        options: ReadingOptions | None = None,
        look: Callable[[np.ndarray], object] | None = None,
    ) -> Reading:
        """Read a picture.

        Args:
            picture, options: what, and how.
            look: is shown the grey levels [H, W] of each page that is read.

        Raises:
            UserError: it is no picture, damaged or beyond the limits.
        """
        begun, options = time.monotonic(), options or ReadingOptions()
        reader = PageReader(self.reader.recognizer, options.line, self.reader.segmenter, options.abstain)
        with opened_pages(picture.content, self.limits, options.dpi, picture.name) as pages:
            numbers = list(pages.numbers(options.pages))  # counted before any is decoded
            read = tuple(_page(reader, pages, number, options, look) for number in numbers)
        return Reading(picture.name, read, self.model, time.monotonic() - begun)


def model_version(settings: PageSettings) -> str:
    """Return name and digest of a model's files, as in ``best-0123456789abcdef``."""
    from text_recognizer.inference.recipe import Recipe
    from text_recognizer.inference.shipped import model_folder

    return f"{Recipe.load(model_folder(settings.model)).name}-{settings.told()['--model']}"


def _page(
    reader: PageReader,
    pages: OpenedPages,
    number: int,
    options: ReadingOptions,
    look: Callable[[np.ndarray], object] | None,
) -> Page:
    page = kept_page(pages, number, pages.name) if options.text_layer == "keep" else None
    if page is not None:
        return page
    grey_HW = pages.page(number)
    if look is not None:
        look(grey_HW)
    return reader.read(grey_HW, pages.name, number - 1)
