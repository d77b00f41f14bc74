"""A batch of text lines as tensors: what data hands to lit models, and what callbacks see pass by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from text_recognizer.batch_shares import rows_of, weight_of


@dataclass
class LineBatch:
    """Lines of about the same width, padded on the right.

    Attributes:
        x_BCHW: float32 [B, 1, H, W], `line_levels.line_input` of each line.
        widths_B: int64, pixels of each line that are not padding.
        y_BL: int64 labels, padded with 0.
        lengths_B: int64, labels of each line.
        centres_BL: float32, x of each label's character in pixels; -1 where it is not known.
        texts: what each line says.
        sources: which hand, font or file each line is of.
        line_weight: what a mean over the lines counts, so that the mean of all processes' shares is that of the batch.
        centre_weight: the same of a mean over the characters whose centres are known.
        token_weight: the same of a mean over the labels and the ends of the texts.
    """

    x_BCHW: Tensor
    widths_B: Tensor
    y_BL: Tensor
    lengths_B: Tensor
    centres_BL: Tensor
    texts: list[str]
    sources: list[str]
    line_weight: float = 1.0
    centre_weight: float = 1.0
    token_weight: float = 1.0

    def pin_memory(self) -> LineBatch:
        """Return the batch in page-locked memory (the data loader calls this on a machine with a GPU)."""
        return self._mapped(Tensor.pin_memory)

    def to(self, device: torch.device, non_blocking: bool = False) -> LineBatch:
        """Return the batch on `device` (Lightning calls this)."""
        return self._mapped(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def _mapped(self, change: Callable[[Tensor], Tensor]) -> LineBatch:
        return LineBatch(
            change(self.x_BCHW),
            change(self.widths_B),
            change(self.y_BL),
            change(self.lengths_B),
            change(self.centres_BL),
            self.texts,
            self.sources,
            self.line_weight,
            self.centre_weight,
            self.token_weight,
        )

    def share(self, rank: int, world: int) -> LineBatch:
        """Return every `world`-th line from `rank` on, padded as before."""
        share, rows = (rank, world, len(self.texts)), rows_of(rank, world, len(self.texts))
        part = self._mapped(lambda tensor: tensor[rows])
        part.texts, part.sources = self.texts[rows], self.sources[rows]
        known, known_here = (int((batch.centres_BL >= 0).sum()) for batch in (self, part))
        tokens, tokens_here = (int((batch.lengths_B + 1).sum()) for batch in (self, part))  # each text has an end
        part.line_weight = weight_of(len(part.texts), len(self.texts), *share)
        part.centre_weight = weight_of(known_here, known, *share)
        part.token_weight = weight_of(tokens_here, tokens, *share)
        return part
