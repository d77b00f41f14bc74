"""Real lines of transcribed pages for training and validation, mixed with synthetic ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from torch.utils.data import Dataset

from text_recognizer.charset import LATIN, Charset
from text_recognizer.data.base import Sample, collate
from text_recognizer.data.line_cutting import CutLine, cut_lines, ink, tidy
from text_recognizer.data.page_xml import Page, read_pages
from text_recognizer.data.synthetic_lines import SyntheticLines, synthetic_sample
from text_recognizer.data.transcription import StruckOut, without_marks
from text_recognizer.data.writers import writer_of
from text_recognizer.errors import UserError, check_range
from text_recognizer.line_batch import LineBatch
from text_recognizer.synth.counter import rng
from text_recognizer.synth.degrade import on_paper, random_warp, warped, worn
from text_recognizer.synth.effects import REAL_PAGES, Effects
from text_recognizer.synth.inkline import InkLine
from text_recognizer.synth.lines import GROUP, LineSynthesiser

SPLITS = "splits.json"


class AltoPages(SyntheticLines):
    """Lines cut out of transcribed pages (ALTO or PAGE XML beside the images), mixed with synthetic lines.

    The folder holds ``train`` and ``val`` folders of pages, or all pages in one and a ``splits.json`` that lists the
    numbers of the writers (the first run of four digits in a page's name) of train, val and test; pages of its test
    writers are never read.

    Args:
        characters: the charset's characters, in the order of their labels.
        handwriting: share of handwritten lines among the synthetic; the rest is print.
        pixels: width of all lines of a batch together, for a height of 40 px.
        validation_lines: synthetic lines of validation, half of them handwritten; all real ones are read.
        effects: what else synthetic training lines show of real pages, and how often.
        pages: the folder of the pages.
        real: share of the real lines in training.
        struck_out: what becomes of words that the writer struck out.
    """

    def __init__(
        self,
        characters: str = LATIN,
        handwriting: float = 0.7,
        pixels: int = 5000,
        validation_lines: int = 96,
        effects: Effects = REAL_PAGES,
        pages: Path = Path("data/copiste"),
        real: float = 0.5,
        struck_out: StruckOut = "drop",
        **others: Any,
    ) -> None:
        super().__init__(
            characters=characters,
            handwriting=handwriting,
            pixels=pixels,
            validation_lines=validation_lines,
            effects=effects,
            **others,
        )
        check_range("--data.real", real, 0, 1)
        self.pages, self.real, self.struck_out = pages, real, struck_out

    def train_batches(self) -> Dataset:
        lines = self._synthesiser("train", self.handwriting)
        return MixedBatches(
            self._training_lines, lines, self.charset, self.pixels * self.height // 40, self.max_lines, self.real
        )

    def validation_batches(self) -> Sequence[LineBatch]:
        if not self._validation:
            samples = page_samples(split_pages(self.pages, "val"), self.struck_out)
            known = [sample for sample in samples if not self.charset.unknown(sample.text)]
            known.sort(key=lambda sample: sample.image_HW.shape[1] / sample.image_HW.shape[0])
            groups = [known[i : i + 8] for i in range(0, len(known), 8)]
            real = [collate(group, self.charset, self.height) for group in groups]
            self._validation = [*super().validation_batches(), *real]
        return self._validation

    @cached_property
    def _training_lines(self) -> list[CutLine]:
        """The lines of the training writers, narrow ones first, their texts without marks."""
        lines = []
        for page in split_pages(self.pages, "train"):
            for line in cut_lines(page):
                text = without_marks(line.text, self.struck_out)
                if text and not self.charset.unknown(text):
                    lines.append(replace(line, text=text))
        if not lines:
            raise UserError(f"{self.pages}: no line of its training pages is in the charset; use --data.characters")
        return sorted(lines, key=lambda line: line.width_at_40)


def split_pages(folder: Path, split: str) -> list[Page]:
    """Return the pages of the split's writers.

    Raises:
        UserError: the folder is missing, has neither split folders nor ``splits.json``, or a page's writer is in no
            split or in two.
    """
    if (folder / split).is_dir():
        return _without(read_pages(folder / split), _listed(folder).get("test", []))
    writers = _listed(folder)
    if split not in writers:
        raise UserError(f"{folder}: has no folder {split} and no {SPLITS} that lists it; run make pages")
    names = [name for group in writers.values() for name in group]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"{folder / SPLITS}: writer {twice[0]} is in two splits; keep it in one")
    return [page for page in read_pages(folder) if writer_of(page.image.stem) in writers[split]]


def page_samples(pages: Sequence[Page], struck_out: StruckOut = "drop") -> list[Sample]:
    """Return the lines of pages as a reader would cut them, each with its writer as source."""
    samples = []
    for page in pages:
        for line in cut_lines(page):
            text = without_marks(line.text, struck_out)
            if text:
                samples.append(Sample(tidy(line), text, None, f"real: {writer_of(line.page)}"))
    return samples


class LineToCut(Protocol):
    """A real line of training that is cut, or read, when a batch needs it."""

    @property
    def text(self) -> str: ...

    @property
    def page(self) -> str: ...

    @property
    def width_at_40(self) -> float: ...

    def cut(self) -> CutLine:
        """Return the line with its pixels."""


class MixedBatches(Dataset):
    """Batch k: real and synthetic lines of about one width, a pure function of (seed, k).

    Args:
        real: real lines of training, cut already or to be cut, narrow ones first.
        lines: what draws a synthetic line by its number.
        charset: of the labels.
        pixels: sum of the padded widths of a batch, at most.
        max_lines: most lines in a batch, at most `synth.lines.GROUP`.
        share: of real lines.
    """

    def __init__(
        self,
        real: Sequence[CutLine | LineToCut],
        lines: LineSynthesiser,
        charset: Charset,
        pixels: int,
        max_lines: int,
        share: float,
    ) -> None:
        self.real, self.lines, self.charset, self.pixels = real, lines, charset, pixels
        self.max_lines, self.share = min(max_lines, GROUP), share
        self._widths = np.array([line.width_at_40 for line in real])

    def __getitem__(self, number: int) -> LineBatch:
        """Half of the batches are as wide as some real line, half as wide as the synthesiser's lines of that number."""
        dice = rng(self.lines.seed, "mixed", number)
        as_real = dice.random() < 0.5
        width_at_40 = float(self._widths[dice.integers(len(self.real))]) if as_real else None
        width = self.lines.target_width(number * GROUP) if width_at_40 is None else width_at_40 * self.lines.height / 40
        share = min(1.0, self.share * (1.5 if as_real else 0.5)) if self.share < 1 else 1.0
        samples: list[Sample] = []
        widest = 0
        for i in range(self.max_lines):
            is_real = dice.random() < share
            sample = self._real(dice, width) if is_real else synthetic_sample(self.lines, number * GROUP + i, width)
            wider = max(widest, sample.image_HW.shape[1])
            if samples and wider * (len(samples) + 1) > self.pixels:
                break
            widest = wider
            samples.append(sample)
        return collate(samples, self.charset, self.lines.height)

    def _real(self, dice: np.random.Generator, width: float) -> Sample:
        """Return a real line of about `width` pixels, bent and inked anew."""
        rank = int(np.searchsorted(self._widths, width * 40 / self.lines.height))
        reach = max(40, len(self.real) // 30)
        low = int(np.clip(rank - reach, 0, max(0, len(self.real) - 2 * reach)))
        line = self.real[int(dice.integers(low, min(len(self.real), low + 2 * reach)))]
        cut = line if isinstance(line, CutLine) else line.cut()
        return Sample(varied(cut, self.lines.height, self.lines.strength, dice), line.text, None, f"real: {line.page}")


def varied(line: CutLine, height: int, strength: float, dice: np.random.Generator) -> np.ndarray:
    """Return a real line as another scan of a slightly different hand would show it, uint8 [height, W]."""
    tall, rows = line.ink_height, line.grey_HW.shape[0]
    alone = dice.random() < 0.65
    ink_HW = ink(line.grey_HW)
    if alone:
        ink_HW = ink_HW * line.inside_HW
    room = dice.uniform(-0.03, 0.2, 2) * tall
    top, bottom = max(0, round(line.top - room[0])), min(rows, max(line.top + 4, round(line.bottom + room[1])))
    leaning = dice.normal(0, 0.13, 2)
    warp = replace(
        random_warp(dice, strength),
        stretch=float(np.exp(np.clip(leaning[0], -0.3, 0.3))),
        shear=float(np.clip(leaning[1], -0.4, 0.4)) * strength,
        margins=(0.0, 0.0),
        full_body=False,
    )
    strip = InkLine(ink_HW[top:bottom], line.baseline - top, 0.45 * tall, np.zeros(0))
    bent_HW, _ = warped(strip, height, warp, dice)
    return on_paper(worn(bent_HW, dice) if alone else bent_HW, dice)


def _listed(folder: Path) -> dict[str, list[str]]:
    path = folder / SPLITS
    try:
        return json.loads(path.read_text()) if path.exists() else {}
    except ValueError as error:
        raise UserError(f"{path}: not a list of writers ({error}); write it as JSON") from error


def _without(pages: list[Page], writers: Sequence[str]) -> list[Page]:
    return [page for page in pages if writer_of(page.image.stem) not in writers]
