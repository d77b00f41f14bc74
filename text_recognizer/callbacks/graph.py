"""The model's graph, drawn once by the logger that can draw it."""

from __future__ import annotations

import warnings
from typing import Any, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import TensorBoardLogger, WandbLogger
from torch import Tensor

from text_recognizer.callbacks.observed import AnyBatch
from text_recognizer.line_batch import LineBatch


class Graph(pl.Callback):
    """Gives TensorBoard the traced graph of the model, and W&B its modules; once, at the first batch of a run."""

    def __init__(self) -> None:
        self._drawn = False

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: AnyBatch, batch_idx: int
    ) -> None:
        if self._drawn or trainer.global_step or not trainer.is_global_zero:
            return
        self._drawn = True
        for logger in trainer.loggers:
            if isinstance(logger, TensorBoardLogger):
                _traced(logger.experiment, cast(torch.nn.Module, pl_module.model), batch)
            elif isinstance(logger, WandbLogger):
                logger.experiment.watch(pl_module.model, log=None, log_graph=True)


def example_of(model: Any, batch: AnyBatch) -> tuple[Tensor, ...]:
    """Return what a model takes, of the first picture of a batch."""
    x_BCHW = batch.x_BCHW[:1]
    if hasattr(model, "tokens"):
        start_B1 = torch.full((1, 1), model.tokens.start, device=x_BCHW.device)
        return (x_BCHW, start_B1)
    return (x_BCHW, batch.widths_B[:1]) if isinstance(batch, LineBatch) else (x_BCHW,)


def _traced(writer: Any, model: torch.nn.Module, batch: AnyBatch) -> None:
    """Trace the model without touching its weights, its counters or the random state."""
    training = model.training
    devices = [batch.x_BCHW.device] if batch.x_BCHW.is_cuda else []
    with torch.random.fork_rng(devices), torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        writer.add_graph(model.eval(), example_of(model, batch))
    model.train(training)
