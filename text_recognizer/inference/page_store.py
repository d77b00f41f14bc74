"""The pages of one source that have been read so far, on disk, until its result can be written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from text_recognizer.errors import UserError
from text_recognizer.inference.result import Page


class PageStore:
    """Pages in a file, a row of JSON each; in memory is only where each begins.

    The first row holds the numbers of all pages that are wanted. A row is there for good once it was written, however
    the process ends; a torn last row is cut off.

    Args:
        path: the file; made with the first page.
        key: names the source in the journal.
    """

    def __init__(self, path: Path, key: str) -> None:
        self.path, self.key = path, key
        self.numbers: tuple[int, ...] | None = None
        self._starts: dict[int, int] = {}
        self._last: tuple[int, Page] | None = None
        self._file: IO[bytes] | None = None
        if path.exists():
            self._load()

    def __contains__(self, number: int) -> bool:
        return number in self._starts

    def add(self, numbers: tuple[int, ...], number: int, page: Page) -> None:
        """Keep a page.

        Args:
            numbers: of all pages of the source that are wanted.
            number: of this one.

        Raises:
            UserError: it cannot be written.
        """
        try:
            stream = self._opened()
            if self.numbers is None:
                self.numbers = numbers
                stream.write(_row(list(numbers)))
            self._starts[number] = stream.seek(0, 2)
            stream.write(_row([number, page.to_dict()]))
        except OSError as error:
            raise UserError(f"{self.path}: it cannot be written ({error.strerror}); is the disk full?") from error
        self._last = number, page

    def pages(self, numbers: Iterable[int]) -> Iterator[Page]:
        """Yield pages, one in memory at a time."""
        for number in numbers:
            if self._last is not None and self._last[0] == number:
                yield self._last[1]
                continue
            stream = self._opened()
            stream.seek(self._starts[number])
            yield Page.from_dict(json.loads(stream.readline())[1])

    def close(self) -> None:
        """Close the file; what is in it stays."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def remove(self) -> None:
        """Delete the file."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            self._file = self.path.open("r+b" if self.path.exists() else "x+b", buffering=0)
        return self._file

    def _load(self) -> None:
        end = 0
        with self.path.open("r+b") as stream:
            for row in stream:
                read = _read(row)
                if read is None or (end == 0) != (not isinstance(read[-1], dict)):
                    break
                if end == 0:
                    self.numbers = tuple(read)
                else:
                    self._starts[read[0]] = end
                end += len(row)
            stream.truncate(end)


def _row(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass") + b"\n"


def _read(row: bytes) -> list[Any] | None:
    """Return what a row holds, None if it is torn."""
    if not row.endswith(b"\n"):
        return None
    try:
        content = json.loads(row)
    except ValueError:
        return None
    return content if isinstance(content, list) and content else None
