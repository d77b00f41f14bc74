"""What all trainings share: optimiser, schedule, clipped gradients, and the error rates of validation."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn

from text_recognizer.errors import check_range
from text_recognizer.metrics.error_rate import character_error_rate, word_error_rate
from text_recognizer.models.base import Recognizer

UNPLANNED = 30
"""Steps in which the schedules do not look at the length of the run, so that its being unknown changes nothing."""

KINDS = (("", ""), ("/handwriting", "handwriting"), ("/print", "print"), ("/real", "real"))
"""Endings of a metric's name, and how the sources begin that are counted in it."""


class LitModel(pl.LightningModule, ABC):
    """Base of the lit models; a subclass says what is lost, and what is read.

    Args:
        model: what is trained.
        lr: highest learning rate.
        warmup: steps in which the learning rate rises from 0.
        weight_decay: of the matrices; vectors are not decayed.
        seed: of dropout; every step is seeded with it and the step's number.
    """

    model: Recognizer
    betas: ClassVar[tuple[float, float]] = (0.9, 0.98)

    def __init__(self, model: Recognizer, lr: float, warmup: int, weight_decay: float, seed: int) -> None:
        super().__init__()
        check_range("--lit_model.lr", lr, 0, 10)
        check_range("--lit_model.warmup", warmup, 1)
        self.model = model
        nn.Module.to(model, memory_format=torch.channels_last)  # type: ignore[call-overload]  # 7 % faster on a CPU
        self.lr, self.warmup, self.weight_decay, self.seed = lr, warmup, weight_decay, seed
        self.skipped_steps = 0
        self._read: list[tuple[str, str, str]] = []

    @abstractmethod
    def timed_loss(self, model: Any, batch: Any) -> Tensor:
        """Return a loss of `model`, a copy of ours, in which all of its weights take part; used to time a step."""

    @abstractmethod
    def read(self, batch: Any) -> list[str]:
        """Return what the model reads in each picture of a batch."""

    def reseed(self, batch_idx: int = 0) -> None:
        """Make the dropout of this step a function of the seed and the step's number.

        Args:
            batch_idx: tells batches apart whose gradients are added up; processes are told apart too.
        """
        turn = batch_idx % self.trainer.accumulate_grad_batches * self.trainer.world_size + self.global_rank
        torch.manual_seed(self.seed * 1_000_003 + self.global_step + 500_009 * turn)

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Clip the gradients to norm 2; leave the step out where they are not finite, whatever the loss was."""
        parameters = [p for p in self.parameters() if p.grad is not None]
        norm = torch.nn.utils.clip_grad_norm_(parameters, 2.0)
        if not torch.isfinite(norm):
            optimizer.zero_grad(set_to_none=True)
            self.skipped_steps += 1
        self.log("train/skipped_steps", float(self.skipped_steps))

    def validated(self, read: list[str], truths: list[str], sources: list[str]) -> dict[str, list[str]]:
        """Note what was read for the error rates at the end of validation, and return it for callbacks."""
        self._read += zip(read, truths, sources, strict=True)
        return {"read": read, "truth": truths}

    def on_validation_epoch_end(self) -> None:
        read, self._read = self._read, []
        for name, kind in KINDS:
            predictions = [line[0] for line in read if line[2].startswith(kind)]
            truths = [line[1] for line in read if line[2].startswith(kind)]
            if truths:
                self.log(f"validation/cer{name}", character_error_rate(predictions, truths).rate, prog_bar=not name)
        self.log("validation/wer", word_error_rate([line[0] for line in read], [line[1] for line in read]).rate)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        matrices = [p for p in self.parameters() if p.ndim > 1]
        vectors = [p for p in self.parameters() if p.ndim <= 1]
        groups = [{"params": matrices, "weight_decay": self.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=self.lr, betas=self.betas, fused=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self._lr_share)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict) -> None:
        checkpoint["characters"] = self.model.characters
        checkpoint["skipped_steps"] = self.skipped_steps

    def on_load_checkpoint(self, checkpoint: dict) -> None:
        self.skipped_steps = checkpoint["skipped_steps"]

    def _share_done(self, step: int) -> float:
        """Return the share of the run that is done; 0 for the first steps, while a time budget is not yet steps."""
        total = self.trainer.max_steps
        return min(1.0, step / total) if total > 0 and step > UNPLANNED else 0.0

    def _lr_share(self, step: int) -> float:
        """Warm up linearly, stay for a tenth of the steps, then fall along a half cosine to 1 % of the highest rate."""
        falling = max(0.0, self._share_done(step) - 0.1) / 0.9
        return min(1.0, (step + 1) / self.warmup) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * falling)))
