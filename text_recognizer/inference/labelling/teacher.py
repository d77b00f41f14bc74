"""What every reader can do that drafts the texts of lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from text_recognizer.errors import UserError


class TeacherFailed(UserError):
    """A teacher gives no more answers; those that it gave are good."""


class Teacher(Protocol):
    """Drafts the texts of lines.

    Attributes:
        together: lines that are asked for at once.
    """

    together: int

    @property
    def shown(self) -> str:
        """What people are told who it is."""

    @property
    def identity(self) -> str:
        """Changes whenever its answers may."""

    def check(self) -> None:
        """Find out before the work starts that it can be done.

        Raises:
            UserError: it cannot.
        """

    def read(self, pictures: Sequence[bytes]) -> list[str]:
        """Return what each picture of a line, a PNG file, says; nothing for one that it cannot read.

        Raises:
            TeacherFailed: it can read none of them.
        """
