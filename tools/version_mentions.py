"""Finds every spot of the repository that repeats a version, by the rows of tools/version_rules.txt."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from own_files import own_files
from version_truth import Truth

VERSION = {
    "": r"\d+(?:\.\d+)+",
    "dense": r"\d{2,}",
    "tuple": r"\d+(?:, \d+)+",
    "major": r"\d+",
    "pip": r"\d+(?:\.\d+)*",
    "pin": r"\d[\w.]*\w|\d",
    "pythons": r'"[\d.]+"(?:, "[\d.]+")*',
    "address": r"[^\s\"\\]*",
    "badge": r"[^\s)\"\\]*",
}


@dataclass(frozen=True)
class Row:
    """One row of the table."""

    what: str
    where: tuple[str, ...]
    text: re.Pattern[str]

    def covers(self, path: str) -> bool:
        """Whether the row is about this file."""
        return any(fnmatchcase(path, pattern) for pattern in self.where)


@dataclass(frozen=True)
class Mention:
    """A spot where a version is repeated.

    Attributes:
        path: of the file, in the repository.
        line: from 1.
        start: offset of the version in the file's text.
        what: the row's first column.
        found: what stands there.
        wanted: what must stand there; None for a spot that no row accounts for.
        source: the file that decides it.
    """

    path: str
    line: int
    start: int
    what: str
    found: str
    wanted: str | None
    source: str

    @property
    def is_right(self) -> bool:
        return self.found == self.wanted


def rows(table: Path) -> list[Row]:
    """Return the rows of the table (SystemExit names a line that is none)."""
    found = []
    for number, line in enumerate(table.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        columns = re.split(r" {2,}", line.strip(), maxsplit=2)
        if len(columns) != 3 or "<v>" not in columns[2]:
            raise SystemExit(f"{table.name}:{number}: not `what  where  text` with <v> in the text; see its head")
        found.append(Row(columns[0], tuple(columns[1].split("|")), pattern(columns[0], columns[2])))
    return found


def pattern(what: str, text: str) -> re.Pattern[str]:
    """Return the regular expression of a row's text."""
    kind, _, form = what.partition(":")
    version = VERSION.get(kind) or VERSION[form]
    named = text.replace("<name>", r"(?P<name>[A-Za-z](?:[\w.-]*?\w)?)")
    return re.compile(named.replace("<v>", f"(?P<v>{version})"), re.MULTILINE)


def files(root: Path, table: list[Row]) -> Iterator[str]:
    """Yield the paths that some row is about, in order."""
    for path in own_files(root):
        if not path.startswith("data/") and any(row.covers(path) for row in table):
            yield path


def mentions(root: Path, table: list[Row], truth: Truth) -> list[Mention]:
    """Return every spot of the repository that a row accounts for, or that only an `any` row matches."""
    return [mention for path in files(root, table) for mention in in_file(root, path, table, truth)]


def in_file(root: Path, path: str, table: list[Row], truth: Truth) -> list[Mention]:
    """Return the mentions of one file, in order."""
    try:
        text = (root / path).read_bytes().decode("utf-8")
    except (UnicodeDecodeError, OSError):  # a picture's name may end like a script's, and files come and go
        return []
    taken: list[tuple[int, int]] = []
    found = []
    for row in table:
        if not row.covers(path):
            continue
        for match in row.text.finditer(text):
            start, end = match.span("v")
            if any(start < stop and begin < end or start == begin for begin, stop in taken):
                continue
            mention = of_match(row, match, path, truth)
            if mention or row.what == "other":
                taken.append((start, end))
            if mention:
                found.append(mention)
    return sorted(found, key=lambda mention: mention.start)


def of_match(row: Row, match: re.Match[str], path: str, truth: Truth) -> Mention | None:
    """Return the mention that a row found; None where nothing decides its version."""
    if row.what == "other":
        return None
    line = match.string.count("\n", 0, match.start("v")) + 1
    if row.what == "any":
        return Mention(path, line, match.start("v"), "any", match["v"], None, "")
    decided = truth.wanted(row.what, match.groupdict().get("name") or "", path)
    if decided is None:
        return None
    return Mention(path, line, match.start("v"), row.what, match["v"], *decided)


def rewrite(root: Path, wrong: list[Mention]) -> None:
    """Put what is wanted into exactly those spots; spots that no row accounts for stay."""
    for path in sorted({mention.path for mention in wrong if mention.wanted is not None}):
        file = root / path
        text = file.read_bytes().decode("utf-8")
        for mention in sorted((m for m in wrong if m.path == path), key=lambda m: -m.start):
            if mention.wanted is not None:
                end = mention.start + len(mention.found)
                text = text[: mention.start] + mention.wanted + text[end:]
        beside = file.with_name(file.name + ".part")
        beside.write_bytes(text.encode("utf-8"))
        beside.chmod(file.stat().st_mode)
        os.replace(beside, file)
