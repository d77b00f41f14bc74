"""What every source of single characters hands to training."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from text_recognizer.character_batch import CharacterBatch
from text_recognizer.data.base import LabData
from text_recognizer.errors import UsageError, check_range
from text_recognizer.synth.counter import rng

DIGITS = "0123456789"


class CharacterData(LabData):
    """Base of the data modules that give pictures of one character each.

    Args:
        characters: the classes, in the order of their numbers; class k is ``characters[k]``.
        height: of the pictures, in pixels.
        width: of the pictures, in pixels.
        seed: equal seeds give equal batches.
        num_workers: processes that prepare batches; 0 prepares them in the training process.
        batch_size: pictures per batch.

    Raises:
        UsageError: a character is repeated, fewer than two are given, or a number is out of range.
    """

    def __init__(
        self,
        characters: str = DIGITS,
        height: int = 28,
        width: int = 28,
        seed: int = 0,
        num_workers: int = 0,
        batch_size: int = 128,
    ) -> None:
        super().__init__(seed, num_workers)
        check_range("--data.height", height, 8, 512)
        check_range("--data.width", width, 8, 512)
        check_range("--data.batch_size", batch_size, 1)
        repeated = sorted({character for character in characters if characters.count(character) > 1})
        if repeated:
            raise UsageError(f"--data.characters: {repeated} are repeated; list each character once")
        if len(characters) < 2:
            raise UsageError(f"--data.characters {characters!r}: there is nothing to tell apart; give two or more")
        self.characters, self.height, self.width, self.batch_size = characters, height, width, batch_size

    @abstractmethod
    def train_batches(self) -> Dataset:
        """Return the batches of training, batch k of ``(seed, k)`` at index k."""

    @abstractmethod
    def validation_batches(self) -> Sequence[CharacterBatch]:
        """Return the few batches of validation, always the same and never augmented anew."""


def character_batch(ink_BHW: np.ndarray, labels_B: np.ndarray, sources: list[str]) -> CharacterBatch:
    """Return pictures, uint8 with 255 in full ink, and their classes as a batch."""
    x_BHW = torch.from_numpy(np.ascontiguousarray(ink_BHW, np.float32) / np.float32(255))
    return CharacterBatch(x_BHW[:, None], torch.from_numpy(labels_B.astype(np.int64)), sources)


class ShuffledCharacters(Dataset):
    """Batch k of training: the pictures in a new order each epoch, no picture twice in one.

    Args:
        ink_NHW: uint8, 255 in full ink.
        labels_N: the class of each.
        source: of all of them.
        batch_size: pictures per batch; all pictures where there are fewer.
        seed: of the orders and changes.
        augment: how much the pictures are changed, see `moved`.
    """

    def __init__(
        self,
        ink_NHW: np.ndarray,
        labels_N: np.ndarray,
        source: str,
        batch_size: int,
        seed: int,
        augment: float = 0.0,
    ) -> None:
        self.ink_NHW, self.labels_N, self.source, self.seed = ink_NHW, labels_N, source, seed
        self.batch_size, self.augment = min(batch_size, len(labels_N)), augment
        self._order: tuple[int, np.ndarray] = (-1, np.empty(0, np.int64))

    @property
    def per_epoch(self) -> int:
        """Batches of an epoch; up to one batch of pictures waits for another epoch's order."""
        return len(self.labels_N) // self.batch_size

    def __getitem__(self, number: int) -> CharacterBatch:
        epoch, place = divmod(number, self.per_epoch)
        if self._order[0] != epoch:
            self._order = epoch, rng(self.seed, "characters", epoch).permutation(len(self.labels_N))
        chosen = np.sort(self._order[1][place * self.batch_size : (place + 1) * self.batch_size])
        ink_BHW = self.ink_NHW[chosen]
        if self.augment:
            dice = rng(self.seed, "moved", number)
            ink_BHW = np.stack([moved(ink_HW, self.augment, dice) for ink_HW in ink_BHW])
        return character_batch(ink_BHW, self.labels_N[chosen], [f"{self.source} {i}" for i in chosen])


def moved(ink_HW: np.ndarray, amount: float, dice: np.random.Generator) -> np.ndarray:
    """Return a picture turned, sheared and scaled by about a tenth and moved by a twentieth, at amount 1."""
    height, width = ink_HW.shape
    angle, shear, *scale = dice.normal(0, 0.1 * amount, 4)
    shift = dice.normal(0, 0.05 * amount, 2) * (width, height)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    change = turn @ np.array([[1, shear], [0, 1]]) @ np.diag(np.exp(scale))
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix = np.column_stack([change, centre - change @ centre + shift])
    return cv2.warpAffine(ink_HW, matrix, (width, height), flags=cv2.INTER_LINEAR)


class HeldCharacters(Sequence[CharacterBatch]):
    """Pictures in their own order, batch by batch.

    Args:
        ink_NHW: uint8, 255 in full ink.
        labels_N: the class of each.
        source: of all of them.
        batch_size: pictures per batch; the last may be smaller.
    """

    def __init__(self, ink_NHW: np.ndarray, labels_N: np.ndarray, source: str, batch_size: int) -> None:
        self.ink_NHW, self.labels_N, self.source, self.batch_size = ink_NHW, labels_N, source, batch_size

    def __len__(self) -> int:
        return -(-len(self.labels_N) // self.batch_size)

    def __getitem__(self, number: int) -> CharacterBatch:  # type: ignore[override]
        if not 0 <= number < len(self):
            raise IndexError(number)
        part = slice(number * self.batch_size, (number + 1) * self.batch_size)
        labels_B = self.labels_N[part]
        names = [f"{self.source} {number * self.batch_size + i}" for i in range(len(labels_B))]
        return character_batch(self.ink_NHW[part], labels_B, names)
