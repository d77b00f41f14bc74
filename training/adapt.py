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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: spinning threads stall where cores are shared

import numpy as np
from jsonargparse import ArgumentParser
from jsonargparse.typing import ClosedUnitInterval, PositiveInt
from PIL import Image

from text_recognizer.charset import Charset
from text_recognizer.data.own_layouts.pairs import TEXT
from text_recognizer.decoding.language_model import Continuations, LanguageModel
from text_recognizer.errors import UserError
from text_recognizer.image import SUFFIXES, Limits, numbered_images
from text_recognizer.inference.line_recognizer import LineReading, LineRecognizer
from text_recognizer.inference.page_reader import PageReader
from text_recognizer.inference.segmenter import Segmenter
from text_recognizer.inference.sources import ResultNames, find_sources
from text_recognizer.metrics.error_rate import character_error_rate
from training.command_line import mistakes_shown, parse
from training.keeping import Known, print_lines
from training.readers import trained_model
from training.run_folder import write_whole
from training.tuning import RANGES, Start, Tuning, add_options, folder_of, name_of, train, write_model

SURE = 0.8
"""Confidence from which on a line is learnt."""

SHORTEST = 6
"""Characters of a line that is learnt; shorter ones are sure by chance."""

LEAST_LINES, LEAST_SHARE = 20, 0.1
"""Sure lines that a beginning needs, and their share of all."""

RISE = 0.0
"""By more than which the agreement must rise for another round."""

STEPS = 250
"""Of training in a round."""

FORGOTTEN = 0.003
"""Rise of the character error rate of print that is allowed: what is adapted is meant for these pages."""


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
    lines, names = [], ResultNames("")
    names.pages_beside = True
    for source in find_sources([str(folder)], SUFFIXES):
        called = names.of(replace(source, stem=Path("-".join(source.stem.parts))))
        try:
            for number, grey_HW in numbered_images(source.content(Limits())):
                name = f"{called}-p{number:03d}" if number > 1 else called
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


class Sense:
    """Tells text of a language that a model's language model knows from mere letters, such as those of another script.

    Args:
        start: the model; it has a language model.
    """

    def __init__(self, start: Start) -> None:
        assert start.recipe.language_model is not None
        self.most_bits = start.recipe.language_model.most_bits
        self._charset = Charset(start.recipe.characters)
        file = start.recipe.language_model_path(start.folder)
        self._language = Continuations(LanguageModel.load(file), self._charset)

    def bits(self, text: str) -> float:
        """Return how much each character of `text` surprises the language model, in bits."""
        log_probs_L = self._language.log_probs(np.array(self._charset.encode(text)))
        return float(-log_probs_L.mean() / np.log(2))


def sure_of(readings: Sequence[LineReading], sure: float, sense: Sense) -> list[int]:
    """Return the numbers of the lines to learn: sure enough, and text of a language."""
    confident = [i for i, r in enumerate(readings) if r.confidence >= sure and len(r.text) >= SHORTEST]
    return [i for i in confident if sense.bits(readings[i].text) <= sense.most_bits]


def refuse_foreign(folder: Path, readings: Sequence[LineReading], sense: Sense) -> None:
    """Raise a UserError where most lines are no language: print of another script is read with much confidence."""
    bits = [sense.bits(reading.text) for reading in readings if len(reading.text) >= SHORTEST]
    if bits and np.median(bits) > sense.most_bits:
        raise UserError(
            f"{folder}: what is read is text of no language that the model knows ({np.median(bits):.1f} bits for each"
            f" character, at most {sense.most_bits:g}), so it may be of another script; transcribe some and use make"
            " fine-tune with --charset"
        )


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


