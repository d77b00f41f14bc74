"""What every source of paragraphs hands to training."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import Dataset

from text_recognizer.charset import ASCII, Charset
from text_recognizer.data.base import LabData
from text_recognizer.errors import UsageError, UserError, check_range
from text_recognizer.line_levels import levels_input
from text_recognizer.paragraph_batch import ParagraphBatch

PARAGRAPH_CHARACTERS = "\n" + ASCII


@dataclass(frozen=True)
class Paragraph:
    """One paragraph before batching: its grey page dark on light, its text, and where it is from."""

    grey_HW: np.ndarray
    text: str
    source: str


class ParagraphData(LabData):
    """Base of the data modules that give whole paragraphs.

    Args:
        characters: the charset's characters, in the order of their labels; the end of a line is one of them.
        height: of the page, in pixels.
        width: of the page, in pixels.
        seed: equal seeds give equal batches.
        num_workers: processes that prepare batches; 0 prepares them in the training process.
        batch_size: pages per batch.

    Attributes:
        charset: of `characters`.

    Raises:
        UsageError: the end of a line is not among the characters, or a number is out of range.
    """

    def __init__(
        self,
        characters: str = PARAGRAPH_CHARACTERS,
        height: int = 576,
        width: int = 640,
        seed: int = 0,
        num_workers: int = 1,
        batch_size: int = 8,
    ) -> None:
        super().__init__(seed, num_workers)
        check_range("--data.height", height, 32, 4096)
        check_range("--data.width", width, 32, 4096)
        check_range("--data.batch_size", batch_size, 1)
        if "\n" not in characters:
            raise UsageError("--data.characters: the end of a line is not among them; add \\n, a page has lines")
        self.characters, self.height, self.width, self.batch_size = characters, height, width, batch_size
        self.charset = Charset(characters)

    @abstractmethod
    def train_batches(self) -> Dataset:
        """Return the batches of training, batch k of ``(seed, k)`` at index k."""

    @abstractmethod
    def validation_batches(self) -> Sequence[ParagraphBatch]:
        """Return the few batches of validation, always the same and never augmented anew."""

    def batch(self, paragraphs: Sequence[Paragraph]) -> ParagraphBatch:
        """Return paragraphs as one batch; see `paragraph_batch`."""
        return paragraph_batch(paragraphs, self.charset, self.height, self.width)


def paragraph_batch(paragraphs: Sequence[Paragraph], charset: Charset, height: int, width: int) -> ParagraphBatch:
    """Return paragraphs as one batch, each page at its top left on a canvas of paper.

    Raises:
        UserError: a page is larger than the canvas, or its text holds characters that the charset lacks.
    """
    x_BHW = np.zeros((len(paragraphs), height, width), np.float32)
    labels = [charset.encode(paragraph.text) for paragraph in paragraphs]
    y_BL = np.zeros((len(paragraphs), max([1, *map(len, labels)])), np.int64)
    for row, paragraph in enumerate(paragraphs):
        rows, columns = paragraph.grey_HW.shape
        if rows > height or columns > width:
            raise UserError(
                f"{paragraph.source}: its page is {columns} x {rows} px, the canvas {width} x {height}; raise"
                " --data.width and --data.height or scale the pages down"
            )
        x_BHW[row, :rows, :columns] = levels_input(paragraph.grey_HW)
        y_BL[row, : len(labels[row])] = labels[row]
    return ParagraphBatch(
        torch.from_numpy(x_BHW)[:, None],
        torch.from_numpy(y_BL),
        torch.tensor([len(label) for label in labels]),
        [paragraph.text for paragraph in paragraphs],
        [paragraph.source for paragraph in paragraphs],
    )
