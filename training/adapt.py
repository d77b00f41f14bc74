"""Adapt a model to pages without transcriptions: make adapt DATA=pages/

The lines of the pages are read with the help of the language model; those that it is sure of are learnt, with synthetic
lines mixed in so that nothing is forgotten, and all are read again by what has learnt them. This goes on while the
agreement rises, that is the share of characters on which the recogniser alone and with its language model agree. Pages
on which the model is sure of too little are refused: it would learn its own mistakes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: spinning threads stall where cores are shared

import numpy as np
from jsonargparse import ArgumentParser
from jsonargparse.typing import ClosedUnitInterval, PositiveInt
from PIL import Image

from text_recognizer.data.own_layouts.pairs import TEXT
from text_recognizer.errors import UserError
from text_recognizer.image import SUFFIXES, Limits, numbered_images
from text_recognizer.inference.line_recognizer import LineReading, LineRecognizer
from text_recognizer.inference.page_reader import PageReader
from text_recognizer.inference.segmenter import Segmenter
from text_recognizer.inference.sources import find_sources
from text_recognizer.metrics.error_rate import character_error_rate
from training.command_line import mistakes_shown, parse
from training.keeping import kept, print_lines
from training.readers import trained_model
from training.tuning import RANGES, Start, Tuning, add_options, name_of, train, usual_steps, write_model

SURE = 0.85
"""Confidence from which on a line is learnt."""

SHORTEST = 6
"""Characters of a line that is learnt; shorter ones are sure by chance."""

LEAST_LINES, LEAST_SHARE = 20, 0.1
"""Sure lines that a beginning needs, and their share of all."""

RISE = 0.002
"""By which the agreement must rise for another round."""


@dataclass(frozen=True)
class Line:
    """A line that was found: what it is called, and its picture."""

    name: str
    image_HW: np.ndarray


def lines_of(folder: Path, start: Start) -> list[Line]:
    """Return the lines of all pages below a folder; a page that cannot be read is named and left out.

    Raises:
        UserError: no line is found.
    """
    reader = PageReader(LineRecognizer.load(start.folder), segmenter=Segmenter.load(start.folder))
    lines = []
    for source in find_sources([str(folder)], SUFFIXES):
        try:
            for number, grey_HW in numbered_images(source.content(Limits())):
                name = "-".join([*source.stem.parts, *([str(number)] if number > 1 else [])])
                found = [place.crop_HW for place, reading in reader.lines(grey_HW) if reading.text]
                lines += [Line(f"{name}_{i:03d}", image_HW) for i, image_HW in enumerate(found, start=1)]
        except UserError as error:
            print(f"left out: {error}")
    if not lines:
        raise UserError(f"{folder}: no line of text was found on its pages; look at them with read --boxes")
    return lines


def read(model: Path, lines: Sequence[Line], language_model: bool = True) -> list[LineReading]:
    """Return what a model reads in the lines."""
    recognizer = LineRecognizer.load(model, language_model=language_model)
    return recognizer.read([line.image_HW for line in lines])


def agreement(model: Path, lines: Sequence[Line], readings: Sequence[LineReading]) -> float:
    """Return the share of characters that a model reads alike without its language model."""
    alone = [reading.text for reading in read(model, lines, language_model=False)]
    return 1 - float(character_error_rate(alone, [reading.text for reading in readings]).rate)


def sure_of(readings: Sequence[LineReading], sure: float) -> list[int]:
    """Return the numbers of the lines that are sure enough to learn."""
    return [i for i, r in enumerate(readings) if r.confidence >= sure and len(r.text) >= SHORTEST]


def refuse_unsure(folder: Path, chosen: Sequence[int], readings: Sequence[LineReading], sure: float) -> None:
    """Raise a UserError where too few lines are sure to begin with."""
    least = max(LEAST_LINES, round(LEAST_SHARE * len(readings)))
    if len(chosen) < least:
        mean = float(np.mean([reading.confidence for reading in readings]))
        raise UserError(
            f"{folder}: the model is sure of {len(chosen)} of {len(readings)} lines (mean confidence {mean:.2f}), and"
            f" {least} that reach {sure:g} are needed; it would learn its own mistakes, so give more or clearer pages,"
            " or transcribe some and use make fine-tune"
        )


def write_drafts(folder: Path, lines: Sequence[Line], readings: Sequence[LineReading], chosen: Sequence[int]) -> None:
    """Write the chosen lines with their readings, in the layout that fine-tuning reads."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for i in chosen:
        Image.fromarray(lines[i].image_HW).save(folder / f"{lines[i].name}.png", compress_level=1)
        (folder / f"{lines[i].name}{TEXT}").write_text(readings[i].text + "\n", encoding="utf-8")


