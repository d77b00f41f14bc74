"""A progress bar that says what one wants to know of a run: lines per second, loss and validation CER."""

from __future__ import annotations

import sys
import time

import pytorch_lightning as pl
from pytorch_lightning.trainer.states import TrainerFn
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from text_recognizer.callbacks.observed import AnyBatch


class ProgressBar(pl.Callback):
    """Shows a bar on a terminal, and one line per validation where there is none (a log file, CI)."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self._bar: Progress | None = None
        self._lines = 0
        self._since = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._lines, self._since = 0, time.monotonic()
        if not trainer.is_global_zero or not sys.stderr.isatty():  # rich takes FORCE_COLOR's word for a terminal
            return
        columns = (TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[numbers]}"))
        self._bar = Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=self.console)
        self._bar.add_task("training", total=None, numbers="", completed=trainer.global_step)
        self._bar.start()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: object, batch: AnyBatch, batch_idx: int
    ) -> None:
        self._lines += len(batch.sources)
        if self._bar:
            total = trainer.max_steps if trainer.max_steps > 0 else None
            self._bar.update(
                self._bar.task_ids[0], completed=trainer.global_step, total=total, numbers=self._numbers(trainer)
            )

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn == TrainerFn.FITTING and trainer.is_global_zero and not self._bar:
            total = trainer.max_steps if trainer.max_steps > 0 else "?"
            self.console.print(
                f"step {trainer.global_step} of {total}: {self._numbers(trainer)}", highlight=False, soft_wrap=True
            )

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._stop()

    def on_exception(self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._bar:
            self._bar.stop()
            self._bar = None

    def _numbers(self, trainer: pl.Trainer) -> str:
        per_second = self._lines / max(1e-9, time.monotonic() - self._since)
        parts = [f"{per_second:.0f} lines/s"]
        metrics = trainer.callback_metrics
        loss = metrics.get("train/ctc", metrics.get("train/loss"))
        if loss is not None:
            parts.append(f"loss {float(loss):.2f}")
        for name in ("", "/handwriting", "/print"):
            if f"validation/cer{name}" in metrics:
                parts.append(f"CER{name.replace('/', ' ')} {100 * float(metrics[f'validation/cer{name}']):.1f} %")
        return ", ".join(parts)
