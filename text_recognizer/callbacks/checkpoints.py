"""Checkpoints that are whole or not there, and a run that a signal ends at the end of a step."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.trainer.states import TrainerFn

from text_recognizer.callbacks.steps import step_ended, validation_follows
from text_recognizer.errors import UserError

SAVED_EXIT_CODE = 85
"""Exit code of a run that was told to stop, saved its state and wants to be run again with ``--resume``."""

SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGUSR1") if hasattr(signal, name))
"""The signals that ask a run to save and stop; Windows has no SIGUSR1."""

SHIPPED = ("epoch", "global_step", "pytorch-lightning_version", "state_dict", "characters")
"""What `best.ckpt` holds of a checkpoint: the averaged weights and what they are."""


class Checkpoints(pl.Callback):
    """Keeps ``last.ckpt``, from which the run goes on, and ``best.ckpt``, the average with the lowest validation CER.

    A checkpoint is written beside, flushed to the disk and renamed; one with a weight that is not finite is refused,
    and the good one of before stays.

    Args:
        folder: of the run.
        every: steps between two checkpoints; one is also made after every validation and as soon as the number of
            steps is known.

    Attributes:
        stopped_by: the signal that ended the run, None if none did.
    """

    def __init__(self, folder: Path, every: int = 100) -> None:
        self.folder, self.every = folder, every
        self.best = float("inf")
        self.stopped_by: int | None = None
        self._steps_known = True

    @contextmanager
    def noting_signals(self) -> Iterator[None]:
        """Note the signals that end a run instead of being killed by them."""
        before = {number: signal.signal(number, self._note_signal) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def state_dict(self) -> dict:
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict) -> None:
        self.best = state_dict["best"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._steps_known = trainer.max_steps > 0
        trainer._signal_connector.received_sigterm = False  # Lightning would stop without saving
        for number in SIGNALS:
            signal.signal(number, self._note_signal)

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        if not step_ended(trainer):
            return  # what was added up so far is in no checkpoint
        now_known = not self._steps_known and trainer.max_steps > 0
        self._steps_known |= now_known
        if validation_follows(trainer):
            return  # saved after it, so that a resumed run does not skip it
        if self._told_to_stop(trainer):
            self._save_and_stop(trainer)
        elif now_known or trainer.global_step % self.every == 0:
            save_checkpoint(trainer, self.folder / "last.ckpt")

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if trainer.state.fn != TrainerFn.FITTING:
            return
        cer = trainer.callback_metrics.get("validation/cer")
        if cer is not None and float(cer) < self.best:
            self.best = float(cer)
            save_checkpoint(trainer, self.folder / "best.ckpt", SHIPPED)
        if self._told_to_stop(trainer):
            self._save_and_stop(trainer)
        else:
            save_checkpoint(trainer, self.folder / "last.ckpt")

    def _note_signal(self, number: int, frame: object) -> None:
        self.stopped_by = number

    def _told_to_stop(self, trainer: pl.Trainer) -> bool:
        """Return whether a signal has come to this process or to another one of this training: all stop together."""
        told = self.stopped_by is not None
        if trainer.world_size > 1 and trainer.strategy.reduce_boolean_decision(told, all=False) and not told:
            self.stopped_by = signal.SIGTERM
        return self.stopped_by is not None

    def _save_and_stop(self, trainer: pl.Trainer) -> None:
        save_checkpoint(trainer, self.folder / "last.ckpt")
        trainer.should_stop = True
        trainer.fit_loop.epoch_loop._skip_next_val = True  # Lightning would validate once more before it stops


def save_checkpoint(trainer: pl.Trainer, path: Path, keys: tuple[str, ...] | None = None) -> None:
    """Write the trainer's state to `path`, or only these `keys` of it, wholly or not at all.

    Raises:
        UserError: a weight is not finite, or the disk is full or read-only; the file of before is still there.
    """
    checkpoint = trainer._checkpoint_connector.dump_checkpoint(weights_only=False)
    broken = [name for name, value in checkpoint["state_dict"].items() if not _finite(value)]
    if broken:
        raise UserError(
            f"{path}: {len(broken)} weights are not finite at step {trainer.global_step}, {broken[0]} first, so the"
            " file was left as it was; start a new run with a lower --lit_model.lr"
        )
    if not trainer.is_global_zero:
        return
    if keys is not None:
        checkpoint = {key: checkpoint[key] for key in keys}
    beside = path.with_name(path.name + ".part")
    try:
        with beside.open("wb") as stream:
            torch.save(checkpoint, stream)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as RuntimeError
        beside.unlink(missing_ok=True)
        raise UserError(
            f"{path}: could not be written ({reason(error)}); free some space and go on with --resume {path.parent}"
        ) from error


def _finite(value: torch.Tensor) -> bool:
    return not value.is_floating_point() or bool(torch.isfinite(value).all())


def reason(error: BaseException) -> str:
    """Return what the operating system said, which torch wraps in an error of its own."""
    while not isinstance(error, OSError) and (error.__context__ or error.__cause__):
        error = error.__context__ or error.__cause__ or error
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text.splitlines()[0].split(". ")[0].rstrip(".")
