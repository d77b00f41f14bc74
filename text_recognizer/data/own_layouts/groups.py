"""Whose a line is, where no field says so: a number in its file's name, its folder, its page, the name's beginning."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from text_recognizer.data.own_layouts.items import GroupFrom, Item, split_of_folders
from text_recognizer.data.writers import writer_of

_COUNTED = re.compile(r"^(.*?)[-_. ]*(?:line|l|ln|tl|seg|crop|img|word)?[-_. ]*\d+[a-z]?$", re.IGNORECASE)
_TECHNICAL = frozenset({"page", "alto", "xml", "images", "image", "img", "imgs", "lines", "data", "forms", "words"})


def pages_of(items: Sequence[Item]) -> list[str]:
    """Return the page of each line: the file that it is cut out of, else what its name has before its last number."""
    return [_stem(item.path) if item.of_page else _within(item.path, before_number(_name(item.path))) for item in items]


def groups_of(items: Sequence[Item], pages: Sequence[str]) -> list[tuple[str, GroupFrom]]:
    """Return for each line its group and what told it."""
    numbers = [writer_of(_name(item.path)) for item in items]
    numbered = _tells_writers(items, numbers)
    folders = [posixpath.dirname(item.path) for item in items]
    distinct = {folder for folder in folders if _is_of_a_hand(folder)}
    found: list[tuple[str, GroupFrom]] = []
    for item, page, number, folder in zip(items, pages, numbers, folders, strict=True):
        if item.group:
            found.append((item.group, "field"))
        elif numbered and number != _name(item.path):
            found.append((number, "name"))
        elif len(distinct) > 1 and folder in distinct:
            found.append((folder, "folder"))
        else:
            found.append((page, "page" if item.of_page else "prefix"))
    return found


def before_number(name: str) -> str:
    """Return what stands before the number at the end of a name; the name itself where there is none.

    >>> before_number("a01-000u-00"), before_number("p12_line_0003"), before_number("letter")
    ('a01-000u', 'p12', 'letter')
    """
    match = _COUNTED.match(name)
    return match[1] if match else name


def _tells_writers(items: Sequence[Item], numbers: Sequence[str]) -> bool:
    """Return whether the numbers of four digits are writers' and not the lines', of which each has one of its own."""
    if any(item.of_page for item in items):
        return True
    of_lines = Counter(number for item, number in zip(items, numbers, strict=True) if number != _name(item.path))
    return bool(of_lines) and sum(of_lines.values()) > 2 * len(of_lines)


def _is_of_a_hand(folder: str) -> bool:
    last = PurePosixPath(folder).name.lower()
    return bool(folder) and last not in _TECHNICAL and split_of_folders(f"{last}/x") is None


def _name(path: str) -> str:
    return PurePosixPath(path).name.split(".")[0]


def _stem(path: str) -> str:
    return str(PurePosixPath(path).with_suffix(""))


def _within(path: str, name: str) -> str:
    return posixpath.join(posixpath.dirname(path), name) or "the folder"
