"""Reading one page of one source: what every engine runs, in this process, in a worker or on another machine."""

from __future__ import annotations

import io
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count

from text_recognizer.errors import UserError
from text_recognizer.image import Limits, OpenedPages, opened_pages
from text_recognizer.inference.page_settings import PageSettings
from text_recognizer.inference.result import Page
from text_recognizer.inference.sources import Source
from text_recognizer.inference.text_layer import kept_page


@dataclass(frozen=True)
class PageTask:
    """A page that is to be read.

    Attributes:
        source: whose page.
        place: of the source among all sources, from 0.
        number: of the page, from 1; the first one wanted if the source has not been opened before.
        opens: the source's page numbers are not known yet and are asked for too.
        reads: the page is read; False only asks for the numbers.
    """

    source: Source
    place: int
    number: int
    opens: bool = False
    reads: bool = True


@dataclass(frozen=True)
class Outcome:
    """What came of a task.

    Attributes:
        place, number: as in the task.
        numbers: of the source's wanted pages, if the task asked for them and the source could be opened.
        page: what was read.
        drawn: the picture that shows what was read where, if one was asked for.
        error: why the page, or the source if its numbers are not known, cannot be read.
        died: how the process ended that was to read it; nothing else is known then.
    """

    place: int
    number: int
    numbers: tuple[int, ...] | None = None
    page: Page | None = None
    drawn: bytes = b""
    error: str = ""
    died: str = ""


class PageFunction:
    """Reads pages; keeps the models and the file of the last page open.

    Args:
        settings: how pages are read.
        limits: what is refused unread.

    Raises:
        UserError: a model cannot be loaded.
    """

    def __init__(self, settings: PageSettings, limits: Limits | None = None) -> None:
        self.settings, self.limits = settings, limits or Limits()
        self.reader = settings.reader()
        self._files, self._open = ExitStack(), (-1, "")
        self._pages: OpenedPages | None = None

    def __call__(self, task: PageTask) -> Outcome:
        """Do a task; whatever goes wrong with a page is told in the outcome, and stops nothing else."""
        numbers = None
        try:
            pages = self._opened(task)
            if task.opens:
                numbers = self._numbers(pages)
            if task.reads:
                return self._read(task, pages, numbers)
            return Outcome(task.place, task.number, numbers)
        except UserError as error:
            return Outcome(task.place, task.number, numbers, error=str(error))
        except Exception as error:  # one page of very many must not end the run
            item = f"{task.source}, page {task.number}" if task.number > 1 else str(task.source)
            what = f"{type(error).__name__}: {error}".splitlines()[0]
            return Outcome(task.place, task.number, numbers, error=f"{item}: reading it failed ({what}); report it")

    def close(self) -> None:
        """Close the file of the last page."""
        self._files.close()
        self._open, self._pages = (-1, ""), None

    def _opened(self, task: PageTask) -> OpenedPages:
        wanted = task.place, str(task.source)
        if self._pages is None or self._pages.is_spent or self._open != wanted:
            self.close()
            content = task.source.content(self.limits)
            opened = opened_pages(content, self.limits, self.settings.dpi, str(task.source))
            self._pages, self._open = self._files.enter_context(opened), wanted
        return self._pages

    def _numbers(self, pages: OpenedPages) -> tuple[int, ...]:
        """Return the numbers of the wanted pages, the one at which the file is damaged included."""
        found: list[int] = []
        try:
            for number in pages.numbers(self.settings.pages):
                found.append(number)
        except UserError:
            if not found or len(found) >= self.limits.max_frames:
                raise
            found.append(next(number for number in count(found[-1] + 1) if number in self.settings.pages))
        return tuple(found)

    def _read(self, task: PageTask, pages: OpenedPages, numbers: tuple[int, ...] | None) -> Outcome:
        page = kept_page(pages, task.number, str(task.source)) if self.settings.text_layer == "keep" else None
        if page is not None and not self.settings.drawn:
            return Outcome(task.place, task.number, numbers, page)
        grey_HW = pages.page(task.number)
        page = page or self.reader.read(grey_HW, str(task.source), task.number - 1)
        drawn = b""
        if self.settings.drawn:
            from text_recognizer.inference.draw import draw_page

            stream = io.BytesIO()
            draw_page(grey_HW, page).save(stream, format=self.settings.drawn)
            drawn = stream.getvalue()
        return Outcome(task.place, task.number, numbers, page, drawn)
