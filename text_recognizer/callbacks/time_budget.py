"""Turns a time budget into a number of steps, once; from then on only steps count."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytorch_lightning as pl

from text_recognizer.callbacks.steps import step_ended
from text_recognizer.callbacks.validation_times import set_steps

WARM = 15
"""Steps that are left out of the mean: the first ones allocate memory and wait for the data."""


class TimeBudget(pl.Callback):
    """Times the first steps and sets how many the run will have, and how often it validates.

    Args:
        seconds: that training may take, validation included.
        on_plan: called with the number of steps once it is known.
        timed_steps: steps that are timed, the first half of them only warm up; fewer where they take a quarter of
            the budget.
        overhead: share of the time that validation, checkpoints and pictures take.
    """

    def __init__(
        self, seconds: float, on_plan: Callable[[int], None], timed_steps: int = 30, overhead: float = 0.04
    ) -> None:
        self.seconds, self.on_plan, self.timed_steps, self.overhead = seconds, on_plan, timed_steps, overhead
        self._begun = self._warm = 0.0
        self._seen = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._begun, self._seen = time.monotonic(), 0

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        if trainer.max_steps > 0 or not step_ended(trainer):
            return
        self._seen += 1
        passed = trainer.strategy.broadcast(time.monotonic() - self._begun)  # one clock for all processes
        if self._seen <= WARM:
            self._warm = passed
            return
        if self._seen < self.timed_steps and passed < self.seconds / 4:
            return
        step_seconds = max(1e-6, (passed - self._warm) / (self._seen - WARM))
        left = (self.seconds - passed) * (1 - self.overhead)
        steps = trainer.global_step + max(1, int(left / step_seconds))
        set_steps(trainer, steps)
        self.on_plan(steps)