class Adapting:
    """Rounds of reading and learning, as long as the agreement rises.

    Args:
        options: of the command line.
        start: the model to begin with.
        lines: of the pages.

    Attributes:
        best: the model that agrees most with its language model, and `highest` how much it does.

    Raises:
        UserError: the model is sure of too few lines.
    """

    def __init__(self, options: Any, start: Start, lines: Sequence[Line]) -> None:
        self.options, self.start, self.lines = options, start, lines
        self.sense = Sense(start)
        self._look(start.folder)
        refuse_foreign(options.data, self.readings, self.sense)
        refuse_unsure(options.data, self.chosen, self.readings, options.sure)
        self.best, self.highest = start, self.now
        print(f"{len(lines)} lines, sure of {len(self.chosen)}; agreement {100 * self.now:.1f} %", flush=True)
        characters = start.recipe.characters
        self.known = Known(start.model(characters), print_lines(characters), FORGOTTEN)

    def run(self) -> int:
        """Go through the rounds and return 0, or the exit code of a training that was stopped."""
        for number in range(1, self.options.rounds + 1):
            model = self.options.runs / f"{self.options.name}-rounds" / f"{number}" / "model"
            code = self._learn(number, model)
            if code or self.now <= self.highest + RISE:
                return code
            self.best, self.highest = Start.load(str(model)), self.now
        return 0

    def _learn(self, number: int, model: Path) -> int:
        """Learn the lines that are sure into a new model, and read all with it."""
        drafts = model.with_name("lines")
        write_drafts(drafts, self.lines, self.readings, self.chosen)
        tuning = Tuning.of(self.options, self.options.steps or STEPS, number)
        run = train(tuning.config(self.best, drafts, "pairs", self.start.recipe.characters))
        if isinstance(run, int):
            return run
        learnt, share = self.known.kept(trained_model(run))
        some = [self.lines[i].image_HW for i in self.chosen[:: max(1, len(self.chosen) // RANGES)]]
        write_model(self.start, learnt, model, self.options.name, some)
        self._look(model)
        told = f"agreement {100 * self.now:.1f} %, sure of {len(self.chosen)}, {100 * share:.0f} % kept"
        print(f"round {number}: {told}", flush=True)
        return 0

    def _look(self, model: Path) -> None:
        self.readings = read(model, self.lines)
        self.now = agreement(model, self.lines, self.readings)
        self.chosen = sure_of(self.readings, self.options.sure, self.sense)


def adapt(options: Any) -> int:
    """Do it and return the exit code: 0 done, 85 stopped by a signal."""
    start = Start.load(options.start)
    folder = folder_of(options, start)
    if start.recipe.language_model is None:
        raise UserError(
            f"{start.folder}: has no language model to correct it; add one with training/add_language_model"
        )
    rounds = Adapting(options, start, lines_of(options.data, start))
    if code := rounds.run():
        return code
    if rounds.best is start:
        print("the agreement did not rise: nothing was learnt that helps, and no model is written")
        return 0
    shutil.copytree(rounds.best.folder, folder, dirs_exist_ok=True)
    write_whole(folder / "card.md", card(options, start, len(rounds.lines), rounds.highest))
    print(f"the model: {folder}\nread with it: text-recognizer read page.png --model {folder}")
    return 0


def card(options: Any, start: Start, lines: int, highest: float) -> str:
    """Return the model card."""
    return f"""# {options.name}

The model {start.recipe.name}, adapted to the hands of `{options.data.resolve().name}` without transcriptions: {lines}
lines were read, those of confidence {options.sure:g} or more learnt as they were read. The recogniser and its language
model agree on {100 * highest:.1f} % of the characters. How many it reads rightly is not known, as nobody has said what
is written.

What is said of {start.recipe.name} in its own card holds for this one too.
"""


def main(arguments: list[str] | None = None) -> int:
    """Adapt as the command line says and return the exit code."""
    parser = ArgumentParser(prog="adapt", description=__doc__, exit_on_error=False)
    add = parser.add_argument
    add("data", type=Path, help="folder of pictures and PDF files of pages")
    add("--start", type=str, default="best", help="best, or the folder of an exported model with weights.pt")
    add("--sure", type=ClosedUnitInterval, default=SURE, help="confidence from which on a line is learnt")
    add("--rounds", type=PositiveInt, default=8, help="most rounds")
    add_options(parser, "the pages' lines")
    options = parse(parser, arguments, {})
    options.name = name_of(options, "adapted-")
    return adapt(options)


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
