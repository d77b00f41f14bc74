"""Pictures of single characters that were prepared once, for training, validation and test."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from text_recognizer.character_batch import CharacterBatch
from text_recognizer.data.character_data import CharacterData, HeldCharacters, ShuffledCharacters
from text_recognizer.data.prepared import prepared
from text_recognizer.data.raw_sets import RawSet, read_raw_set
from text_recognizer.errors import UsageError, UserError, check_range

SPLITS = ("train", "val", "test")
Pictures = tuple[np.ndarray, np.ndarray]
"""Ink, uint8 [N, H, W] with 255 in full ink, and the class of each picture."""


class StoredCharacters(CharacterData):
    """Base of the character sets that are fetched and prepared.

    Args:
        characters: the classes, in the order of their numbers; pictures of others are left out.
        height: of the pictures, in pixels.
        width: of the pictures, in pixels.
        seed: equal seeds give equal batches.
        num_workers: processes that prepare batches; 0 prepares them in the training process.
        batch_size: pictures per batch.
        augment: how much training pictures are turned, sheared, scaled and moved; 1 is what writers differ by.
        folder: of prepared data, downloads and descriptions.

    Attributes:
        raw_name: of the set's folder below ``data/raw``.
        known: all characters that the set has, in the order of its own labels.
        version: of the prepared files.
    """

    raw_name: ClassVar[str]
    known: ClassVar[str]
    version: ClassVar[int] = 1

    def __init__(
        self,
        characters: str,
        height: int = 28,
        width: int = 28,
        seed: int = 0,
        num_workers: int = 0,
        batch_size: int = 128,
        augment: float = 0.0,
        folder: Path = Path("data"),
    ) -> None:
        super().__init__(characters, height, width, seed, num_workers, batch_size)
        check_range("--data.augment", augment, 0, 2)
        strange = sorted(set(characters) - set(self.known))
        if strange:
            raise UsageError(f"--data.characters: {strange} are not in the set; it has {self.known}")
        self.augment, self.folder = augment, folder

    def prepare_data(self) -> None:
        """Fetch and prepare the set unless it is there."""
        self.stored()

    def stored(self) -> Path:
        """Return the folder of the prepared files, written now if it is not whole."""
        raw = read_raw_set(self.raw_name, self.folder)
        recipe = {"set": self.raw_name, "version": self.version, "sources": raw.digests()}
        return prepared(self.folder / self.raw_name, recipe, lambda beside: self.write(beside, raw))

    @abstractmethod
    def write(self, beside: Path, raw: RawSet) -> None:
        """Put the arrays of training and test, as `save` does, into an empty folder."""

    def loaded(self, split: str) -> Pictures:
        """Return the pictures of "train", "val" or "test" with the set's own labels, as they were prepared."""
        folder = self.stored()
        ink_NHW = np.load(folder / f"{split}_ink.npy", mmap_mode="r")
        return ink_NHW, np.load(folder / f"{split}_labels.npy")

    def pictures(self, split: str) -> Pictures:
        """Return the pictures of a split with the classes of `characters`, at their size.

        Raises:
            UserError: a character has no picture in training.
        """
        ink_NHW, labels_N = self.loaded(split)
        classes = np.array([self.characters.find(character) for character in self.known])[labels_N]
        kept = np.flatnonzero(classes >= 0)
        classes = classes[kept]
        if split == "train":
            absent = [c for k, c in enumerate(self.characters) if not (classes == k).any()]
            if absent:
                raise UserError(
                    f"{self.raw_name}: no training picture shows {absent}; leave them out of --data.characters"
                )
        chosen = ink_NHW[kept]
        if chosen.shape[1:] != (self.height, self.width):
            size = (self.width, self.height)
            chosen = np.stack([cv2.resize(ink_HW, size, interpolation=cv2.INTER_AREA) for ink_HW in chosen])
        return chosen, classes

    @cached_property
    def _train(self) -> Pictures:
        return self.pictures("train")

    def train_batches(self) -> ShuffledCharacters:
        name = f"{self.raw_name} train"
        return ShuffledCharacters(*self._train, name, self.batch_size, self.seed, self.augment)

    def validation_batches(self) -> Sequence[CharacterBatch]:
        return HeldCharacters(*self.pictures("val"), f"{self.raw_name} val", max(256, self.batch_size))

    def test_batches(self) -> Sequence[CharacterBatch]:
        return HeldCharacters(*self.pictures("test"), f"{self.raw_name} test", max(256, self.batch_size))

    def counts(self) -> dict[str, int]:
        return {split: len(self.pictures(split)[1]) for split in SPLITS}


def save(folder: Path, split: str, pictures: Pictures) -> None:
    """Write the pictures of a split into a folder that is being prepared."""
    ink_NHW, labels_N = pictures
    np.save(folder / f"{split}_ink.npy", np.ascontiguousarray(ink_NHW, np.uint8), allow_pickle=False)
    np.save(folder / f"{split}_labels.npy", labels_N.astype(np.int64), allow_pickle=False)
