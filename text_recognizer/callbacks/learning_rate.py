"""The learning rate beside the losses, for any logger."""

from __future__ import annotations

import pytorch_lightning as pl


class LearningRate(pl.Callback):
    """Logs the learning rate that each noted step was made with.

    Args:
        every: steps between two notes.
    """

    def __init__(self, every: int = 10) -> None:
        self.every = every

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        if trainer.global_step % self.every:
            return
        rates = {
            "train/lr" if not number else f"train/lr_{number}": float(scheduler.scheduler.get_last_lr()[0])
            for number, scheduler in enumerate(trainer.lr_scheduler_configs)
        }
        for logger in trainer.loggers:
            logger.log_metrics(rates, trainer.global_step)
