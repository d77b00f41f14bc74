"""A batch of paragraphs as tensors: what data hands to lit models, and what callbacks see pass by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from text_recognizer.batch_shares import rows_of, weight_of


@dataclass
class ParagraphBatch:
    """Pages of one size, each with one paragraph.

    Attributes:
        x_BCHW: float32 [B, 1, H, W], near 1 in ink, near 0 on paper.
        y_BL: int64 labels of the data's charset, padded with 0; the ends of lines are characters too.
        lengths_B: int64, labels of each paragraph.
        texts: what each paragraph says, its lines apart by ``\\n``.
        sources: which hand, font or file each paragraph is of.
        token_weight: what a mean over the labels and the ends of the texts counts, so that that of all processes'
            shares is the whole batch's.
    """

    x_BCHW: Tensor
    y_BL: Tensor
    lengths_B: Tensor
    texts: list[str]
    sources: list[str]
    token_weight: float = 1.0

    def pin_memory(self) -> ParagraphBatch:
        """Return the batch in page-locked memory (the data loader calls this on a machine with a GPU)."""
        return self._mapped(Tensor.pin_memory)

    def to(self, device: torch.device, non_blocking: bool = False) -> ParagraphBatch:
        """Return the batch on `device` (Lightning calls this)."""
        return self._mapped(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def _mapped(self, change: Callable[[Tensor], Tensor]) -> ParagraphBatch:
        x_BCHW, y_BL, lengths_B = (change(tensor) for tensor in (self.x_BCHW, self.y_BL, self.lengths_B))
        return ParagraphBatch(x_BCHW, y_BL, lengths_B, self.texts, self.sources, self.token_weight)

    def share(self, rank: int, world: int) -> ParagraphBatch:
        """Return every `world`-th paragraph from `rank` on."""
        count, rows = len(self.texts), rows_of(rank, world, len(self.texts))
        part = self._mapped(lambda tensor: tensor[rows])
        part.texts, part.sources = self.texts[rows], self.sources[rows]
        tokens, tokens_here = (int((batch.lengths_B + 1).sum()) for batch in (self, part))  # each text has an end
        part.token_weight = weight_of(tokens_here, tokens, rank, world, count)
        return part
