"""Reading into a folder, a result file per source, so that a run that was ended at any moment goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

from text_recognizer.errors import UserError
from text_recognizer.inference.journal import Journal
from text_recognizer.inference.ordered_reading import Engine
from text_recognizer.inference.output import check_writable, write_text
from text_recognizer.inference.page_store import PageStore
from text_recognizer.inference.reading_job import OpenSource, ReadingJob
from text_recognizer.inference.result import Page
from text_recognizer.inference.sources import ResultNames

Chunks = Callable[[Iterable[Page]], Iterator[str]]
"""A format: text, piece by piece, from pages."""


class FolderReading(ReadingJob):
    """Writes each source's result to a file of its own, which appears when it is whole and only then.

    Args:
        arguments, options: see `ReadingJob`.
        journal: what was done in this folder before.
        names: gives the results their names.
        chunks: how they are written.
        one_page: a file holds one page only; further pages of a source are written beside it, as ``book-p002.xml``.
    """

    def __init__(
        self,
        *arguments: Any,
        journal: Journal,
        names: ResultNames,
        chunks: Chunks,
        one_page: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self.journal, self.names, self.chunks, self.one_page = journal, names, chunks, one_page
        self.names.pages_beside = one_page
        self.drawn = journal.drawn
        self.done_before = 0
        self._stores: dict[int, PageStore] = {}

    def run(self, engine: Engine) -> None:
        """Read everything that is not read yet."""
        with closing(engine(self)) as outcomes:
            for outcome in outcomes:
                self.settle(outcome)
        self.journal.end(self.errors)

    def report(self) -> int:
        """Print what was done before and what failed, and return the exit code."""
        code = super().report()
        if self.done_before:
            self.progress.say(
                f"text-recognizer: {self.done_before} of {self.found} pictures were read before; --restart reads them"
                " again"
            )
        return code

    def _opens(self, opened: OpenSource) -> bool:
        source = opened.source
        opened.result = self.names.of(source)
        identity = source.place.identity() if source.place is not None else []
        key = self.journal.key(source.name, identity, opened.result)
        if self.journal.is_done(key, opened.result):
            self.done_before += 1
            return False
        store = self._stores[opened.place] = PageStore(self.journal.pages / f"{key}.jsonl", key)
        opened.numbers = store.numbers
        opened.waiting.extend(number for number in store.numbers or () if number not in store)
        return True

    def _issued(self, opened: OpenSource, number: int) -> None:
        self.journal.begun(self._stores[opened.place].key, number)

    def _page(self, opened: OpenSource, number: int, page: Page, drawn: bytes) -> None:
        store = self._stores[opened.place]
        store.add(opened.numbers or (), number, page)
        if drawn:
            self._draw(drawn)
        self.journal.read(store.key, number, self.drawn)

    def _error(self, opened: OpenSource, number: int, error: str) -> None:
        self.errors.append(error)
        self.journal.failed(self._stores[opened.place].key, number, error)

    def _finish(self, opened: OpenSource) -> None:
        store = self._stores.pop(opened.place)
        if not opened.failed:
            try:
                self._write(opened, store)
            except UserError as error:
                opened.failed = True
                self.errors.append(str(error))
                self.journal.failed(store.key, 0, str(error))
        store.close()

    def _write(self, opened: OpenSource, store: PageStore) -> None:
        """Write a source's result, and forget its pages once the journal knows."""
        path, numbers = self.journal.out / opened.result, opened.numbers or ()
        check_writable(path.parent, create=True)
        if self.one_page:
            for number in numbers[1:]:
                beside = path.with_stem(f"{path.stem}-p{number:03d}")
                write_text(beside, self.chunks(store.pages((number,))), self.journal.unfinished)
            numbers = numbers[:1]
        write_text(path, self.chunks(store.pages(numbers)), self.journal.unfinished)  # last: it stands for all
        self.journal.done(store.key, opened.source.name, opened.result)
        store.remove()
