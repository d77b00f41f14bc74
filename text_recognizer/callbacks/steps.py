"""Steps of the optimiser, which several batches share where gradients are added up."""

from __future__ import annotations

import pytorch_lightning as pl

from text_recognizer.callbacks.validation_times import NEVER


def step_ended(trainer: pl.Trainer) -> bool:
    """Return whether the batch that has just ended was the last of its step."""
    return not trainer.fit_loop.epoch_loop._should_accumulate()


def validation_follows(trainer: pl.Trainer) -> bool:
    """Return whether Lightning validates after the step that has just ended."""
    return trainer.global_step * trainer.accumulate_grad_batches % int(trainer.val_check_batch or NEVER) == 0