def adapt(options: Any) -> int:
    """Do it and return the exit code: 0 done, 85 stopped by a signal and saved."""
    start = Start.load(options.start)
    if start.recipe.language_model is None:
        raise UserError(
            f"{start.folder}: has no language model to correct it; add one with training/add_language_model"
        )
    work = options.runs / f"{options.name}-rounds"
    lines = lines_of(options.data, start)
    readings = read(start.folder, lines)
    chosen = sure_of(readings, options.sure)
    refuse_unsure(options.data, chosen, readings, options.sure)
    best, highest = start, agreement(start.folder, lines, readings)
    print(f"{len(lines)} lines, sure of {len(chosen)}; agreement {100 * highest:.1f} %", flush=True)
    kept_print, printed = start.model(start.recipe.characters), print_lines(start.recipe.characters)
    for number in range(1, options.rounds + 1):
        drafts, model = work / f"{number}" / "lines", work / f"{number}" / "model"
        write_drafts(drafts, lines, readings, chosen)
        tuning = Tuning.of(options, options.steps or usual_steps(len(chosen)), number)
        run = train(tuning.config(best, drafts, "pairs", start.recipe.characters))
        if isinstance(run, int):
            return run
        learnt, share = kept(kept_print, trained_model(run), printed)
        some = [lines[i].image_HW for i in chosen[:: max(1, len(chosen) // RANGES)]]
        write_model(start, learnt, model, options.name, some)
        readings = read(model, lines)
        now = agreement(model, lines, readings)
        chosen = sure_of(readings, options.sure)
        print(
            f"round {number}: agreement {100 * now:.1f} %, sure of {len(chosen)}, {100 * share:.0f} % kept", flush=True
        )
        if now <= highest + RISE:
            break
        best, highest = Start.load(str(model)), now
    if best is start:
        print("the agreement did not rise: nothing was learnt that helps, and no model is written")
        return 0
    folder = options.out or Path("models") / options.name
    shutil.copytree(best.folder, folder, dirs_exist_ok=True)
    (folder / "card.md").write_text(card(options, start, len(lines), highest), encoding="utf-8")
    print(f"the model: {folder}\nread with it: text-recognizer read page.png --model {folder}")
    return 0


def card(options: Any, start: Start, lines: int, highest: float) -> str:
    """Return the model card."""
    return f"""# {options.name}

The model {start.recipe.name}, adapted to the hands of `{options.data.name}` without transcriptions: {lines} lines were
read, those of confidence {options.sure:g} or more learnt as they were read. The recogniser and its language model agree
on {100 * highest:.1f} % of the characters. How many it reads rightly is not known, as nobody has said what is written.

What is said of {start.recipe.name} in its own card holds for this one too.
"""


def main(arguments: list[str] | None = None) -> int:
    """Adapt as the command line says and return the exit code."""
    parser = ArgumentParser(prog="adapt", description=__doc__, exit_on_error=False)
    add = parser.add_argument
    add("data", type=Path, help="folder of pictures and PDF files of pages")
    add("--start", type=str, default="best", help="best, or the folder of an exported model with weights.pt")
    add("--sure", type=ClosedUnitInterval, default=SURE, help="confidence from which on a line is learnt")
    add("--rounds", type=PositiveInt, default=4, help="most rounds")
    add_options(parser, "the pages' lines")
    options = parse(parser, arguments, {})
    options.name = name_of(options, "adapted-")
    return adapt(options)


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
