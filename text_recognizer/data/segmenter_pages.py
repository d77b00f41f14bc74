"""Batches of pages for the segmenter: synthetic ones, and transcribed ones where there are any."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset

from text_recognizer.charset import LATIN
from text_recognizer.data.alto_pages import split_pages
from text_recognizer.data.base import CountedBatches, _settle_worker
from text_recognizer.data.page_maps import LinePlace
from text_recognizer.data.page_views import LabelledPage, PageSample, random_view
from text_recognizer.data.real_page_lines import labelled
from text_recognizer.errors import check_range
from text_recognizer.page_batch import PageBatch
from text_recognizer.synth.counter import rng
from text_recognizer.synth.scenes import SceneSynthesiser
from text_recognizer.synth.splits import Split

SIZES = ((448, 448), (512, 384), (384, 512), (640, 320), (320, 640), (256, 768), (128, 768), (64, 640))
SHARES = (0.34, 0.2, 0.14, 0.08, 0.08, 0.06, 0.06, 0.04)
"""Sizes of the samples in pixels, height and width, and how often each is drawn; a batch has one size."""


class SegmenterPages(pl.LightningDataModule):
    """Synthetic pages and, when a folder of transcribed pages is given, views of those.

    Args:
        seed: equal seeds give equal batches.
        num_workers: processes that prepare batches; 0 prepares them in the training process.
        handwriting: share of handwriting on the synthetic pages.
        fonts: a folder of font files to use beside those that come with the dependencies.
        texts: a folder of .txt files to use instead of the documents that come with the package.
        characters: those that may occur on synthetic pages.
        pool: synthetic pages of training; each is drawn once and then seen in ever new views.
        pages: folder of transcribed pages with ``train`` and ``val``; none if left out.
        real: share of the transcribed pages in training.
        batch_size: pages per batch.
        validation: batches of validation.
        x_heights: least and greatest x-height of the running text in pixels.
    """

    def __init__(
        self,
        seed: int = 0,
        num_workers: int = 0,
        handwriting: float = 0.6,
        fonts: Path | None = None,
        texts: Path | None = None,
        characters: str = LATIN,
        pool: int = 2000,
        pages: Path | None = None,
        real: float = 0.4,
        batch_size: int = 4,
        validation: int = 12,
        x_heights: tuple[float, float] = (3.5, 18.0),
    ) -> None:
        super().__init__()
        check_range("--data.pool", pool, 1)
        check_range("--data.real", real, 0, 1)
        check_range("--data.batch_size", batch_size, 1)
        self.seed, self.num_workers, self.handwriting, self.fonts = seed, num_workers, handwriting, fonts
        self.texts, self.characters, self.pool, self.pages, self.real = texts, characters, pool, pages, real
        self.batch_size, self.validation, self.x_heights = batch_size, validation, x_heights

    def train_dataloader(self) -> DataLoader:
        done = self.trainer.global_step if self.trainer else 0
        return DataLoader(
            self.train_batches(),
            batch_size=None,
            sampler=CountedBatches(done),
            num_workers=self.num_workers,
            worker_init_fn=_settle_worker,
        )

    def val_dataloader(self) -> DataLoader:
        return DataLoader(self.validation_batches(), batch_size=None)

    def train_batches(self) -> Dataset:
        """Return the batches of training, batch k of ``(seed, k)`` at index k."""
        return PageBatches(self._scenes("train"), self.real_pages("train"), self)

    def validation_batches(self) -> Dataset:
        """Return the few batches of validation, always the same."""
        batches = PageBatches(self._scenes("validation"), self.real_pages("val"), self)
        return _Held([batches[number] for number in range(self.validation)])

    def real_pages(self, split: str) -> list[LabelledPage]:
        """Return the transcribed pages of a split, none where no folder was given."""
        if self.pages is None:
            return []
        return [page for source in split_pages(self.pages, split) if (page := labelled(source)) is not None]

    def _scenes(self, split: Split) -> SceneSynthesiser:
        return SceneSynthesiser(self.seed, split, self.handwriting, self.fonts, self.texts, self.characters)


class PageBatches(Dataset):
    """Batch k of one synthesiser and some transcribed pages.

    Args:
        scenes: what draws the synthetic pages.
        real: the transcribed ones.
        options: the data module with the settings.
    """

    def __init__(self, scenes: SceneSynthesiser, real: Sequence[LabelledPage], options: SegmenterPages) -> None:
        self.scenes, self.real, self.options = scenes, real, options
        self._drawn: dict[int, LabelledPage] = {}

    def __getitem__(self, number: int) -> PageBatch:
        dice = rng(self.scenes.seed, self.scenes.split, "pages", number)
        size = SIZES[int(dice.choice(len(SIZES), p=SHARES))]
        return collate([self._sample(size, dice) for _ in range(self.options.batch_size)], size)

    def _sample(self, size: tuple[int, int], dice: np.random.Generator) -> PageSample:
        if self.real and dice.random() < self.options.real:
            page = self.real[int(dice.integers(len(self.real)))]
            lean = float(dice.choice([0.0, 1.0, 6.0], p=[0.3, 0.45, 0.25]))
            return random_view(page, size, self.options.x_heights, lean, dice)
        page = self._scene(int(dice.integers(self.options.pool)))
        usual = float(np.median([line.x_height for line in page.lines])) if page.lines else 9.0
        low = self.options.x_heights[0]
        near = (max(low, 0.75 * usual), max(1.1 * low, 1.3 * usual))
        return random_view(page, size, near, 0.6, dice)

    def _scene(self, index: int) -> LabelledPage:
        """Return synthetic page `index`, drawn when it is asked for the first time."""
        if index not in self._drawn:
            dice = rng(self.scenes.seed, self.scenes.split, "scene size", index)
            size = SIZES[int(dice.choice(len(SIZES), p=SHARES))]
            x_height = float(np.exp(dice.uniform(*np.log(self.options.x_heights))))
            scene = self.scenes.scene(index, size, min(x_height, 0.3 * size[0]))
            upright_HW = np.ascontiguousarray(np.rot90(scene.image_HW, scene.turn))
            lines = tuple(LinePlace(line.baseline_N2, line.x_height) for line in scene.lines)
            self._drawn[index] = LabelledPage(upright_HW, lines)
        return self._drawn[index]


class _Held(Dataset):
    def __init__(self, batches: Sequence[PageBatch]) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, number: int) -> PageBatch:
        return self.batches[number]


def collate(samples: Sequence[PageSample], size: tuple[int, int]) -> PageBatch:
    """Return samples as one batch; those that were turned onto their side are cut or padded to the batch's size."""
    rows, columns = size
    x_BHW = np.zeros((len(samples), rows, columns), np.float32)
    maps = np.zeros((len(samples), 4, rows // 4, columns // 4), np.float32)
    known = np.zeros_like(maps)
    for i, sample in enumerate(samples):
        high, wide = min(rows, sample.x_HW.shape[0]), min(columns, sample.x_HW.shape[1])
        x_BHW[i, :high, :wide] = sample.x_HW[:high, :wide]
        maps[i, :, : high // 4, : wide // 4] = sample.maps_4hw[:, : high // 4, : wide // 4]
        known[i, :, : high // 4, : wide // 4] = sample.known_4hw[:, : high // 4, : wide // 4]
    turns_B = torch.tensor([sample.turn for sample in samples])
    return PageBatch(torch.from_numpy(x_BHW)[:, None], torch.from_numpy(maps), torch.from_numpy(known), turns_B)
