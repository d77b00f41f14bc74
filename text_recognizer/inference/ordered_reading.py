"""Reading for one stream of results: pages come out in the order of their sources, whichever is read first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any

from text_recognizer.inference.page_task import Outcome
from text_recognizer.inference.reading_job import OpenSource, ReadingJob
from text_recognizer.inference.result import Page

Engine = Callable[[ReadingJob], Generator[Outcome, None, None]]
"""Reads what a job hands out; yields each outcome, which the job settles before the engine goes on."""


class OrderedReading(ReadingJob):
    """Yields pages in order; those that are read too early wait, no more of them than the job may hold."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._queue: deque[OpenSource] = deque()
        self._results: dict[tuple[int, int], tuple[Page | None, bytes, str]] = {}
        self._told: dict[int, int] = {}  # how many pages of a source have been yielded

    def pages(self, engine: Engine) -> Generator[Page, None, None]:
        """Yield the pages of all sources that can be read."""
        with closing(engine(self)) as outcomes:
            for outcome in outcomes:
                self.settle(outcome)
                yield from self._due()
        yield from self._due()

    def _held(self) -> int:
        return self._under_way() + len(self._results)

    def _opens(self, opened: OpenSource) -> bool:
        self._queue.append(opened)
        return True

    def _issued(self, opened: OpenSource, number: int) -> None:
        pass

    def _page(self, opened: OpenSource, number: int, page: Page, drawn: bytes) -> None:
        self._results[opened.place, number] = page, drawn, ""

    def _error(self, opened: OpenSource, number: int, error: str) -> None:
        self._results[opened.place, number] = None, b"", error

    def _finish(self, opened: OpenSource) -> None:
        pass

    def _due(self) -> Iterator[Page]:
        while self._queue and self._queue[0].numbers is not None:
            opened = self._queue[0]
            numbers = opened.numbers or (0,)
            for number in numbers[self._told.get(opened.place, 0) :]:
                if (opened.place, number) not in self._results:
                    return
                page, drawn, error = self._results.pop((opened.place, number))
                self._told[opened.place] = self._told.get(opened.place, 0) + 1
                if page is None:
                    self.errors.append(error)
                else:
                    self._draw(drawn)
                    yield page
            self._told.pop(opened.place, None)
            self._queue.popleft()
