"""How fast a run is: pictures per second, and the share of the arithmetic that the machine could do."""

from __future__ import annotations

import copy
import time
from contextlib import suppress
from typing import Any

import pytorch_lightning as pl
import torch
from torch.utils.flop_counter import FlopCounterMode

from text_recognizer.callbacks.observed import AnyBatch

SIDE = {"cpu": 512, "cuda": 4096}
"""Of the matrices that are multiplied to measure the peak."""


def measured_peak(device: torch.device, dtype: torch.dtype = torch.float32, turns: int = 6) -> float:
    """Return the most floating point operations per second that multiplying matrices reached, the best of `turns`."""
    side = SIDE.get(device.type, SIDE["cpu"])
    left, right = (torch.zeros(side, side, device=device, dtype=dtype) for _ in range(2))
    fastest = float("inf")
    for _ in range(turns + 1):
        begun = time.perf_counter()
        left @ right
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        fastest = min(fastest, time.perf_counter() - begun)
    return 2 * side**3 / fastest


def operations_of(lit_model: Any, batch: AnyBatch) -> int:
    """Return the floating point operations of a forward and backward pass, of which convolutions and products count.

    The model is copied and the random state restored: nothing of the run changes.
    """
    devices = [batch.x_BCHW.device] if batch.x_BCHW.is_cuda else []
    with torch.random.fork_rng(devices), FlopCounterMode(display=False) as counted:
        model = copy.deepcopy(lit_model.model).train()
        lit_model.timed_loss(model, batch).backward()
    return int(counted.get_total_flops())


class Throughput(pl.Callback):
    """Logs pictures per second, operations per second and their share of the peak measured at the beginning.

    Validation, checkpoints and the first steps are not in the time. The numbers go to loggers only: they depend on the
    machine and the time of day, and the table of a run does not.

    Args:
        every: steps between two notes.
    """

    def __init__(self, every: int = 50) -> None:
        self.every = every
        self._peak = self._per_picture = 0.0
        self._pictures = self._steps = 0
        self._seconds = self._since = 0.0

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: AnyBatch, batch_idx: int
    ) -> None:
        if not self._peak:
            mixed = trainer.precision.startswith("bf16") if isinstance(trainer.precision, str) else False
            self._peak = measured_peak(batch.x_BCHW.device, torch.bfloat16 if mixed else torch.float32)
            with suppress(NotImplementedError):  # an operation whose cost is not known
                self._per_picture = operations_of(pl_module, batch) / len(batch.sources)
        self._since = time.monotonic()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: object, batch: AnyBatch, batch_idx: int
    ) -> None:
        self._steps += 1
        if self._steps <= 2:  # allocates memory
            return
        self._seconds += time.monotonic() - self._since
        self._pictures += len(batch.sources)
        if trainer.global_step % self.every == 0 and self._seconds:
            for logger in trainer.loggers:
                logger.log_metrics(self.numbers(), trainer.global_step)
            self._seconds, self._pictures = 0.0, 0

    def numbers(self) -> dict[str, Any]:
        """Return the numbers since the last note."""
        per_second = self._pictures / max(1e-9, self._seconds)
        done = per_second * self._per_picture
        return {
            "throughput/lines_per_second": per_second,
            "throughput/gflops": done / 1e9,
            "throughput/share_of_peak": done / max(1.0, self._peak),
        }
