"""What fine-tuning on one hand gains, and what it forgets.

    make fonts texts pages
    .venv/bin/python benchmarks/fine_tune.py                    # five fonts and the validation writers
    .venv/bin/python benchmarks/fine_tune.py --hands zeyada wikitexte_0003

Of a font family that no model has learnt 150 lines are learnt and 100 others read; of a validation writer of Copiste
d'un jour 15 lines, and all others read, where there are eight or more. Both by training/fine_tune.py as users call it.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from text_recognizer.charset import ASCII
from text_recognizer.data.alto_pages import page_samples, split_pages
from text_recognizer.errors import UsageError, UserError, nearest
from text_recognizer.synth.lines import GROUP, LineSynthesiser

FAMILIES = ("dkg-handwriting", "homemade-apple", "breip", "zeyada", "cedarville-cursive")
"""Test families that look like real hands."""

OF_FAMILY, OF_WRITER, LEAST = (150, 100), 15, 8
"""Lines of a family that are learnt and read, lines of a writer that are learnt, and the fewest others of a writer."""

Lines = Sequence[tuple[np.ndarray, str]]


def family_lines(folder: Path) -> Lines:
    """Return lines in one font family, degraded like scans, in a text that no training has seen."""
    lines = LineSynthesiser(
        seed=7, split="test", handwriting=1.0, fonts=folder, strokes=0.0, widths=(220, 700), characters=ASCII
    )
    drawn = (lines.line(index * GROUP) for index in range(sum(OF_FAMILY)))
    return [(line.image_HW, line.text) for line in drawn]


def writer_lines(pages: Path) -> dict[str, Lines]:
    """Return the lines of each validation writer that has enough of them, by the name of the writer's pages.

    Pages of one writer differ in their last number only; two batches with the same four digits are two people.
    """
    lines: dict[str, list[tuple[np.ndarray, str]]] = {}
    for page in split_pages(pages, "val"):
        writer = re.sub(r"_\d$", "", page.image.stem)
        lines.setdefault(writer, []).extend((sample.image_HW, sample.text) for sample in page_samples([page]))
    return {writer: found for writer, found in sorted(lines.items()) if len(found) >= OF_WRITER + LEAST}


def write_pairs(folder: Path, lines: Iterable[tuple[np.ndarray, str]]) -> None:
    """Write lines as x.png and x.gt.txt."""
    folder.mkdir(parents=True)
    for number, (image_HW, text) in enumerate(lines):
        Image.fromarray(image_HW).save(folder / f"{number:03d}.png")
        (folder / f"{number:03d}.gt.txt").write_text(text + "\n", encoding="utf-8")


def tuned(folder: Path, lines: Lines, learnt: int, options: Sequence[str]) -> dict:
    """Write the lines, fine-tune on the first of them and return what the program says, with its seconds."""
    shutil.rmtree(folder, ignore_errors=True)
    write_pairs(folder / "data" / "train", lines[:learnt])
    write_pairs(folder / "data" / "test", lines[learnt:])
    command = [sys.executable, "-m", "training.fine_tune", str(folder / "data"), "--out", str(folder / "model")]
    command += ["--runs", str(folder), "--json", str(folder / "scores.json"), *options]
    begun = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise UserError(
            f"{folder.name}: fine_tune ended with {done.returncode}: {done.stderr.strip()[-500:]}; see above"
        )
    return {**json.loads((folder / "scores.json").read_text()), "seconds": time.monotonic() - begun}


def row(name: str, found: dict) -> list[float]:
    """Print a line of the table and return the relative change, the rise of print in points, and the seconds."""
    own, of_print = found["scores"]
    before, after = own["before"], own["after"]
    change = after["cer"] / before["cer"] - 1
    rise = 100 * (of_print["after"]["cer"] - of_print["before"]["cer"])
    spans = [
        f"{100 * s['cer']:.2f} ({100 * s['cer_interval'][0]:.1f}-{100 * s['cer_interval'][1]:.1f})"
        for s in (before, after)
    ]
    print(
        f"| {name} | {before['lines']} | {spans[0]} | {spans[1]} | {100 * change:+.0f} % | {rise:+.2f} |"
        f" {100 * found['kept']:.0f} % | {found['seconds']:.0f} |",
        flush=True,
    )
    return [100 * change, rise, found["seconds"]]


def main() -> int:
    """Print the table and return 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--hands", nargs="+", help="families or writers; all if left out")
    parser.add_argument("--fonts", type=Path, default=Path("data/fonts"), help="what make fonts fetched")
    parser.add_argument("--pages", type=Path, default=Path("data/copiste"), help="what make pages fetched")
    parser.add_argument("--folder", type=Path, default=Path("data/benchmark/fine_tune"), help="of lines and models")
    parser.add_argument("options", nargs="*", help="for training/fine_tune.py, after --")
    options = parser.parse_args()
    writers = writer_lines(options.pages)
    hands = options.hands or [*FAMILIES, *writers]
    for hand in hands:
        if hand not in (*FAMILIES, *writers):
            raise UsageError(f"--hands {hand}: no such hand; {nearest(hand, [*FAMILIES, *writers])}")
    print("| hand | other lines | CER % before (95 % interval) | after | change | print, points | kept | seconds |")
    print("|---|---|---|---|---|---|---|---|")
    for kind, names in (("families", FAMILIES), ("writers", tuple(writers))):
        rows = []
        for name in (name for name in names if name in hands):
            folder = options.folder / name
            if kind == "families":
                fonts = options.folder / "fonts" / name
                shutil.copytree(options.fonts / "handwriting" / name, fonts / "handwriting", dirs_exist_ok=True)
                rows.append(row(name, tuned(folder, family_lines(fonts), OF_FAMILY[0], options.options)))
            else:
                rows.append(row(name, tuned(folder, writers[name], OF_WRITER, options.options)))
        if rows:
            change, rise, seconds = np.mean(rows, axis=0)
            print(f"| mean of {len(rows)} {kind} | | | | {change:+.0f} % | {rise:+.2f} | | {seconds:.0f} |", flush=True)
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except UserError as error:
        raise SystemExit(f"fine_tune: {error}") from None
