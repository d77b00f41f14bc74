"""What every source of data hands to training: batches that are a pure function of (seed, batch number)."""

from __future__ import annotations

import signal
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import ClassVar

import numpy as np
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from text_recognizer.charset import ASCII, Charset
from text_recognizer.data.shares import Repeated, Shared
from text_recognizer.errors import check_range
from text_recognizer.line_batch import LineBatch
from text_recognizer.line_levels import line_input, padded_width


@dataclass(frozen=True)
class Sample:
    """One line before batching: its grey image, text, character centres (None where unknown) and where it is from."""

    image_HW: np.ndarray
    text: str
    centres: np.ndarray | None
    source: str


def collate(samples: Sequence[Sample], charset: Charset, height: int) -> LineBatch:
    """Return `samples` as one batch; images are scaled to `height` and padded by `line_levels.padded_width`."""
    inputs = [line_input(sample.image_HW, height) for sample in samples]
    widths = [x.shape[1] for x in inputs]
    labels = [charset.encode(sample.text) for sample in samples]
    longest = max(1, *map(len, labels)) if labels else 1
    x_BHW = np.zeros((len(inputs), height, padded_width(max(widths))), np.float32)
    y_BL = np.zeros((len(inputs), longest), np.int64)
    centres_BL = np.full((len(inputs), longest), -1, np.float32)
    for row, (x_HW, label, sample) in enumerate(zip(inputs, labels, samples, strict=True)):
        x_BHW[row, :, : x_HW.shape[1]] = x_HW
        y_BL[row, : len(label)] = label
        if sample.centres is not None:
            centres_BL[row, : len(label)] = sample.centres * (x_HW.shape[1] / sample.image_HW.shape[1])
    return LineBatch(
        torch.from_numpy(x_BHW)[:, None],
        torch.tensor(widths),
        torch.from_numpy(y_BL),
        torch.tensor([len(label) for label in labels]),
        torch.from_numpy(centres_BL),
        [sample.text for sample in samples],
        [sample.source for sample in samples],
    )


class CountedBatches(Sampler[int]):
    """Batch numbers ``first, first + 1, ...`` without end; the number of steps ends a run.

    Args:
        first: batches that were already trained on.
    """

    def __init__(self, first: int = 0) -> None:
        self.first = first

    def __iter__(self) -> Iterator[int]:
        return count(self.first)


class LabData(pl.LightningDataModule, ABC):
    """Base of all data modules: batch k is a pure function of (seed, k), validation is always the same.

    Args:
        seed: equal seeds give equal batches.
        num_workers: processes that prepare batches; 0 prepares them in the training process.

    Attributes:
        overfit: train on this many first batches alone, and validate on them; None for all of them.
        raw_name: of the folder below ``data/raw`` that describes the set, None where nothing is fetched.
    """

    raw_name: ClassVar[str | None] = None

    def __init__(self, seed: int = 0, num_workers: int = 1) -> None:
        super().__init__()
        check_range("--data.num_workers", num_workers, 0, 256)
        self.seed, self.num_workers = seed, num_workers
        self.overfit: int | None = None

    @abstractmethod
    def train_batches(self) -> Dataset:
        """Return the batches of training, batch k of ``(seed, k)`` at index k."""

    def shown_batches(self) -> Dataset:
        """Return the batches that a run trains on: those of training, or its first `overfit` for ever."""
        return Repeated(self.train_batches(), self.overfit) if self.overfit else self.train_batches()

    @abstractmethod
    def validation_batches(self) -> Sequence:
        """Return the few batches of validation, always the same and never augmented anew."""

    def test_batches(self) -> Sequence:
        """Return the batches that no choice may depend on, never augmented; none where a set has no test split."""
        return []

    def counts(self) -> dict[str, int]:
        """Return how many items each split holds, nothing where they are drawn without end."""
        return {}

    def notes(self) -> list[str]:
        """Return sentences on how the set was split or what was left out."""
        return []

    def train_dataloader(self) -> DataLoader:
        trainer, batches = self.trainer, self.shown_batches()
        if trainer and trainer.world_size > 1:
            batches = Shared(batches, trainer.global_rank, trainer.world_size)
        done = trainer.global_step * trainer.accumulate_grad_batches if trainer else 0
        return DataLoader(
            batches,
            batch_size=None,
            sampler=CountedBatches(done),
            num_workers=self.num_workers,
            prefetch_factor=8 if self.num_workers else None,
            worker_init_fn=_settle_worker,
            pin_memory=torch.cuda.is_available(),
        )

    def val_dataloader(self) -> DataLoader:
        few = Repeated(self.train_batches(), self.overfit).all() if self.overfit else self.validation_batches()
        return DataLoader(_Batches(few), batch_size=None)


class LineData(LabData):
    """Base of the data modules that give text lines.

    Args:
        characters: the charset's characters, in the order of their labels.
        height: of the lines that the model sees, in pixels.
        seed: equal seeds give equal batches.
        num_workers: processes that prepare batches; 0 prepares them in the training process.

    Attributes:
        charset: of `characters`.
    """

    def __init__(self, characters: str = ASCII, height: int = 40, seed: int = 0, num_workers: int = 1) -> None:
        super().__init__(seed, num_workers)
        check_range("--data.height", height, 8, 512)
        self.characters, self.height = characters, height
        self.charset = Charset(characters)

    @abstractmethod
    def train_batches(self) -> Dataset:
        """Return the batches of training, batch k of ``(seed, k)`` at index k."""

    @abstractmethod
    def validation_batches(self) -> Sequence[LineBatch]:
        """Return the few batches of validation, always the same and never augmented anew."""


class _Batches(Dataset):
    def __init__(self, batches: Sequence) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, number: int) -> object:
        return self.batches[number]


def _settle_worker(_: int) -> None:
    """Keep a worker to one core, and alive while a signal to the whole process group ends the training process.

    A worker that died of that signal would end the training with an error before its state is saved; one that gets
    SIGTERM leaves half a minute later, if it was not told to before.
    """
    import cv2

    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "SIGUSR1"):
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda number, frame: signal.alarm(30))
