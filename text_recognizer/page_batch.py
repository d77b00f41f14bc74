"""A batch of pages as tensors: what data hands to the segmenter's lit model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass
class PageBatch:
    """Pages of one size with the maps that the segmenter shall give; h and w are a quarter of H and W.

    Attributes:
        x_BCHW: float32 [B, 1, H, W], `page_input` of each page.
        maps_BChw: float32 [B, 4, h, w], `page_input.MAPS`; baseline, core and separator from 0 to 1.
        known_BChw: float32 [B, 4, h, w], weight of each cell of `maps_BChw` in the loss; 0 where nothing is known.
        turns_B: int64, quarter turns clockwise from upright to how the page is shown.
    """

    x_BCHW: Tensor
    maps_BChw: Tensor
    known_BChw: Tensor
    turns_B: Tensor

    def pin_memory(self) -> PageBatch:
        """Return the batch in page-locked memory (the data loader calls this on a machine with a GPU)."""
        return self._mapped(Tensor.pin_memory)

    def to(self, device: torch.device, non_blocking: bool = False) -> PageBatch:
        """Return the batch on `device` (Lightning calls this)."""
        return self._mapped(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def _mapped(self, change: Callable[[Tensor], Tensor]) -> PageBatch:
        return PageBatch(*map(change, (self.x_BCHW, self.maps_BChw, self.known_BChw, self.turns_B)))
