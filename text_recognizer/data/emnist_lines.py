"""Lines set of EMNIST's characters: real handwriting of single letters, in sentences that nobody wrote."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from torch.utils.data import Dataset

from text_recognizer.data.base import LineData, Sample, collate
from text_recognizer.data.emnist import EMNIST, EMNIST_CHARACTERS
from text_recognizer.errors import UsageError, UserError, check_range
from text_recognizer.line_batch import LineBatch
from text_recognizer.synth.counter import rng
from text_recognizer.synth.degrade import on_paper, random_warp, warped, worn
from text_recognizer.synth.inkline import InkLine
from text_recognizer.synth.splits import Split
from text_recognizer.synth.text import TextSource

SIDE = 28
BASELINE, X_HEIGHT = 24.0, 15.0
"""Where the letters of EMNIST stand in their 28 x 28 pixels, about; each fills them whatever its height."""

POOLS: dict[Split, str] = {"train": "train", "validation": "val", "test": "test"}


class EMNISTLines(LineData):
    """Lines of EMNIST's characters and spaces; letters and texts of validation are none of those of training.

    Args:
        characters: the charset's characters, in the order of their labels.
        height: of the lines, in pixels.
        seed: equal seeds give equal batches.
        num_workers: processes that prepare batches; 0 prepares them in the training process.
        folder: of prepared data, downloads and descriptions.
        texts: a folder of .txt files to use instead of the documents that come with the package.
        max_length: most characters of a line.
        min_overlap: least part of a character's width that the next one covers.
        max_overlap: most of it.
        batch_size: lines per batch, all of about one length.
        augment: how much training lines are bent, worn and put on paper; 0 pastes the letters on white.
        validation_lines: lines of validation; as many test.
    """

    raw_name = "emnist"

    def __init__(
        self,
        characters: str = " " + EMNIST_CHARACTERS,
        height: int = 40,
        seed: int = 0,
        num_workers: int = 1,
        folder: Path = Path("data"),
        texts: Path | None = None,
        max_length: int = 43,
        min_overlap: float = 0.0,
        max_overlap: float = 0.33,
        batch_size: int = 32,
        augment: float = 0.0,
        validation_lines: int = 192,
    ) -> None:
        super().__init__(characters, height, seed, num_workers)
        check_range("--data.max_length", max_length, 1, 1000)
        check_range("--data.batch_size", batch_size, 1)
        check_range("--data.augment", augment, 0, 2)
        check_range("--data.validation_lines", validation_lines, 1)
        if not 0 <= min_overlap <= max_overlap <= 0.9:
            raise UsageError(
                f"--data.min_overlap {min_overlap}, --data.max_overlap {max_overlap}: are not a range within 0 to 0.9;"
                " give the least and the most, as 0 and 0.33"
            )
        strange = sorted(set(characters) - {" ", *EMNIST_CHARACTERS})
        if strange:
            raise UsageError(
                f"--data.characters: {strange} are not in EMNIST; it has {EMNIST_CHARACTERS} and the space"
            )
        self.folder, self.texts, self.max_length, self.overlap = folder, texts, max_length, (min_overlap, max_overlap)
        self.batch_size, self.augment, self.validation_lines = batch_size, augment, validation_lines
        self._letters = EMNIST(folder=folder)

    def prepare_data(self) -> None:
        """Fetch and prepare EMNIST unless it is there."""
        self._letters.prepare_data()

    def train_batches(self) -> Dataset:
        return _SetLines(self, "train", self.seed, self.augment)

    def validation_batches(self) -> Sequence[LineBatch]:
        return self._held("validation")

    def test_batches(self) -> Sequence[LineBatch]:
        return self._held("test")

    def counts(self) -> dict[str, int]:
        return self._letters.counts()

    def notes(self) -> list[str]:
        return ["the counts are of characters; lines are set of them without end"]

    def _held(self, split: Split) -> Sequence[LineBatch]:
        batches = _SetLines(self, split, 0, 0.0)
        count = -(-self.validation_lines // self.batch_size)
        return [batches[number] for number in range(count)]


class _SetLines(Dataset):
    def __init__(self, options: EMNISTLines, split: Split, seed: int, augment: float) -> None:
        self.options, self.split, self.seed, self.augment = options, split, seed, augment
        self.text = TextSource(split, options.texts if split == "train" else None, options.characters)

    @cached_property
    def _pool(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """The letters of the split and where each character's are."""
        ink_NHW, labels_N = self.options._letters.loaded(POOLS[self.split])
        places = {c: np.flatnonzero(labels_N == label) for label, c in enumerate(EMNIST_CHARACTERS)}
        missing = sorted(c for c in set(self.options.characters) - {" "} if not len(places[c]))
        if missing:
            raise UserError(f"emnist: no letter of {self.split} shows {missing}; leave them out of --data.characters")
        return ink_NHW, places

    def __getitem__(self, number: int) -> LineBatch:
        options = self.options
        shared = rng(self.seed, "emnist lines", self.split, number)
        length = int(shared.integers(max(1, options.max_length // 4), options.max_length + 1))
        samples = []
        for place in range(options.batch_size):
            dice = rng(self.seed, "emnist lines", self.split, number, place)
            text = self.text.line(dice, length)[: options.max_length].strip() or options.characters.strip()[0]
            samples.append(self._set(text, dice))
        return collate(samples, options.charset, options.height)

    def _set(self, text: str, dice: np.random.Generator) -> Sample:
        """Return a line of letters drawn at random for each character, overlapping by one share of their width."""
        ink_NHW, places = self._pool
        step = SIDE * (1 - dice.uniform(*self.options.overlap))
        lefts = np.rint(np.arange(len(text)) * step).astype(int)
        line_HW = np.zeros((SIDE, lefts[-1] + SIDE), np.uint8)
        for character, left in zip(text, lefts, strict=True):
            if character != " ":
                letter_HW = ink_NHW[int(dice.choice(places[character]))]
                part = line_HW[:, left : left + SIDE]
                np.maximum(part, letter_HW, out=part)
        centres = lefts + SIDE / 2
        source = f"emnist {POOLS[self.split]}"
        if not self.augment:
            return Sample(255 - line_HW, text, centres, source)
        warp = random_warp(dice, self.augment)
        bent_HW, moved = warped(InkLine(line_HW, BASELINE, X_HEIGHT, centres), self.options.height, warp, dice)
        return Sample(on_paper(worn(bent_HW, dice), dice), text, moved, source)
