"""What makes a test meaningless is refused: a writer, page or line of training that is tested on too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from text_recognizer.data.page_store import StoredLine
from text_recognizer.errors import UserError

Overlap = Literal["refuse", "drop"]
"""What becomes of a writer in two splits: the set is refused, or the lines in the split named first are left out."""

NAMED = 8
"""Overlaps that a message names."""


def apart(
    set_name: str, splits: Mapping[str, Sequence[StoredLine]], overlap: Overlap = "refuse"
) -> tuple[dict[str, list[StoredLine]], list[str]]:
    """Return splits of which no two share a writer, a page or a line, and sentences on what was left out.

    Args:
        set_name: what messages call the set.
        splits: the lines of each; where lines are left out, it is from the split that comes first.
        overlap: what becomes of one.

    Raises:
        UserError: two splits share a writer or page and `overlap` is refuse; the message has their ids.
    """
    names = list(splits)
    shared: list[str] = []
    kept: dict[str, list[StoredLine]] = {}
    dropped = dict.fromkeys(names, 0)
    for number, name in enumerate(names):
        later = {key: (other, line) for other in names[number + 1 :] for line in splits[other] for key in _keys(line)}
        kept[name] = []
        for line in splits[name]:
            meets = next((key for key in _keys(line) if key in later), None)
            if meets is None:
                kept[name].append(line)
                continue
            dropped[name] += 1
            other, there = later[meets]
            shared.append(f"{' '.join(meets)} is in {name} ({line.identity}) and in {other} ({there.identity})")
    if shared and overlap == "refuse":
        first_of: dict[str, str] = {}
        for text in shared:
            first_of.setdefault(text.split(" is in ")[0], text)
        different = list(first_of.values())
        more = f" and {len(different) - NAMED} more" if len(different) > NAMED else ""
        raise UserError(
            f"{set_name}: {'; '.join(different[:NAMED])}{more}; keep each in one split, or leave the lines of the"
            " first one out with --data.overlap drop"
        )
    notes = [
        f"{count} lines of {name} are left out, their writers or pages are in a later split"
        for name, count in dropped.items()
        if count
    ]
    return kept, notes


def _keys(line: StoredLine) -> tuple[tuple[str, str], ...]:
    return ("writer", line.writer), ("page", line.of_page), ("line", line.identity)
