"""What has been done in a folder of results: survives the end of a process at any moment, and is read by the next."""

from __future__ import annotations

import json
import os
import shutil
import time
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any

from text_recognizer.errors import UserError
from text_recognizer.inference.output import written_whole
from text_recognizer.inference.places import Identity
from text_recognizer.inference.run_lock import RunLock

FOLDER = ".reading"
FORMAT = 1
SYNCED_EVERY = 1.0
"""Seconds after which what was appended is brought to the disk: what a power cut may cost. A kill costs none of it."""


class Journal:
    """The journal of a folder, and the right to write there: no other run has it at the same time.

    It lies in ``.reading`` below the folder. Its rows, in ``journal.jsonl``: the options first; then for pages
    ``["begun", source, page]`` and ``["read", source, page, pictures drawn]``, for sources
    ``["done", source, name, result]`` and for failures ``["failed", source, page, why]``, where a source is named by
    a digest of its name, its identity and its result's name.

    Args:
        out: the folder; it exists.
        told: what decides the results, by option.
        restart: forget what was done before.

    Raises:
        UserError: another run is under way there, the journal was begun with other options, or cannot be used.
    """

    def __init__(self, out: Path, told: dict[str, str], restart: bool = False) -> None:
        self.out, self.home = out, out / FOLDER
        self.pages, self.unfinished, self.copies = (self.home / name for name in ("pages", "unfinished", "copies"))
        self.drawn = 0
        self._done: dict[int, int] = {}  # keys of sources by digests of their results' names: little memory for each
        self._path = self.home / "journal.jsonl"
        self._synced = time.monotonic()
        try:
            self.home.mkdir(exist_ok=True)
            self._lock = RunLock(self.home / "lock", out)
        except OSError as error:
            raise UserError(f"{self.home}: it cannot be used ({error.strerror}); choose another folder") from error
        try:
            self._prepare(told, restart)
            self._file: IO[bytes] = self._path.open("r+b", buffering=0)
            self._mend()
        except OSError as error:
            self._lock.release()
            raise UserError(f"{self.home}: it cannot be used ({error.strerror}); choose another folder") from error
        except UserError:
            self._lock.release()
            raise

    def key(self, name: str, identity: Identity, result: Path) -> str:
        """Return the digest by which a source is known: another one as soon as the file behind it is another."""
        return f"{_digest(json.dumps([name, identity, str(result)])):016x}"

    def is_done(self, key: str, result: Path) -> bool:
        """Return whether a source's result was finished, is still there, and was not replaced by another source's."""
        return self._done.get(_digest(str(result))) == int(key, 16) and (self.out / result).exists()

    def begun(self, key: str, number: int) -> None:
        """Note that a page is about to be read."""
        self._append(["begun", key, number])

    def read(self, key: str, number: int, drawn: int) -> None:
        """Note that a page was read and kept, and how many pictures have been drawn so far."""
        self._append(["read", key, number, drawn])

    def failed(self, key: str, number: int, why: str) -> None:
        """Note why a page, or with number 0 its whole source, cannot be read."""
        self._append(["failed", key, number, why])

    def done(self, key: str, name: str, result: Path) -> None:
        """Note that a source's result is there."""
        self._append(["done", key, name, str(result)])
        self._done[_digest(str(result))] = int(key, 16)

    def end(self, errors: list[str]) -> None:
        """Bring everything to the disk, and write `errors.tsv`, which is absent if there are none."""
        self._append(["end", len(errors)], sync=True)
        listing = self.home / "errors.tsv"
        listing.unlink(missing_ok=True)
        if errors:
            with written_whole(listing) as stream:
                stream.writelines((_one_row(error) + "\n").encode("utf-8", "replace") for error in errors)

    def close(self) -> None:
        """Give the folder free."""
        self._file.close()
        self._lock.release()

    def _append(self, row: list[Any], sync: bool = False) -> None:
        try:
            self._file.write(json.dumps(row).encode() + b"\n")
            now = time.monotonic()
            if sync or now - self._synced >= SYNCED_EVERY:
                os.fsync(self._file.fileno())
                self._synced = now
        except OSError as error:
            raise UserError(f"{self._path}: it cannot be written ({error.strerror}); is the disk full?") from error

    def _prepare(self, told: dict[str, str], restart: bool) -> None:
        if restart:
            self._path.unlink(missing_ok=True)
            shutil.rmtree(self.pages, ignore_errors=True)
        for folder in (self.unfinished, self.copies):
            shutil.rmtree(folder, ignore_errors=True)
        for folder in (self.pages, self.unfinished, self.copies):
            folder.mkdir(exist_ok=True)
        if self._path.exists():
            self._load(told)
        else:
            with written_whole(self._path) as stream:
                stream.write(json.dumps(["options", FORMAT, told]).encode() + b"\n")

    def _load(self, told: dict[str, str]) -> None:
        with self._path.open("rb") as stream:
            self._check(_row(stream.readline()), told)
            for line in stream:
                row = _row(line)
                if row[:1] == ["done"]:
                    self._done[_digest(row[3])] = int(row[1], 16)
                elif row[:1] == ["read"]:
                    self.drawn = row[3]

    def _check(self, first: list[Any], told: dict[str, str]) -> None:
        """Refuse to mix results of different options."""
        if first[:2] != ["options", FORMAT]:
            raise UserError(f"{self._path}: it is damaged, or of another version; read everything again with --restart")
        before = first[2]
        changed = sorted(key for key in before.keys() | told.keys() if before.get(key) != told.get(key))
        if changed:
            what = ", ".join(
                f"{key} was {before.get(key, 'unknown')} and is {told.get(key, 'gone')}" for key in changed
            )
            raise UserError(
                f"{self.out}: its results were read otherwise ({what}); read everything again with --restart, or choose"
                " another folder"
            )

    def _mend(self) -> None:
        """Go to the end; a row that was torn there stays alone."""
        if self._file.seek(0, 2):
            self._file.seek(-1, 2)
            if self._file.read(1) != b"\n":
                self._file.write(b"\n")


def _row(line: bytes) -> list[Any]:
    """Return what a row holds, nothing if it is torn."""
    try:
        row = json.loads(line)
    except ValueError:
        return []
    return row if isinstance(row, list) else []


def _digest(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogateescape"), digest_size=8).digest(), "big")


def _one_row(text: str) -> str:
    return " ".join(text.split())
