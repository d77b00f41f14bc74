"""Time and memory of reading on one thread: a line of 28 characters, a page of eight lines, a page of 3,000 pixels.

    make bench-env fonts          # once; and Debian's tesseract-ocr tesseract-ocr-fra ocrad
    .venv/bin/python benchmarks/speed.py

One row per reader: ms per line and per page, how many times as long as our fastest model takes (the peers beside us, in
turns, in the same run), seconds from the start of the process to its first answer, and the most memory that it held on
the large page. The pictures are drawn by writers, in families and with texts that no training has seen. Tesseract reads
the list of lines in one process.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # for benchmarks.reading, when run as a file

import numpy as np
from PIL import Image

from benchmarks.readers import readers
from benchmarks.reading.environment import cpu, load
from benchmarks.reading.jobs import Cost, costs
from benchmarks.reading.sets import About, BenchmarkSet, Drawn, Unit, read_set, write_set
from text_recognizer.errors import UserError, check_range
from text_recognizer.synth.lines import GROUP, LineSynthesiser
from text_recognizer.synth.pages import PageSynthesiser

CHARACTERS = range(26, 31)
"""Lengths of the lines that are timed; 28 in the middle."""

LARGE = 3_000
"""Pixels of the large page's longer side."""


def line_pictures(fonts: Path | None) -> Iterator[Drawn]:
    """Yield lines of about 28 characters, print and handwriting in turns."""
    for share in (0.0, 1.0):
        drawn = LineSynthesiser(seed=9, split="validation", height=40, handwriting=share, fonts=fonts)
        lines = (drawn.line(index * GROUP) for index in count())
        some = (line for line in lines if len(line.text) in CHARACTERS)
        yield from ((line.image_HW, line.text, line.source) for line in islice(some, 30))


def page_pictures(fonts: Path | None, lines: int, pages: int, side: int | None = None) -> Iterator[Drawn]:
    """Yield pages, print and handwriting in turns, enlarged to a longer side of `side` px."""
    for share in (0.0, 1.0):
        drawn = PageSynthesiser(seed=9, split="validation", handwriting=share, fonts=fonts, lines=(lines, lines))
        for page in map(drawn.page, range(pages // 2)):
            picture = Image.fromarray(page.image_HW)
            if side:
                factor = side / max(picture.size)
                picture = picture.resize((round(picture.width * factor), round(picture.height * factor)))
            yield np.asarray(picture), page.text, "page"


def made(folder: Path, name: str, unit: Unit, pictures: Iterator[Drawn]) -> BenchmarkSet:
    """Write a set into a folder and return it."""
    write_set(folder / name, About(unit, "mixed"), pictures)
    return read_set(folder / name, name)


def rows(taken: dict[str, dict[str, Cost]], ours: list[str]) -> Iterator[str]:
    """Yield the table's rows: readers by the columns of the three sets."""
    best = {name: min(costs_of[ours_name].ms for ours_name in ours) for name, costs_of in taken.items()}
    yield "| reader | ms per line of 28 characters | x | ms per page of 8 lines | x | start to first answer s | MB |"
    yield "|---|---:|---:|---:|---:|---:|---:|"
    for reader in taken["lines"]:
        line, page, large = (taken[name][reader] for name in ("lines", "pages", "large"))
        cells = [
            f"{line.ms:.1f} ({line.fastest:.1f}-{line.slowest:.1f})",
            f"{line.ms / best['lines']:.1f}",
            f"{page.ms:.0f} ({page.fastest:.0f}-{page.slowest:.0f})",
            f"{page.ms / best['pages']:.1f}",
            f"{page.first_s:.2f}",
            f"{large.peak_mb:.0f}",
        ]
        yield f"| {reader} | {' | '.join(cells)} |"


def main(arguments: list[str] | None = None) -> int:
    """Print the table; a user's mistake is one sentence and an exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", nargs="*", metavar="PEER", help="which peers; those installed by default")
    parser.add_argument("--ours", nargs="+", metavar="NAME=FOLDER", help="our models; by default those that come along")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--fonts", type=Path, default=Path("data/fonts"), help="what make fonts fetched")
    options = parser.parse_args(arguments)
    fonts = options.fonts if options.fonts.is_dir() else None
    try:
        check_range("--repeats", options.repeats, 1)
        found = readers(options.ours, options.readers)
        begun = load()
        with tempfile.TemporaryDirectory() as scratch:
            sets = [
                made(Path(scratch), "lines", "line", line_pictures(fonts)),
                made(Path(scratch), "pages", "page", page_pictures(fonts, 8, 6)),
                made(Path(scratch), "large", "page", page_pictures(fonts, 22, 2, LARGE)),
            ]
            repeats = {"lines": options.repeats, "pages": options.repeats, "large": 1}
            taken = {one.name: costs(found, one, repeats[one.name]) for one in sets}
    except UserError as error:
        print(f"speed: {error}", file=sys.stderr)
        return error.exit_code
    print(*rows(taken, [reader.name for reader in found if reader.is_ours]), sep="\n")
    print(f"\nCPU: {cpu()}. One thread each; load at the beginning {begun:.1f}, at the end {load():.1f};", end=" ")
    print(f"medians of {options.repeats} repeats in turns (fastest-slowest).")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
