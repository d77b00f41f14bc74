"""Where records are kept, by a setting: a path is an SQLite file, s3://bucket/prefix a prefix of S3."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from text_recognizer.errors import UserError
from text_recognizer.monitoring.records import Feedback, Loss, Reading, Record


class Store(ABC):
    """Keeps records. Several processes may write to one store at the same time."""

    name: str

    @abstractmethod
    def append(self, records: Sequence[Record]) -> None:
        """Keep records, all or none of them.

        Raises:
            UserError: the store does not take them.
        """

    @abstractmethod
    def readings(self, since: float = 0.0) -> Iterator[Reading]:
        """Yield the readings from a time on, in seconds since 1970, in the order of their times."""

    @abstractmethod
    def feedback(self, pictures: bool = True) -> Iterator[Feedback]:
        """Yield all feedback in the order of its times, one at a time.

        Args:
            pictures: fetch those that were kept; without it they are empty bytes.
        """

    @abstractmethod
    def losses(self) -> Iterator[Loss]:
        """Yield how many records were lost, and why."""

    def close(self) -> None:
        """Give back what the store holds open."""
        return None


def open_store(setting: str, create: bool = False) -> Store:
    """Open a store.

    Args:
        setting: the path of an SQLite file, or s3://bucket/prefix.
        create: make it where there is none.

    Raises:
        UserError: it is not there, is something else, cannot be written to, or needs a library that is not installed.
    """
    if "://" not in setting:
        from text_recognizer.monitoring.sqlite_store import SqliteStore

        return SqliteStore(Path(setting), create)
    if not setting.startswith("s3://"):
        raise UserError(f"{setting}: records are kept in an SQLite file or in S3; give a path or s3://bucket/prefix")
    from text_recognizer.monitoring.object_store import ObjectStore

    return ObjectStore(setting)
