"""Lines of a prepared set: bent and inked anew for training, as they are for validation and test."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from torch.utils.data import Dataset

from text_recognizer.charset import LATIN, Charset
from text_recognizer.data.alto_pages import MixedBatches
from text_recognizer.data.base import Sample, collate
from text_recognizer.data.page_store import StoredLine
from text_recognizer.data.split_overlap import Overlap
from text_recognizer.data.synthetic_lines import SyntheticLines
from text_recognizer.errors import UserError, check_range
from text_recognizer.line_batch import LineBatch
from text_recognizer.synth.effects import REAL_PAGES, Effects

SPLITS = ("train", "val", "test")


class StoredLines(SyntheticLines):
    """Base of the line sets that are fetched and prepared.

    Args:
        handwriting: share of handwritten lines among the synthetic; the rest is print.
        pixels: width of all lines of a batch together, for a height of 40 px.
        effects: what else synthetic training lines show of real pages, and how often.
        folder: of prepared data, downloads and descriptions.
        real: share of the real lines in training.
        overlap: what becomes of a writer or page in two splits.
    """

    def __init__(
        self,
        handwriting: float = 1.0,
        pixels: int = 5000,
        effects: Effects = REAL_PAGES,
        folder: Path = Path("data"),
        real: float = 1.0,
        overlap: Overlap = "refuse",
        **others: Any,
    ) -> None:
        super().__init__(handwriting=handwriting, pixels=pixels, effects=effects, validation_lines=96, **others)
        check_range("--data.real", real, 0, 1)
        self.folder, self.real, self.overlap = folder, real, overlap
        self.told: list[str] = []

    @abstractmethod
    def split_lines(self) -> tuple[dict[str, list[StoredLine]], list[str]]:
        """Return the lines of "train", "val" and "test", fetched and prepared unless they are there, and notes."""

    def prepare_data(self) -> None:
        """Fetch and prepare the set unless it is there."""
        self.parts  # noqa: B018

    @cached_property
    def parts(self) -> dict[str, list[StoredLine]]:
        """The lines of each split that the charset can spell.

        Raises:
            UserError: training or validation has none.
        """
        found, notes = self.split_lines()
        parts = {
            split: [line for line in lines if not self.charset.unknown(line.text)] for split, lines in found.items()
        }
        for split, lines in parts.items():
            lost = len(found[split]) - len(lines)
            if lost:
                notes = [*notes, f"{lost} lines of {split} have characters that are not in the charset"]
            if not lines and split != "test":
                raise UserError(f"{self.raw_name}: no line of {split} is in the charset; use --data.characters")
        self.told = notes
        return parts

    @property
    def drawn_characters(self) -> str:
        """Those of the charset that synthetic lines may show."""
        return "".join(character for character in self.characters if character in LATIN)

    def train_batches(self) -> Dataset:
        lines = sorted(self.parts["train"], key=lambda line: (line.width_at_40, line.identity))
        drawn = self._synthesiser("train", self.handwriting)
        return MixedBatches(lines, drawn, self.charset, self.pixels * self.height // 40, self.max_lines, self.real)

    def validation_batches(self) -> Sequence[LineBatch]:
        return PlainLines(self.parts["val"], self.charset, self.height)

    def test_batches(self) -> Sequence[LineBatch]:
        return PlainLines(self.parts["test"], self.charset, self.height)

    def counts(self) -> dict[str, int]:
        return {split: len(self.parts[split]) for split in SPLITS}

    def notes(self) -> list[str]:
        return self.told


class PlainLines(Sequence[LineBatch]):
    """Lines as they are, always in the same batches, read when a batch is asked for.

    Args:
        lines: prepared lines.
        charset: of the labels.
        height: of the batch's lines, in pixels.
        count: lines in a batch.
    """

    def __init__(self, lines: Sequence[StoredLine], charset: Charset, height: int, count: int = 8) -> None:
        ordered = sorted(lines, key=lambda line: (line.width_at_40, line.identity))
        self.groups = [ordered[i : i + count] for i in range(0, len(ordered), count)]
        self.charset, self.height = charset, height

    def __len__(self) -> int:
        return len(self.groups)

    def __iter__(self) -> Iterator[LineBatch]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> LineBatch:  # type: ignore[override]
        samples = [Sample(line.image_HW(), line.text, None, f"real: {line.writer}") for line in self.groups[number]]
        return collate(samples, self.charset, self.height)
