"""A run that ends early, once validation has stopped getting better, and a resumed one that knows it."""

from __future__ import annotations

import pytorch_lightning as pl
from pytorch_lightning.trainer.states import TrainerFn

METRIC = "validation/cer"


class Patience(pl.Callback):
    """Ends training after `validations` in a row that were no better than the best before them.

    It takes its place before the checkpoints, so that what it knows is saved with the step at which it learnt it: a
    run that is killed after its last checkpoint is over when it is resumed.

    Args:
        validations: that may pass without a better one.

    Attributes:
        waited: validations since the best one.
    """

    def __init__(self, validations: int) -> None:
        self.validations, self.waited, self.best = validations, 0, float("inf")

    def state_dict(self) -> dict:
        return {"waited": self.waited, "best": self.best}

    def load_state_dict(self, state_dict: dict) -> None:
        self.waited, self.best = state_dict["waited"], state_dict["best"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._end_if_over(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        value = trainer.callback_metrics.get(METRIC)
        if trainer.state.fn != TrainerFn.FITTING or value is None:
            return
        better = float(value) < self.best
        self.best, self.waited = (float(value), 0) if better else (self.best, self.waited + 1)
        self._end_if_over(trainer)

    def _end_if_over(self, trainer: pl.Trainer) -> None:
        """Make this step the last one: that ends the run as reaching its steps does, with all that follows."""
        if self.waited >= self.validations:
            trainer.fit_loop.epoch_loop.max_steps = trainer.global_step
