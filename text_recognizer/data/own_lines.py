"""A user's transcribed lines for training and validation, mixed with synthetic ones so that nothing is forgotten."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from torch.utils.data import Dataset

from text_recognizer.charset import LATIN
from text_recognizer.data.alto_pages import MixedBatches
from text_recognizer.data.own_data import OwnData, Splits, read_own_data, refuse_unknown, splits
from text_recognizer.data.own_layouts.known import LAYOUTS
from text_recognizer.data.own_training_lines import OwnBatches, training_lines
from text_recognizer.data.synthetic_lines import SyntheticLines
from text_recognizer.errors import UserError, check_range
from text_recognizer.line_batch import LineBatch
from text_recognizer.synth.effects import REAL_PAGES, Effects


class OwnLines(SyntheticLines):
    """Transcribed lines in any layout of instructions/own_data.md, mixed with synthetic lines.

    Validation reads the lines of the val split as they are; those of the test split are never read here.

    Args:
        characters: the charset's characters, in the order of their labels.
        handwriting: share of handwritten lines among the synthetic; the rest is print.
        pixels: width of all lines of a batch together, for a height of 40 px.
        validation_lines: synthetic lines of validation beside the real ones, 0 for none; else 2 or more.
        effects: what else synthetic training lines show of real pages, and how often.
        folder: of the lines, or one table, XML or JSON file in it.
        layout: its name; looked for where it is not given.
        real: share of the real lines in training.
        split_seed: decides which groups validate where the layout has no splits; apart from `seed`, so that runs of
            different seeds are comparable.
    """

    only_pages = False

    def __init__(
        self,
        characters: str = LATIN,
        handwriting: float = 0.7,
        pixels: int = 5000,
        validation_lines: int = 0,
        effects: Effects = REAL_PAGES,
        folder: Path = Path("data/own"),
        layout: str | None = None,
        real: float = 0.5,
        split_seed: int = 0,
        **others: Any,
    ) -> None:
        super().__init__(
            characters=characters,
            handwriting=handwriting,
            pixels=pixels,
            validation_lines=validation_lines or 2,
            effects=effects,
            **others,
        )
        check_range("--data.real", real, 0, 1)
        self.with_synthetic = validation_lines > 0
        self.folder, self.layout, self.real, self.split_seed = folder, layout, real, split_seed

    def train_batches(self) -> Dataset:
        return MixedBatches(
            training_lines(self.parts["train"]),
            self._synthesiser("train", self.handwriting),
            self.charset,
            self.pixels * self.height // 40,
            self.max_lines,
            self.real,
        )

    def validation_batches(self) -> Sequence[LineBatch]:
        real = self._real_validation
        return [*super().validation_batches(), *real] if self.with_synthetic else real

    @cached_property
    def data(self) -> OwnData:
        """The folder's lines; says on stderr how many items cannot be used."""
        found = read_own_data(self.folder, self.layout)
        pages = {layout.name for layout in LAYOUTS if layout.pages}
        if self.only_pages and found.layout not in pages:
            raise UserError(f"{self.folder}: its layout {found.layout} has no pages; use --data OwnLines")
        if found.faults:
            count = "1 item" if len(found.faults) == 1 else f"{len(found.faults)} items"
            more = f" (python -m training.own_data {self.folder} names all)" if len(found.faults) > 1 else ""
            print(f"{count} cannot be used: {found.faults[0]}{more}", file=sys.stderr)
        return found

    @cached_property
    def parts(self) -> Splits:
        """The lines of "train", "val" and "test".

        Raises:
            UserError: training or validation has no lines, or one holds characters that the charset lacks.
        """
        found = splits(self.data, self.split_seed)
        for split in ("train", "val"):
            if not found[split]:
                raise UserError(f"{self.folder}: no line that can be used is in {split}; {found.note}, move some there")
            refuse_unknown(found[split], self.charset)
        return found

    @property
    def drawn_characters(self) -> str:
        """Those of the charset that synthetic lines may show: own lines may bring characters that no one can draw.

        Raises:
            UserError: none of them can be drawn.
        """
        drawn = "".join(character for character in self.characters if character in LATIN)
        if not drawn.strip():
            raise UserError(
                f"{self.folder}: none of the charset's {len(self.characters)} characters can be drawn, so there are no"
                " synthetic lines to mix in; keep the Latin ones (--charset union)"
            )
        return drawn

    @cached_property
    def _real_validation(self) -> OwnBatches:
        return OwnBatches(self.parts["val"], self.charset, self.height)
