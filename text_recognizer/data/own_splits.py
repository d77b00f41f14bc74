"""Splitting own lines by writer or page, always alike, and refusing what would make a test meaningless."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from text_recognizer.data.own_layouts.folder import Folder
from text_recognizer.data.own_layouts.items import SPLITS, Collected
from text_recognizer.errors import UserError

if TYPE_CHECKING:
    from text_recognizer.data.own_data import OwnData, OwnLine

SHARES = {"test": 0.1, "val": 0.1}
"""Of the lines, where the layout says nothing; the rest is for training."""

LISTED = "splits.json"


class Splits(dict[str, list["OwnLine"]]):
    """The lines of "train", "val" and "test".

    Attributes:
        notes: sentences on how they were split.
    """

    notes: list[str]

    @property
    def note(self) -> str:
        return "; ".join(self.notes)


def splits(data: OwnData, seed: int = 0) -> Splits:
    """Return the lines of each split: as the layout has them, else by group, alike for equal seeds.

    A folder of one group is split by page, one of one page by line; `Splits.notes` says so.

    Raises:
        UserError: a group or a picture is in two splits, or too few lines are there to split.
    """
    found = Splits({split: [line for line in data.lines if line.split == split] for split in SPLITS})
    found.notes = []
    loose = [line for line in data.lines if line.split is None]
    given = [split for split in SPLITS if found[split]]
    if not data.lines:
        raise UserError(f"{data.folder}: none of its lines can be used; see what is said of each, and correct them")
    _refuse_shared_groups(found)
    if not given:
        _fill(found, loose, ("test", "val"), seed)  # of two groups, one validates and none tests
    else:
        found.notes.append(f"split as the layout says: {', '.join(given)}")
        if loose:
            found.notes.append(f"{len(loose)} lines are in no split of the layout and are left out")
        if "val" not in given and "train" in given:
            _fill(found, found["train"], ("val",), seed)
    _refuse_shared_pictures(found)
    return found


def _fill(found: Splits, lines: list[OwnLine], wanted: Sequence[str], seed: int) -> None:
    """Take the lines of the splits `wanted` out of `lines` by group; what is left is for training."""
    by, unit = _units(lines)
    members: dict[str, list[OwnLine]] = {}
    for line in lines:
        members.setdefault(unit(line), []).append(line)
    if len(members) < 2:
        raise UserError(f"{lines[0].name}: is the only line that can be used; give at least two to split")
    wanted = wanted[-1:] if len(members) == 2 else wanted
    order = sorted(members, key=lambda name: hashlib.sha256(f"{seed} {name}".encode()).digest())
    for split in wanted:
        taken = _taken(order, members, SHARES[split] * len(lines))
        found[split] = [line for name in sorted(taken) for line in members[name]]
        order = [name for name in order if name not in taken]
    found["train"] = [line for name in sorted(order) for line in members[name]]
    counts = ", ".join(f"{split} {len({unit(line) for line in found[split]})}" for split in SPLITS if found[split])
    found.notes.append(f"{', '.join(wanted)} taken {by}, seed {seed}: {counts}")


def _units(lines: list[OwnLine]) -> tuple[str, Callable[[OwnLine], str]]:
    """Return by what the lines are split, in words, and what gives a line's part."""
    if len({line.group for line in lines}) > 1:
        return "by writer or page", lambda line: line.group
    if len({line.page for line in lines}) > 1:
        return "by page, as all lines seem to be of one writer", lambda line: line.page
    return (
        "by line, as all lines seem to be of one writer and page: the error on other hands may be higher",
        lambda line: line.name,
    )


def _taken(order: list[str], members: dict[str, list[OwnLine]], wanted: float) -> list[str]:
    """Return the first groups of an order that make up about `wanted` lines, at least one, and leave one."""
    taken: list[str] = []
    count = 0
    for name in order:
        size = len(members[name])
        if count + size <= max(1.0, 1.3 * wanted) and len(taken) < len(order) - 1:
            taken.append(name)
            count += size
    return taken or [min(order, key=lambda name: (len(members[name]), order.index(name)))]


def _refuse_shared_groups(found: Splits) -> None:
    """Raise where a writer or page is in two given splits; one that was guessed from names makes a note only."""
    homes: dict[str, tuple[str, OwnLine]] = {}
    guessed = False
    for split, line in _placed(found):
        home, other = homes.setdefault(line.group, (split, line))
        if home != split and line.group_from != "prefix":
            raise UserError(
                f"{line.name}: its writer or page {line.group} is in {home} ({other.name}) and in {split}; keep it in"
                " one of them"
            )
        guessed |= home != split
    if guessed:
        found.notes.append("files of one beginning are in several splits; their names do not tell writers apart")


def _refuse_shared_pictures(found: Splits) -> None:
    """Raise where a picture is in two splits, under whatever names."""
    homes: dict[str, tuple[str, OwnLine]] = {}
    for split, line in _placed(found):
        home, other = homes.setdefault(line.digest, (split, line))
        if home != split:
            raise UserError(
                f"{line.name}: the same picture is in {home} as {other.name} and in {split}; remove one of them"
            )


def _placed(found: Splits) -> Iterator[tuple[str, OwnLine]]:
    return ((split, line) for split in SPLITS for line in found[split])


def listed_splits(listing: Folder, lines: list[OwnLine], found: Collected) -> list[OwnLine]:
    """Return the lines with the splits that a ``splits.json`` in the folder gives their writers, pages or files."""
    if not listing.holds(LISTED):
        return lines
    listed = listing.json(LISTED)
    if not isinstance(listed, dict) or not all(isinstance(names, list) for names in listed.values()):
        raise UserError(f"{LISTED}: it is no object of lists, as {{'train': ['0001'], 'val': ['0002']}}; correct it")
    split_of: dict[str, str] = {}
    for split in SPLITS:
        for name in map(str, listed.get(split, [])):
            if split_of.setdefault(name, split) != split:
                raise UserError(f"{LISTED}: {name} is in {split_of[name]} and in {split}; keep it in one")
    placed = [
        replace(line, split=next((split_of[key] for key in _keys(line) if key in split_of), line.split))
        for line in lines
    ]
    found.notes.append(f"{LISTED} says which split a writer or page is in")
    return placed


def _keys(line: OwnLine) -> tuple[str, ...]:
    return line.group, line.page, PurePosixPath(line.page).name, line.name
