"""Transcribed lines of a user, whatever layout their folder has: read, checked, named and split."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from text_recognizer.charset import Charset
from text_recognizer.data.line_cutting import CutLine
from text_recognizer.data.own_layouts.folder import Folder
from text_recognizer.data.own_layouts.groups import groups_of, pages_of
from text_recognizer.data.own_layouts.items import Checked, Collected, GroupFrom
from text_recognizer.data.own_layouts.known import BY_NAME, layout_of
from text_recognizer.data.own_layouts.pictures import LinePicture
from text_recognizer.data.own_layouts.texts import Form
from text_recognizer.data.own_splits import Splits as Splits
from text_recognizer.data.own_splits import listed_splits
from text_recognizer.data.own_splits import splits as splits
from text_recognizer.errors import UserError

WHITESPACE = "collapse"
"""The one policy: runs of white space become a space, none is left at either end."""


@dataclass(frozen=True)
class OwnLine:
    """One line with its text; its pixels are read when they are asked for.

    Attributes:
        name: what messages call it.
        text: in NFC or NFKC, its white space reduced to single spaces.
        group: the writer, folder or page it belongs to; no group may be in two splits.
        group_from: what told the group.
        page: the page it is on, as far as that is known.
        split: "train", "val" or "test" where the layout says so.
        size: height and width of `image_HW`.
        ink_height: of its ink, in the same pixels.
        digest: SHA-256 of the pixels of `image_HW`.
        picture: gives the pixels.
    """

    name: str
    text: str
    group: str
    group_from: GroupFrom
    page: str
    split: str | None
    size: tuple[int, int]
    ink_height: int
    digest: str
    picture: LinePicture

    @property
    def width_at_40(self) -> float:
        """Width that the line has when its ink is 36 px of 40 high."""
        return self.size[1] * 36 / max(1, self.ink_height)

    def image_HW(self) -> np.ndarray:
        """Return the line as a reader gets it, uint8 [H, W], dark on light."""
        return self.picture.image_HW()

    def cut(self) -> CutLine:
        """Return the line with its ink measured, for training."""
        return self.picture.cut(self.text, self.page)


@dataclass(frozen=True)
class OwnData:
    """The lines of a folder.

    Attributes:
        folder: that was read.
        layout: its name.
        lines: all that can be used.
        faults: a sentence for each item that cannot: its file, row or line, what is wrong and what to do.
        notes: remarks on the whole.
        form: Unicode form of the texts.
    """

    folder: Path
    layout: str
    lines: list[OwnLine]
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    form: Form = "NFC"


@dataclass(frozen=True)
class UnknownCharacter:
    """A character without a label: how often it occurs, and the first line that has it."""

    character: str
    count: int
    first: str


def read_own_data(folder: Path, layout: str | None = None, form: Form = "NFC") -> OwnData:
    """Return the lines of a folder; each picture is decoded once, to name those that are broken.

    The folder of the last call is not read again unless one of its files has changed: who is told what is there and
    then trains on it waits once only.

    Args:
        folder: of the lines, or the one table, XML or JSON file in it that is to be read.
        layout: its name; looked for where it is not given.
        form: Unicode form that the texts are brought into.

    Raises:
        UserError: there is no folder, or it has no known layout, or several.
    """
    listing = Folder(Path(folder))
    states = tuple(_state(listing.path(name)) for name in listing.files)
    return _read(listing.place, layout_of(listing, layout).name, form, states)


def _state(path: Path) -> tuple[str, int, int, int]:
    """Return what changes with a file."""
    about = path.stat()
    return str(path), about.st_size, about.st_mtime_ns, about.st_ctime_ns


@lru_cache(maxsize=1)
def _read(place: Path, layout: str, form: Form, _states: tuple[tuple[str, int, int, int], ...]) -> OwnData:
    listing, kind = Folder(place), BY_NAME[layout]
    found = Collected(form)
    kind.read(listing, found)
    items = [checked.item for checked in found.lines]
    pages = pages_of(items)
    lines = [_own(*parts) for parts in zip(found.lines, pages, groups_of(items, pages), strict=True)]
    repeated = len(lines) - len({line.digest for line in lines})
    if repeated:
        found.notes.append(f"{repeated} lines have the same pixels as another")
    lines = listed_splits(listing, lines, found)
    return OwnData(listing.root, kind.name, lines, found.faults, found.notes, form)


def unknown_characters(data: OwnData | Iterable[OwnLine], charset: Charset) -> list[UnknownCharacter]:
    """Return the characters of the texts that a charset lacks, the most frequent first."""
    counts: dict[str, int] = {}
    first: dict[str, str] = {}
    for line in data.lines if isinstance(data, OwnData) else data:
        for character in charset.unknown(line.text):
            counts[character] = counts.get(character, 0) + line.text.count(character)
            first.setdefault(character, line.name)
    ordered = sorted(counts, key=lambda character: (-counts[character], character))
    return [UnknownCharacter(character, counts[character], first[character]) for character in ordered]


def refuse_unknown(data: OwnData | Iterable[OwnLine], charset: Charset) -> None:
    """Raise a UserError that names the characters which a charset lacks, how often they occur and where first."""
    unknown = unknown_characters(data, charset)
    if unknown:
        named = ", ".join(f"{c.character!r} (U+{ord(c.character):04X}, {c.count} times)" for c in unknown[:10])
        more = f" and {len(unknown) - 10} more" if len(unknown) > 10 else ""
        raise UserError(
            f"{unknown[0].first}: {named}{more} not among the {len(charset.characters)} characters of the charset;"
            " add them with --data.characters or correct the texts"
        )


def _own(line: Checked, page: str, group: tuple[str, GroupFrom]) -> OwnLine:
    item = line.item
    return OwnLine(
        item.name, line.text, *group, page, item.split, line.size, line.ink_height, line.digest, item.picture
    )
