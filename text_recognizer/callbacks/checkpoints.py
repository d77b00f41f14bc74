"""Checkpoints that are whole or not there, and a run that a signal ends at the end of a step."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.trainer.states import TrainerFn

from text_recognizer.errors import UserError

SAVED_EXIT_CODE = 85
"""Exit code of a run that was told to stop, saved its state and wants to be run again with ``--resume``."""


class Checkpoints(pl.Callback):
    """Keeps ``last.ckpt``, from which the run goes on, and ``best.ckpt``, the average with the lowest validation CER.

    A checkpoint is written beside, flushed to the disk and renamed; one with a weight that is not finite is refused,
    and the good one of before stays.

    Args:
        folder: of the run.
        every: steps between two checkpoints; one is also made after every validation and at the end.

    Attributes:
        stopped_by: the signal that ended the run, None if none did.
    """

    def __init__(self, folder: Path, every: int = 100) -> None:
        self.folder, self.every = folder, every
        self.best = float("inf")
        self.stopped_by: int | None = None
        self._handlers: dict[int, object] = {}

    def state_dict(self) -> dict:
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict) -> None:
        self.best = state_dict["best"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        for number in (signal.SIGTERM, signal.SIGUSR1):
            self._handlers[number] = signal.signal(number, self._note_signal)

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        if _validation_follows(trainer):
            return  # saved after it, so that a resumed run does not skip it
        if self.stopped_by is not None:
            self._save_and_stop(trainer)
        elif trainer.global_step % self.every == 0:
            save_checkpoint(trainer, self.folder / "last.ckpt")

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn != TrainerFn.FITTING:
            return
        cer = trainer.callback_metrics.get("validation/cer")
        if cer is not None and float(cer) < self.best:
            self.best = float(cer)
            save_checkpoint(trainer, self.folder / "best.ckpt", weights_only=True)
        if self.stopped_by is not None:
            self._save_and_stop(trainer)
        else:
            save_checkpoint(trainer, self.folder / "last.ckpt")

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._handlers.clear()

    def _note_signal(self, number: int, frame: object) -> None:
        self.stopped_by = number

    def _save_and_stop(self, trainer: pl.Trainer) -> None:
        save_checkpoint(trainer, self.folder / "last.ckpt")
        trainer.should_stop = True


def save_checkpoint(trainer: pl.Trainer, path: Path, weights_only: bool = False) -> None:
    """Write the trainer's state to `path`, wholly or not at all.

    Raises:
        UserError: a weight is not finite, or the disk is full or read-only; the file of before is still there.
    """
    checkpoint = trainer._checkpoint_connector.dump_checkpoint(weights_only)
    broken = [name for name, value in checkpoint["state_dict"].items() if not _finite(value)]
    if broken:
        raise UserError(
            f"{path}: {len(broken)} weights are not finite, {broken[0]} first, so nothing was written; go on from the"
            " last good checkpoint with --resume and a lower --lit_model.lr"
        )
    if not trainer.is_global_zero:
        return
    beside = path.with_name(path.name + ".part")
    try:
        with beside.open("wb") as stream:
            torch.save(checkpoint, stream)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
        beside.unlink(missing_ok=True)
        raise UserError(f"{path}: could not be written ({_first_line(error)}); free some space and --resume") from error


def _finite(value: torch.Tensor) -> bool:
    return not value.is_floating_point() or bool(torch.isfinite(value).all())


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__


def _validation_follows(trainer: pl.Trainer) -> bool:
    return trainer.global_step % trainer.val_check_batch == 0
