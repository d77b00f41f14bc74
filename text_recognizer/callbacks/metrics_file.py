"""The run's numbers as a table that a killed and resumed run continues without a gap or a repeated row."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path

import pytorch_lightning as pl
from pytorch_lightning.trainer.states import TrainerFn

from text_recognizer.callbacks.steps import step_ended


class MetricsFile(pl.Callback):
    """Writes ``metrics.csv`` with the columns step, metric and value; no column depends on the time of day.

    Rows behind the step that a run resumes from are dropped, since they come again.

    Args:
        folder: of the run.
        every: steps between rows of training; validation is always written.
    """

    def __init__(self, folder: Path, every: int = 10) -> None:
        self.path, self.every = folder / "metrics.csv", every

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        kept = (
            [row for row in _rows(self.path) if int(row["step"]) <= trainer.global_step] if trainer.global_step else []
        )
        beside = self.path.with_suffix(".part")
        with beside.open("w", newline="") as stream:
            table = csv.DictWriter(stream, ["step", "metric", "value"])
            table.writeheader()
            table.writerows(kept)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(self.path)

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        if trainer.global_step % self.every == 0 and step_ended(trainer):
            self._append(trainer, "train/")

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn == TrainerFn.FITTING:
            self._append(trainer, "validation/")

    def _append(self, trainer: pl.Trainer, prefix: str) -> None:
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith(prefix)}
        if not trainer.is_global_zero or not metrics:
            return
        with self.path.open("a", newline="") as stream:
            csv.writer(stream).writerows((trainer.global_step, name, repr(metrics[name])) for name in sorted(metrics))
            stream.flush()
            os.fsync(stream.fileno())


def _rows(path: Path) -> Iterable[dict[str, str]]:
    """Return the rows that were written whole."""
    if not path.exists():
        return []
    with path.open(newline="") as stream:
        return [row for row in csv.DictReader(stream) if row["value"] and row["step"].isdigit()]
