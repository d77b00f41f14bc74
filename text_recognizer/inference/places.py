"""Where the bytes of a picture are; a place can be sent to another process, which then reads from it."""

from __future__ import annotations

import hashlib
import lzma
import os
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from text_recognizer.errors import UserError
from text_recognizer.image import Limits

Identity = list[str | int]
"""What changes when the bytes do: sizes, times, checksums."""

CHUNK = 1 << 20

DAMAGE: tuple[type[Exception], ...] = (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)
DAMAGE += (OSError, ValueError, NotImplementedError, RuntimeError, UnicodeError, OverflowError, MemoryError)
"""What archives raise that cannot be read."""


class Place(Protocol):
    """Where the bytes of one picture are."""

    def content(self, name: str, limits: Limits) -> Path | bytes:
        """Return the file, or the bytes where there is none; `name` is what errors call it."""

    def identity(self) -> Identity:
        """Return what changes when the bytes do; nothing is read for it."""


@dataclass(frozen=True)
class LocalFile:
    """A file on this machine."""

    path: Path

    def content(self, name: str, limits: Limits) -> Path:
        """Return the path."""
        return self.path

    def identity(self) -> Identity:
        """Return size and time of change; nothing for what is missing, which is found out when it is read."""
        try:
            about = self.path.stat()
        except (OSError, ValueError):
            return []
        return [about.st_size, about.st_mtime_ns]


@dataclass(frozen=True)
class KeptFile:
    """A copy of what can be read once only, in a folder of ours; `mark` is the identity of the original."""

    path: Path
    mark: tuple[str | int, ...]

    def content(self, name: str, limits: Limits) -> Path:
        """Return the copy's path."""
        return self.path

    def identity(self) -> Identity:
        """Return the original's."""
        return list(self.mark)


@dataclass(frozen=True)
class HeldBytes:
    """Bytes that travel with the place, to where no file can be reached."""

    held: bytes

    def content(self, name: str, limits: Limits) -> bytes:
        """Return the bytes."""
        return self.held

    def identity(self) -> Identity:
        """Return nothing; it is asked for before bytes travel."""
        return []


@dataclass(frozen=True)
class FileSlice:
    """A part of a file on this machine, as a member of a tar archive that is not compressed."""

    path: Path
    start: int
    size: int
    mark: tuple[str | int, ...]

    def content(self, name: str, limits: Limits) -> bytes:
        """Return the bytes."""
        check_size(name, self.size, limits)
        try:
            with self.path.open("rb") as stream:
                stream.seek(self.start)
                return stream.read(self.size)
        except OSError as error:
            raise UserError(f"{name}: it cannot be read ({error.strerror}); check the archive and the disk") from None

    def identity(self) -> Identity:
        """Return what the archive says of the member."""
        return list(self.mark)


class Passing:
    """Bytes that pass by once, as from a pipe; they are kept before the next ones are asked for, or are gone.

    Args:
        opened: returns the stream.
        mark: the identity, None if it is found out only by reading.
    """

    def __init__(self, opened: Callable[[], BinaryIO], mark: tuple[str | int, ...] | None) -> None:
        self.opened, self.mark = opened, mark

    def content(self, name: str, limits: Limits) -> bytes:
        """Return the bytes, which are gone then; what needs them twice keeps them first, see `kept`.

        Raises:
            UserError: there are more than the limit, or they cannot be read.
        """
        with _reporting(name):
            content = self.opened().read(limits.max_bytes + 1)
        check_size(name, len(content), limits)
        return content

    def identity(self) -> Identity:
        """Return what is known of it."""
        return list(self.mark or ())

    def kept(self, name: str, folder: Path, limits: Limits) -> KeptFile:
        """Copy the bytes into a file of a folder.

        Raises:
            UserError: there are more than the limit, or they cannot be read or written.
        """
        with _reporting(name):
            handle, path = tempfile.mkstemp(dir=folder)
            copy = Path(path)
            try:
                digest = self._copied(name, handle, limits)
            except BaseException:
                copy.unlink(missing_ok=True)
                raise
        return KeptFile(copy, self.mark or (digest,))

    def _copied(self, name: str, handle: int, limits: Limits) -> str:
        """Copy the bytes into an open file and return their digest."""
        digest, size = hashlib.sha256(), 0
        with os.fdopen(handle, "wb") as copy:
            stream = self.opened()
            while chunk := stream.read(min(CHUNK, limits.max_bytes + 1 - size)):
                size += len(chunk)
                check_size(name, size, limits)
                digest.update(chunk)
                copy.write(chunk)
        return digest.hexdigest()


def standard_input() -> Passing:
    """Return what comes in on the standard input."""
    return Passing(lambda: sys.stdin.buffer, None)


@contextmanager
def _reporting(name: str) -> Iterator[None]:
    """Turn whatever a stream of an archive raises into a UserError."""
    try:
        yield
    except DAMAGE as error:
        reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"{name}: it cannot be read ({reason}); is it damaged, or the disk full?") from error


def check_size(name: str, size: int, limits: Limits) -> None:
    """Refuse a file of more bytes than the limit."""
    if size > limits.max_bytes:
        raise UserError(f"{name}: the file is larger than {limits.max_bytes:,} bytes; save it smaller")
