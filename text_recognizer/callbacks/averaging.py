"""A moving average of the weights, which is what is validated, kept and shipped."""

from __future__ import annotations

import torch
from pytorch_lightning.callbacks import WeightAveraging
from torch import Tensor


class MovingAverage(WeightAveraging):
    """Exponential moving average whose memory grows with the run, so that it serves short runs too.

    Args:
        decay: share of the average that a late step keeps; early steps keep ``(1 + step) / (10 + step)``.
    """

    def __init__(self, decay: float = 0.9985) -> None:
        self.decay = decay
        super().__init__(multi_avg_fn=self._average)

    def weights(self) -> dict[str, Tensor]:
        """Return the averaged weights of the module that was trained."""
        assert self._average_model is not None, "there is no average before fit"
        return self._average_model.module.state_dict()

    @torch.no_grad()  # called once for each type of tensor
    def _average(self, averages: list[Tensor], weights: list[Tensor], updates: Tensor | int) -> None:
        step = int(updates)
        keep = min(self.decay, (1 + step) / (10 + step))
        if averages[0].is_floating_point():
            torch._foreach_lerp_(averages, weights, 1 - keep)
        else:  # the counters of batch normalisation
            torch._foreach_copy_(averages, weights)
