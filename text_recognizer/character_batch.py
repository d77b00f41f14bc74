"""A batch of single characters as tensors: what data hands to lit models, and what callbacks see pass by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from text_recognizer.batch_shares import rows_of, weight_of


@dataclass
class CharacterBatch:
    """Pictures of one character each.

    Attributes:
        x_BCHW: float32 [B, 1, H, W], 1 in full ink, 0 on bare paper.
        y_B: int64, the class of each: its character's place in the data's `characters`.
        sources: which file or split each is of.
        weight: what a mean over the pictures counts, so that that of all processes' shares is the whole batch's.
    """

    x_BCHW: Tensor
    y_B: Tensor
    sources: list[str]
    weight: float = 1.0

    def pin_memory(self) -> CharacterBatch:
        """Return the batch in page-locked memory (the data loader calls this on a machine with a GPU)."""
        return self._mapped(Tensor.pin_memory)

    def to(self, device: torch.device, non_blocking: bool = False) -> CharacterBatch:
        """Return the batch on `device` (Lightning calls this)."""
        return self._mapped(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def _mapped(self, change: Callable[[Tensor], Tensor]) -> CharacterBatch:
        return CharacterBatch(change(self.x_BCHW), change(self.y_B), self.sources, self.weight)

    def share(self, rank: int, world: int) -> CharacterBatch:
        """Return every `world`-th picture from `rank` on."""
        count, rows = len(self.sources), rows_of(rank, world, len(self.sources))
        part = self._mapped(lambda tensor: tensor[rows])
        part.sources = self.sources[rows]
        part.weight = weight_of(len(part.sources), count, rank, world, count)
        return part
