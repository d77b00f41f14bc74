"""Which page is read next, and what becomes of it: the part of a run that is the same however the pages are read."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from text_recognizer.image import Limits
from text_recognizer.inference.output import numbered, write_bytes
from text_recognizer.inference.page_settings import PageSettings
from text_recognizer.inference.page_task import Outcome, PageTask
from text_recognizer.inference.progress import Progress
from text_recognizer.inference.result import Page
from text_recognizer.inference.sources import Source, printable

DEATHS = 2
"""Processes that a page may cost before it is given up."""


@dataclass(eq=False)
class OpenSource:
    """A source some of whose pages are still to be read.

    Attributes:
        source, place: see `PageTask`.
        result: relative path of its result, for what writes a file each.
        numbers: of its wanted pages, None until it has been opened.
        waiting: those that no one reads yet.
        under_way: how many are being read.
        deaths: of processes, by the page they were reading.
        asked: somebody is opening it.
        reads: whoever opens it reads its first page too.
        failed: some page, or all, cannot be read.
        finished: nothing is left to do.
    """

    source: Source
    place: int
    result: Path = Path()
    numbers: tuple[int, ...] | None = None
    waiting: deque[int] = field(default_factory=deque)
    under_way: int = 0
    deaths: dict[int, int] = field(default_factory=dict)
    asked: bool = False
    reads: bool = True
    failed: bool = False
    finished: bool = False


class ReadingJob(ABC):
    """Hands out pages to read, from sources that are found on the way, and takes what was read of them.

    Whoever reads (an engine) asks for `next` until it is None, reads, and has each outcome settled; whatever it reads
    at the same time, it asks again after each outcome.

    Args:
        sources: what is read, in order.
        settings: how.
        most: pages that are read at the same time or wait for their turn to be written; bounds the memory.
        copies: folder for copies of what passes by once only, such as the standard input.
        boxes: where to draw what was read where; further pages get ``-2``, ``-3`` and so on. None draws nothing.
        progress: is told of every page and source.
    """

    def __init__(
        self,
        sources: Iterator[Source],
        settings: PageSettings,
        most: int,
        copies: Path,
        boxes: Path | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.settings, self.most, self.copies, self.boxes = settings, most, copies, boxes
        self.progress = progress or Progress()
        self.limits = Limits()
        self.errors: list[str] = []
        self.found = self.failed = self.drawn = 0
        self._sources = sources
        self._first = min(low for low, _ in settings.pages.ranges)
        self._open: dict[int, OpenSource] = {}

    def next(self) -> PageTask | None:
        """Return a page to read, None if there is none just now."""
        if self._held() >= self.most and self._under_way():
            return None
        for opened in list(self._open.values()):
            if (task := self._task(opened)) is not None:
                return task
        for source in self._sources:
            opened = OpenSource(source, self.found)
            self.found += 1
            if self._begin(opened) and (task := self._task(opened)) is not None:
                return task
        return None

    def settle(self, outcome: Outcome) -> None:
        """Take what came of a task."""
        opened = self._open[outcome.place]
        opened.under_way -= 1
        if outcome.died:
            self._after_death(opened, outcome)
        else:
            self._take(opened, outcome)
        self._finish_if_done(opened)

    def report(self) -> int:
        """Print what failed, and return the exit code."""
        for error in self.errors:
            print(printable(error), file=sys.stderr)
        if self.errors and self.found > 1:
            print(f"text-recognizer: {self.failed} of {self.found} pictures could not be read", file=sys.stderr)
        return 1 if self.errors else 0

    @abstractmethod
    def _opens(self, opened: OpenSource) -> bool:
        """Prepare for a source; return False if nothing of it is to be read."""

    @abstractmethod
    def _issued(self, opened: OpenSource, number: int) -> None:
        """Take note that a page is about to be read."""

    @abstractmethod
    def _page(self, opened: OpenSource, number: int, page: Page, drawn: bytes) -> None:
        """Take a page that was read."""

    @abstractmethod
    def _error(self, opened: OpenSource, number: int, error: str) -> None:
        """Take the reason why a page cannot be read; number 0 stands for the whole source."""

    @abstractmethod
    def _finish(self, opened: OpenSource) -> None:
        """Take note that nothing of a source is left to read."""

    def _held(self) -> int:
        """Return how many pages are being read or wait to be written."""
        return self._under_way()

    def _under_way(self) -> int:
        return sum(opened.under_way for opened in self._open.values())

    def _begin(self, opened: OpenSource) -> bool:
        """Open a source; return whether something of it is to be read."""
        if opened.source.is_anonymous:
            opened.source = opened.source.kept(self.copies, self.limits)
        if not self._opens(opened):
            opened.source.forget()
            self.progress.finished(opened.source.file)
            return False
        self._open[opened.place] = opened
        opened.source = opened.source.kept(self.copies, self.limits)
        if opened.source.place is None:
            self._lose(opened, opened.source.problem)
        self._finish_if_done(opened)
        return not opened.finished

    def _task(self, opened: OpenSource) -> PageTask | None:
        opens = opened.numbers is None
        if opens and not opened.asked:
            opened.asked, number, reads = True, self._first, opened.reads
        elif not opens and opened.waiting:
            number, reads = opened.waiting.popleft(), True
        else:
            return None
        opened.under_way += 1
        if reads:
            self._issued(opened, number)
        return PageTask(opened.source, opened.place, number, opens, reads)

    def _take(self, opened: OpenSource, outcome: Outcome) -> None:
        if opened.numbers is None:
            if outcome.numbers is None:
                self._lose(opened, outcome.error)
                return
            opened.numbers = outcome.numbers
            read = {outcome.number} if outcome.page is not None or outcome.error else set()
            opened.waiting.extend(number for number in outcome.numbers if number not in read)
        if outcome.page is not None:
            self.progress.read()
            self._page(opened, outcome.number, outcome.page, outcome.drawn)
        elif outcome.error:
            opened.failed = True
            self._error(opened, outcome.number, outcome.error)

    def _after_death(self, opened: OpenSource, outcome: Outcome) -> None:
        """Have the page tried once more, or give it up; whoever died opening a source may have died of its page."""
        number = outcome.number
        opened.deaths[number] = deaths = opened.deaths.get(number, 0) + 1
        item = f"{opened.source}, page {number}" if number > 1 else str(opened.source)
        why = (
            f"{item}: the process reading it died {deaths} times ({outcome.died}); give it more memory, or leave it out"
        )
        if opened.numbers is not None and deaths < DEATHS:
            opened.waiting.appendleft(number)
        elif opened.numbers is not None:
            opened.failed = True
            self._error(opened, number, why)
        elif opened.reads:
            opened.asked = opened.reads = False
        else:
            self._lose(opened, why)

    def _lose(self, opened: OpenSource, error: str) -> None:
        opened.failed, opened.numbers = True, ()
        self._error(opened, 0, error)

    def _finish_if_done(self, opened: OpenSource) -> None:
        if opened.finished or opened.numbers is None or opened.waiting or opened.under_way:
            return
        opened.finished = True
        self._finish(opened)
        self.failed += opened.failed
        del self._open[opened.place]
        opened.source.forget()
        self.progress.finished(opened.source.file)

    def _draw(self, drawn: bytes) -> None:
        if self.boxes is not None and drawn:
            self.drawn += 1
            write_bytes(numbered(self.boxes, self.drawn), drawn)
