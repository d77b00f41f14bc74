"""Turns a time budget into a number of steps, once; from then on only steps count."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytorch_lightning as pl


class TimeBudget(pl.Callback):
    """Times the first steps and sets how many the run will have, and how often it validates.

    Args:
        seconds: that training may take, validation included.
        on_plan: called with the number of steps once it is known.
        timed_steps: steps that are timed; the first five of them are left out of the mean.
        overhead: share of the time that validation, checkpoints and pictures take.
    """

    def __init__(
        self, seconds: float, on_plan: Callable[[int], None], timed_steps: int = 30, overhead: float = 0.07
    ) -> None:
        self.seconds, self.on_plan, self.timed_steps, self.overhead = seconds, on_plan, timed_steps, overhead
        self._begun = self._warm = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._begun = time.monotonic()

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        if trainer.global_step == 5:
            self._warm = time.monotonic()
        if trainer.global_step != self.timed_steps:
            return
        now = time.monotonic()
        step_seconds = (now - self._warm) / (self.timed_steps - 5)
        left = (self.seconds - (now - self._begun)) * (1 - self.overhead)
        steps = self.timed_steps + max(1, int(left / step_seconds))
        set_steps(trainer, steps)
        self.on_plan(steps)


def set_steps(trainer: pl.Trainer, steps: int) -> None:
    """Let the run end after `steps` and validate six times on the way."""
    trainer.fit_loop.epoch_loop.max_steps = steps
    trainer.val_check_batch = validation_interval(steps)


def validation_interval(steps: int) -> int:
    """Return the steps between two validations of a run of `steps`; the last one is at its end.

    >>> validation_interval(600), validation_interval(601)
    (100, 101)
    """
    return max(1, -(-steps // 6))
