"""A mistake in the course's source, told with the file and the line where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from text_recognizer.errors import UserError

Where = Callable[[int], str]
"""Names a place of a text by its line, counted from 1."""


class Fault(UserError):
    """The repository cannot be cut as it is; the message begins with the place."""


class Refused(UserError):
    """Everything that is wrong with the course, a line each; nothing was written."""


def in_file(path: str) -> Where:
    """Return how places of a text file are named: `README.md:12`."""
    return lambda line: f"{path}:{line}"


def in_cell(path: str, cell: int) -> Where:
    """Return how places of a notebook's cell are named: `notebooks/lab01_mlp.ipynb: cell 7, line 2`."""
    return lambda line: f"{path}: cell {cell}, line {line}"


class Faults:
    """Collects what is wrong, so that all of it is shown at once."""

    def __init__(self) -> None:
        self.found: list[str] = []

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Keep a fault that is raised in the block, which ends there."""
        try:
            yield
        except Fault as fault:
            self.add(str(fault))

    def add(self, message: str) -> None:
        """Keep one more, once."""
        if message not in self.found:
            self.found.append(message)

    def refuse(self) -> None:
        """Raise what was collected, if anything was.

        Raises:
            Refused: with a line per fault; correct what each of them names.
        """
        if self.found:
            raise Refused("\n".join(self.found))
