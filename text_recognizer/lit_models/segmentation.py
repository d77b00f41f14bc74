"""Training the page segmenter: losses on its maps and turns, optimiser and schedule."""

from __future__ import annotations

from math import cos, pi

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.nn import functional as F

from text_recognizer.errors import check_range
from text_recognizer.models.page_segmenter import PageSegmenter
from text_recognizer.page_batch import PageBatch

EMPHASIS = (6.0, 1.5, 6.0)
"""How much more a cell on a baseline, in a core and on a separator weighs than one beside: they are few."""


class Segmentation(pl.LightningModule):
    """Learns baselines, cores, separators, x-heights and turns at once.

    Args:
        model: the network.
        steps: of the whole run; the learning rate falls to nothing at its end.
        lr: highest learning rate.
        warmup: steps in which it rises.
        weight_decay: of AdamW.
    """

    def __init__(
        self, model: PageSegmenter, steps: int = 4000, lr: float = 0.004, warmup: int = 100, weight_decay: float = 0.02
    ) -> None:
        super().__init__()
        check_range("--lit_model.lr", lr, 0)
        self.model, self.steps, self.lr, self.warmup, self.weight_decay = model, steps, lr, warmup, weight_decay

    def training_step(self, batch: PageBatch, batch_idx: int) -> Tensor:
        losses = self.losses(batch)
        self.log_dict({f"train/{name}": loss.detach() for name, loss in losses.items()})
        return torch.stack(list(losses.values())).sum()

    def validation_step(self, batch: PageBatch, batch_idx: int) -> None:
        losses = self.losses(batch)
        self.log_dict({f"validation/{name}": loss for name, loss in losses.items()}, batch_size=len(batch.turns_B))

    def losses(self, batch: PageBatch) -> dict[str, Tensor]:
        """Return the loss of each map and of the turn, weighted against each other; their sum is minimised."""
        maps, turns = self.model(batch.x_BCHW)
        known = batch.known_BChw
        losses = {
            name: _weighted(maps, batch, channel) for channel, name in enumerate(("baseline", "core", "separator"))
        }
        apart = F.smooth_l1_loss(maps[:, 3], batch.maps_BChw[:, 3], reduction="none", beta=0.2)
        losses["x_height"] = 0.2 * (apart * known[:, 3]).sum() / known[:, 3].sum().clamp(min=1)
        losses["turn"] = 0.3 * _turn_loss(turns, batch)
        return losses

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        decayed = [p for p in self.model.parameters() if p.ndim > 1]
        others = [p for p in self.model.parameters() if p.ndim <= 1]
        groups = [{"params": decayed, "weight_decay": self.weight_decay}, {"params": others, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=self.lr)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self.share)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def configure_gradient_clipping(self, optimizer: torch.optim.Optimizer, *_: object, **__: object) -> None:
        nn.utils.clip_grad_norm_(self.model.parameters(), 2.0)

    def share(self, step: int) -> float:
        """Return which share of the highest learning rate a step gets."""
        if step < self.warmup:
            return (step + 1) / self.warmup
        return 0.5 * (1 + cos(pi * min(1.0, (step - self.warmup) / max(1, self.steps - self.warmup)))) + 1e-3


def _weighted(maps: Tensor, batch: PageBatch, channel: int) -> Tensor:
    """Return the mean loss of a channel over the cells that are known, those of its few positives emphasised."""
    target, known = batch.maps_BChw[:, channel], batch.known_BChw[:, channel]
    weight = known * (1 + EMPHASIS[channel] * target)
    cells = F.binary_cross_entropy_with_logits(maps[:, channel], target, reduction="none")
    return (cells * weight).sum() / known.sum().clamp(min=1)


def _turn_loss(turns: Tensor, batch: PageBatch) -> Tensor:
    """Return the mean cross-entropy of the turn over the cells that hold text."""
    text = F.max_pool2d(batch.maps_BChw[:, 1:2], 4, ceil_mode=True)[:, 0, : turns.shape[2], : turns.shape[3]]
    truth = batch.turns_B[:, None, None].expand(turns.shape[0], *turns.shape[2:])
    cells = F.cross_entropy(turns, truth, reduction="none", label_smoothing=0.02)
    return (cells * text).sum() / text.sum().clamp(min=1)
