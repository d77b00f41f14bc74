"""What the results of sources are called: paths below a folder, each once, that every file system takes."""

from __future__ import annotations

import os
import re
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from text_recognizer.inference.sources import Source

LONGEST_NAME = 150
"""Bytes of a part of a result's path; what an archive calls longer is cut."""

LONGEST_STEM = 220
"""Bytes of the name of a result without its suffix: file systems take 255, and pages and namesakes need some."""

_PAGE = re.compile(r"(.+)-p\d{3,}")


def safe_stem(name: str) -> Path:
    """Return the name of an archive's member or of a place elsewhere as a relative path, whatever it tries.

    >>> str(safe_stem("/../../etc\\\\passwd.png"))
    'etc/passwd'
    """
    parts = [part for part in re.split(r"[/\\]", name) if part not in ("", ".", "..")] or ["picture"]
    parts[-1] = os.path.splitext(parts[-1])[0]
    return Path(*(_short(re.sub(r"[\0-\x1f\x7f]", "_", part)) for part in parts))


class ResultNames:
    """Gives each source's result a relative path of its own; a name that is taken gets ``-2``, ``-3`` and so on.

    Args:
        suffix: of the results.

    Attributes:
        pages_beside: further pages of a source are written beside its result, as ``book-p002.xml``; no other source
            gets such a name, nor one gets a name beside which such a result lies.
    """

    def __init__(self, suffix: str) -> None:
        self.suffix, self.pages_beside = suffix, False
        self._taken: set[int] = set()  # of digests, which need a tenth of the memory of the paths
        self._books: set[int] = set()  # what those that are called like a page would be pages of

    def of(self, source: Source) -> Path:
        """Return the path for the next source."""
        stem = source.stem if source.stem.name else Path("picture")  # `.` has no name
        first = stem = stem.with_name(_short(stem.name, LONGEST_STEM))
        number = 1
        while not self._is_free(stem):
            number += 1
            stem = first.with_name(f"{first.name}-{number}")
        self._taken.add(_key(stem))
        if (book := _book(stem)) is not None:
            self._books.add(_key(book))
        return stem.with_name(stem.name + self.suffix)

    def _is_free(self, stem: Path) -> bool:
        if _key(stem) in self._taken:
            return False
        book = _book(stem) if self.pages_beside else None
        among_pages = book is not None and _key(book) in self._taken
        return not among_pages and not (self.pages_beside and _key(stem) in self._books)


def _book(stem: Path) -> Path | None:
    """Return what a result would be a page of that is called like one."""
    found = _PAGE.fullmatch(stem.name)
    return stem.with_name(found[1]) if found else None


def _short(part: str, longest: int = LONGEST_NAME) -> str:
    if len(part.encode("utf-8", "surrogateescape")) <= longest:
        return part
    return f"{part[: LONGEST_NAME // 4]}-{blake2b(part.encode('utf-8', 'surrogateescape'), digest_size=8).hexdigest()}"


def _key(path: Path) -> int:
    return int.from_bytes(blake2b(os.fsencode(path), digest_size=8).digest(), "big")
