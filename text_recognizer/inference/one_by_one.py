"""The simplest engine: one page after the other, in this process."""

from __future__ import annotations

from collections.abc import Generator

from text_recognizer.inference.page_settings import PageSettings
from text_recognizer.inference.page_task import Outcome, PageFunction
from text_recognizer.inference.reading_job import ReadingJob


class OneByOne:
    """Reads in this process.

    Args:
        settings: how pages are read.

    Raises:
        UserError: a model cannot be loaded.
    """

    most = 1

    def __init__(self, settings: PageSettings) -> None:
        self._function = PageFunction(settings)

    def __call__(self, job: ReadingJob) -> Generator[Outcome, None, None]:
        """Yield the outcome of each page."""
        try:
            while (task := job.next()) is not None:
                yield self._function(task)
        finally:
            self._function.close()
