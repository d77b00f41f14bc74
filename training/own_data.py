"""Look at a folder of transcribed lines or pages: its layout, lines, splits, characters, and what cannot be used.

With --out the lines are written in the default layout, x.png + x.gt.txt, from which every tool can train.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jsonargparse import ArgumentParser

from text_recognizer.charset import LATIN, Charset
from text_recognizer.data.own_data import OwnData, OwnLine, Splits, read_own_data, splits, unknown_characters
from text_recognizer.data.own_pairs import write_pairs
from text_recognizer.errors import UserError
from training.command_line import mistakes_shown, parse

SHOWN = 20
"""Faults that are printed without --all."""


def main(arguments: list[str] | None = None) -> int:
    """Print what was found and return 0, or 1 where no line can be used."""
    parser = ArgumentParser(description=__doc__, exit_on_error=False)
    parser.add_argument("folder", type=Path, help="folder of the lines or pages, or one table, XML or JSON file in it")
    parser.add_argument("--layout", type=str | None, help="its layout, where it is not recognised")
    parser.add_argument("--out", type=Path | None, help="folder that the lines are written to, as x.png + x.gt.txt")
    parser.add_argument("--split", type=bool, default=False, help="write a folder per split, by writer or page")
    parser.add_argument("--seed", type=int, default=0, help="decides which groups validate and test")
    parser.add_argument("--all", type=bool, default=False, help="print every fault, not the first 20")
    options = parse(parser, arguments, {})
    data = read_own_data(options.folder, options.layout)
    print("\n".join(report(data, options.seed)))
    _print_faults(data, options.all)
    if not data.lines:
        print(f"error: {options.folder}: none of its lines can be used; correct what is named above", file=sys.stderr)
        return 1
    if options.out:
        written = write_pairs(data, options.out, splits(data, options.seed) if options.split else None)
        print(f"{written.lines} pairs in {written.folder}, {written.kept} of them were there already")
    return 0


def report(data: OwnData, seed: int = 0) -> list[str]:
    """Return the rows that are printed of a folder that was read."""
    rows = [f"layout: {data.layout}", f"lines: {len(data.lines)}, faults: {len(data.faults)}"]
    if data.lines:
        rows += [_groups(data.lines), *_splits(data, seed), _characters(data), *_sizes(data.lines)]
    return rows + [f"note: {note}" for note in data.notes]


def _groups(lines: Sequence[OwnLine]) -> str:
    counts = Counter(line.group for line in lines)
    told = Counter(line.group_from for line in lines).most_common(1)[0][0]
    words = {
        "field": "a field says so",
        "name": "numbers in the file names",
        "folder": "their folders",
        "page": "their pages",
        "prefix": "the file names up to their last number",
    }
    some = ", ".join(f"{group} ({count})" for group, count in counts.most_common(3))
    return f"groups: {len(counts)}, by {words[told]}; the largest: {some}"


def _splits(data: OwnData, seed: int) -> list[str]:
    try:
        found: Splits = splits(data, seed)
    except UserError as error:
        return [f"splits: refused: {error}"]
    counts = ", ".join(f"{split} {len(lines)}" for split, lines in found.items())
    return [f"splits: {counts} lines", *(f"note: {note}" for note in found.notes)]


def _characters(data: OwnData) -> str:
    letters = {letter for line in data.lines for letter in line.text}
    unknown = unknown_characters(data, Charset(LATIN))
    named = ", ".join(f"{c.character!r} U+{ord(c.character):04X} ({c.count}, first in {c.first})" for c in unknown[:10])
    more = f" and {len(unknown) - 10} more" if len(unknown) > 10 else ""
    outside = (
        f"; {len(unknown)} are not in the charset LATIN: {named}{more}" if unknown else ", all in the charset LATIN"
    )
    return f"characters: {sum(len(line.text) for line in data.lines)}, {len(letters)} different{outside}"


def _sizes(lines: Sequence[OwnLine]) -> list[str]:
    """Return the least, the middle and the largest of heights, widths and lengths."""
    measures = {
        "heights, px": [line.size[0] for line in lines],
        "widths, px": [line.size[1] for line in lines],
        "widths at a height of 40 px": [round(line.width_at_40) for line in lines],
        "characters per line": [len(line.text) for line in lines],
    }
    return [f"{what}: {min(of)} to {max(of)}, median {np.median(of):.0f}" for what, of in measures.items()]


def _print_faults(data: OwnData, all_of_them: bool) -> None:
    shown = data.faults if all_of_them else data.faults[:SHOWN]
    for fault in shown:
        print(f"fault: {fault}")
    if len(shown) < len(data.faults):
        print(f"and {len(data.faults) - len(shown)} more; --all true prints them")


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
