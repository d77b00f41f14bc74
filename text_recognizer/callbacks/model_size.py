"""How large the model is, noted once at the beginning of a run."""

from __future__ import annotations

import pytorch_lightning as pl
from torch import nn


def size_of(model: nn.Module) -> dict[str, float]:
    """Return the number of parameters, of those that are trained, and the megabytes of all weights and counters.

    >>> size_of(nn.Linear(9, 10))
    {'model/parameters': 100.0, 'model/trained_parameters': 100.0, 'model/megabytes': 0.0004}
    """
    parameters = list(model.parameters())
    held = sum(tensor.numel() * tensor.element_size() for tensor in (*parameters, *model.buffers()))
    return {
        "model/parameters": float(sum(p.numel() for p in parameters)),
        "model/trained_parameters": float(sum(p.numel() for p in parameters if p.requires_grad)),
        "model/megabytes": held / 1e6,
    }


class ModelSize(pl.Callback):
    """Logs the size of the model that is trained."""

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.global_step:
            for logger in trainer.loggers:
                logger.log_metrics(size_of(pl_module), 0)
