"""Pictures that cost nothing: to try a training loop, a model or a callback without any data."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from text_recognizer.character_batch import CharacterBatch
from text_recognizer.data.character_data import DIGITS, CharacterData, HeldCharacters, ShuffledCharacters
from text_recognizer.errors import check_range
from text_recognizer.synth.counter import rng


class FakeImages(CharacterData):
    """Noise in which each class has a pattern of its own; picture i is a pure function of (seed, i).

    Args:
        characters: the classes, in the order of their numbers; as many as there shall be.
        height: of the pictures, in pixels.
        width: of the pictures, in pixels.
        seed: equal seeds give equal batches.
        num_workers: processes that prepare batches; 0 prepares them in the training process.
        batch_size: pictures per batch.
        num_samples: pictures of training; a quarter as many validate and a quarter test.
        contrast: of the pattern; 0 leaves nothing to learn.
    """

    def __init__(
        self,
        characters: str = DIGITS,
        height: int = 28,
        width: int = 28,
        seed: int = 0,
        num_workers: int = 0,
        batch_size: int = 128,
        num_samples: int = 512,
        contrast: float = 0.5,
    ) -> None:
        check_range("--data.num_samples", num_samples, 4)
        check_range("--data.contrast", contrast, 0, 1)
        super().__init__(characters, height, width, seed, num_workers, batch_size)
        self.num_samples, self.contrast = num_samples, contrast

    def train_batches(self) -> ShuffledCharacters:
        return ShuffledCharacters(*self._drawn("train"), "fake train", self.batch_size, self.seed)

    def validation_batches(self) -> Sequence[CharacterBatch]:
        return HeldCharacters(*self._drawn("val"), "fake val", self.batch_size)

    def test_batches(self) -> Sequence[CharacterBatch]:
        return HeldCharacters(*self._drawn("test"), "fake test", self.batch_size)

    def counts(self) -> dict[str, int]:
        return {split: self._count(split) for split in ("train", "val", "test")}

    def _count(self, split: str) -> int:
        return self.num_samples if split == "train" else self.num_samples // 4

    def _drawn(self, split: str) -> tuple[np.ndarray, np.ndarray]:
        seed = self.seed if split == "train" else 0
        pairs = [self._picture(seed, split, i) for i in range(self._count(split))]
        return np.stack([ink_HW for ink_HW, _ in pairs]), np.array([label for _, label in pairs])

    def _picture(self, seed: int, split: str, index: int) -> tuple[np.ndarray, int]:
        dice = rng(seed, "fake", split, index)
        label = int(dice.integers(len(self.characters)))
        coarse = rng(0, "fake pattern", label).random((4, 4))
        pattern = cv2.resize(coarse, (self.width, self.height), interpolation=cv2.INTER_NEAREST)
        ink_HW = self.contrast * pattern + (1 - self.contrast) * dice.random((self.height, self.width))
        return np.rint(255 * ink_HW).astype(np.uint8), label
