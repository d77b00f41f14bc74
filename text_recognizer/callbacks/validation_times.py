"""When a run validates: a few times, evenly spaced, and always at its end."""

from __future__ import annotations

import pytorch_lightning as pl

NEVER = 1_000_000_000
"""An interval that no run reaches: for as long as its number of steps is not known."""


class ValidationTimes(pl.Callback):
    """Makes the last step end with a validation, also where the interval does not divide the steps."""

    def on_train_batch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        if trainer.global_step + 1 == trainer.max_steps:
            trainer.val_check_batch = trainer.max_steps * trainer.accumulate_grad_batches


def set_steps(trainer: pl.Trainer, steps: int) -> None:
    """Let the run end after `steps`, and validate on the way as if that had been known from the start."""
    trainer.fit_loop.epoch_loop.max_steps = steps
    trainer.val_check_batch = validation_interval(steps) * trainer.accumulate_grad_batches


def validation_interval(steps: int | None, times: int = 6) -> int:
    """Return the steps between two validations of a run of `steps`, of which it has at most `times`.

    >>> validation_interval(600), validation_interval(601), validation_interval(2)
    (100, 101, 1)
    """
    return -(-steps // times) if steps else NEVER
