"""MNIST, and any set in its format: digits of 28 x 28 pixels in four gzipped idx files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from text_recognizer.data.character_data import DIGITS
from text_recognizer.data.idx import read_idx
from text_recognizer.data.raw_sets import RawSet
from text_recognizer.data.stored_characters import Pictures, StoredCharacters, save
from text_recognizer.errors import UserError, check_range
from text_recognizer.synth.counter import rng

PARTS = {"train": "train", "test": "t10k"}


class MNIST(StoredCharacters):
    """Handwritten digits: 60,000 for training and validation, 10,000 for test.

    Args:
        characters: the classes, in the order of their numbers; pictures of others are left out.
        validation: of the training pictures, how many validate; always the same ones.
    """

    raw_name = "mnist"
    known = DIGITS

    def __init__(self, characters: str = DIGITS, validation: int = 5000, **others: Any) -> None:
        super().__init__(characters=characters, **others)
        check_range("--data.validation", validation, 1)
        self.validation = validation

    def write(self, beside: Path, raw: RawSet) -> None:
        for split, part in PARTS.items():
            save(beside, split, self._read(raw, part))

    def _read(self, raw: RawSet, part: str) -> Pictures:
        pictures = raw.fetched(self.folder, f"{part}-images-idx3-ubyte.gz")
        labels = raw.fetched(self.folder, f"{part}-labels-idx1-ubyte.gz")
        ink_NHW, labels_N = read_idx(pictures, 3), read_idx(labels, 1)
        if len(ink_NHW) != len(labels_N):
            raise UserError(f"{pictures}: {len(ink_NHW)} pictures and {len(labels_N)} labels; fetch both again")
        if len(labels_N) and labels_N.max() >= len(self.known):
            raise UserError(f"{labels}: label {labels_N.max()} is no digit; fetch it again")
        return ink_NHW, labels_N

    def loaded(self, split: str) -> Pictures:
        if split == "test":
            return super().loaded("test")
        ink_NHW, labels_N = super().loaded("train")
        if self.validation >= len(labels_N):
            raise UserError(
                f"--data.validation {self.validation}: only {len(labels_N)} pictures train and validate; give fewer"
            )
        order = rng(0, "mnist", "validation").permutation(len(labels_N))
        chosen = np.sort(order[: self.validation] if split == "val" else order[self.validation :])
        return ink_NHW[chosen], labels_N[chosen]
