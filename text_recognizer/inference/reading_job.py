"""Reading many pictures one after the other; one that cannot be read does not stop the others."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from text_recognizer.errors import UserError
from text_recognizer.image import numbered_images
from text_recognizer.inference.draw import draw_page
from text_recognizer.inference.output import check_writable, write_text, written_whole
from text_recognizer.inference.page_reader import PageReader
from text_recognizer.inference.result import Page
from text_recognizer.inference.sources import Source
from text_recognizer.page_ranges import ALL_PAGES, PageRanges
from text_recognizer.pdf import DPI


@dataclass
class ReadingJob:
    """Reads sources and remembers which failed.

    Args:
        reader: reads one page.
        boxes: where to draw what was read; None draws nothing.
        step: called after each source.
        wanted: pages of each source that are read.
        dpi: dots per inch at which the pages of a PDF are drawn.
    """

    reader: PageReader
    boxes: Path | None = None
    step: Callable[[], None] = lambda: None
    wanted: PageRanges = ALL_PAGES
    dpi: float = DPI
    errors: list[UserError] = field(default_factory=list)
    drawn: int = 0

    def pages(self, sources: list[Source]) -> Iterator[Page]:
        """Yield the pages of all sources, of a damaged one those before the damage."""
        for source in sources:
            try:
                yield from self._pages_of(source)
            except UserError as error:
                self.errors.append(error)
            self.step()

    def write_each(self, sources: list[Source], paths: list[Path], chunks: Callable[..., Iterator[str]]) -> None:
        """Write each source's result to a file of its own, which is absent if the source cannot be read."""
        for source, path in zip(sources, paths, strict=True):
            try:
                check_writable(path.parent, create=True)
                write_text(path, chunks(self._pages_of(source)))
            except UserError as error:
                self.errors.append(error)
            self.step()

    def report(self, count: int) -> int:
        """Print what failed of `count` sources, and return the exit code."""
        for error in self.errors:
            print(error, file=sys.stderr)
        if self.errors and count > 1:
            print(f"text-recognizer: {len(self.errors)} of {count} pictures could not be read", file=sys.stderr)
        return 1 if self.errors else 0

    def _pages_of(self, source: Source) -> Iterator[Page]:
        picture = sys.stdin.buffer if source.path is None else source.path
        for number, grey_HW in numbered_images(picture, wanted=self.wanted, dpi=self.dpi):
            page = self.reader.read(grey_HW, str(source), number - 1)
            if self.boxes is not None:
                self._draw(self.boxes, grey_HW, page)
            yield page

    def _draw(self, path: Path, grey_HW: np.ndarray, page: Page) -> None:
        self.drawn += 1
        numbered = path if self.drawn == 1 else path.with_stem(f"{path.stem}-{self.drawn}")
        with written_whole(numbered) as stream:
            draw_page(grey_HW, page).save(stream, format=Image.registered_extensions()[path.suffix.lower()])
