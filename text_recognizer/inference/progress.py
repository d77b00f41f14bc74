"""A progress bar on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Progress:
    """Takes note of pages read and files finished, and shows nothing."""

    def read(self) -> None:
        """Note that a page was read."""

    def finished(self, file: int) -> None:
        """Note that something in file number `file`, from 0, is finished."""

    def say(self, sentence: str) -> None:
        """Tell people something that is no error."""
        print(sentence, file=sys.stderr)


class _Bar(Progress):
    def __init__(self, show: Callable[[int, int], object]) -> None:
        self.pages, self.files, self.show = 0, 0, show

    def read(self) -> None:
        self.pages += 1
        self.show(self.files, self.pages)

    def finished(self, file: int) -> None:
        self.files = max(self.files, file + 1)
        self.show(self.files, self.pages)


@contextmanager
def progress(count: Callable[[], int]) -> Iterator[Progress]:
    """Give what takes note of the progress; it shows a bar on stderr if that is a terminal.

    Args:
        count: returns how many files there are; called only for a bar. One file needs none.
    """
    total = count() if sys.stderr.isatty() else 0
    if total < 2:
        yield Progress()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("reading"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pages]} pages"))
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total, pages=0)
        yield _Bar(lambda files, pages: bar.update(task, completed=files, pages=f"{pages:,}"))
