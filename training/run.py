"""One training run: its folder, its trainer, and how it ends."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import Logger, TensorBoardLogger
from pytorch_lightning.profilers import Profiler, PyTorchProfiler, SimpleProfiler
from pytorch_lightning.strategies import DDPStrategy

from text_recognizer.callbacks.averaging import MovingAverage
from text_recognizer.callbacks.checkpoints import SAVED_EXIT_CODE, Checkpoints, reason
from text_recognizer.callbacks.metrics_file import MetricsFile
from text_recognizer.callbacks.observers import observers
from text_recognizer.callbacks.patience import Patience
from text_recognizer.callbacks.progress import ProgressBar
from text_recognizer.callbacks.sample_pictures import SamplePictures
from text_recognizer.callbacks.time_budget import TimeBudget
from text_recognizer.callbacks.validation_times import ValidationTimes, validation_interval
from text_recognizer.data.base import LabData
from text_recognizer.errors import UsageError, UserError, check_range
from text_recognizer.lit_models.base import LitModel
from text_recognizer.lit_models.ctc import CTC
from text_recognizer.models.base import LineModel
from training.learning_rate import find_learning_rate
from training.plan import Plan, Precision, measured_plan
from training.processes import refuse_batch_statistics, started
from training.readers import trained_model
from training.run_folder import mark_finished, only_here, record_origin
from training.starting_weights import start_from
from training.wandb_runs import hand_over, wandb_logger


class Run:
    """How long, how precisely and where a model is trained.

    Args:
        name: of the run's folder below `runs`, before its number.
        runs: folder of all runs.
        max_steps: optimiser steps; when left out, `budget` is turned into steps.
        budget: seconds of training, turned into steps once, by timing the first 30.
        seed: of weights, data and dropout; equal seeds give equal runs.
        resume: folder of a run to continue, or auto: the newest unfinished one of this name.
        precision: of the arithmetic; the faster one is measured when left out.
        threads: of the training process; measured when left out.
        checkpoint_every: steps between two checkpoints.
        accumulate: batches whose gradients are added up for one step.
        patience: validations in a row without a better one that end the run early.
        overfit_batches: train on, and validate on, this many batches alone.
        find_lr: try learning rates, draw their losses, and stop.
        profiler: tells where the time goes.
        start: weights to start from, a .ckpt of another run or the weights.pt of an exported model.
        teacher: a run of a larger model of the same characters and height, whose scores are learned too.
        logger: next to metrics.csv; wandb works offline where no key is set.
    """

    def __init__(
        self,
        name: str = "line_ctc",
        runs: Path = Path("runs"),
        max_steps: int | None = None,
        budget: float = 300.0,
        seed: int = 0,
        resume: str | None = None,
        precision: Precision | None = None,
        threads: int | None = None,
        checkpoint_every: int = 100,
        logger: Literal["tensorboard", "wandb", "none"] = "tensorboard",
        start: Path | None = None,
        teacher: Path | None = None,
        accumulate: int = 1,
        patience: int | None = None,
        overfit_batches: int | None = None,
        find_lr: bool = False,
        profiler: Literal["none", "simple", "pytorch"] = "none",
    ) -> None:
        numbers = {"max_steps": max_steps, "threads": threads, "checkpoint_every": checkpoint_every}
        numbers |= {"accumulate": accumulate, "patience": patience, "overfit_batches": overfit_batches}
        for option, number in numbers.items():
            check_range(f"--{option}", 1 if number is None else number, 1)
        check_range("--budget", budget, 1)
        self.name, self.runs, self.max_steps, self.budget, self.seed = name, runs, max_steps, budget, seed
        self.resume, self.precision, self.threads = resume, precision, threads
        self.checkpoint_every, self.logger = checkpoint_every, logger
        self.start, self.teacher = start, teacher
        self.accumulate, self.patience, self.overfit_batches = accumulate, patience, overfit_batches
        self.find_lr, self.profiler = find_lr, profiler
        self._unused = False

    def fit(self, lit_model: LitModel, data: LabData, folder: Path) -> int:
        """Train in `folder`, from its last checkpoint if it has one, and return the exit code.

        Raises:
            UserError: a checkpoint cannot be written, is damaged or is of another model.
        """
        average, checkpoints = MovingAverage(), Checkpoints(folder, self.checkpoint_every)
        last, data.overfit = folder / "last.ckpt", self.overfit_batches
        self._unused = isinstance(lit_model, CTC) and not lit_model.alignment  # the scores below the encoder are then
        refuse_batch_statistics(lit_model.model, started())
        if self.start and not last.exists():
            start_from(lit_model.model, self.start)
        if self.teacher:
            if not isinstance(lit_model, CTC):
                raise UsageError(f"--teacher {self.teacher}: only a model of lines with CTC can have one; leave it out")
            lit_model.learn_from(teacher_of(self.teacher, lit_model.model))
        if self.find_lr:
            torch.set_num_threads(self.threads or torch.get_num_threads())
            with lightning_silenced():
                find_learning_rate(lit_model, data, folder, self.precision or "32-true", self.accumulate)
            return 0
        with only_here(folder, started().first), checkpoints.noting_signals(), lightning_silenced():
            plan = self._plan(lit_model, data, folder)
            torch.set_num_threads(plan.threads)
            trainer = self._trainer(plan, folder, [average, MetricsFile(folder)], checkpoints)
            saved = checked_checkpoint(last, lit_model) if last.exists() else None
            with _keyboard_interrupt_kept():
                trainer.fit(lit_model, data, ckpt_path=saved, weights_only=False)
        if self.profiler != "none":
            print(f"where the time went: {folder}/profile")
        unfinished = checkpoints.stopped_by is not None and not 0 < trainer.max_steps <= trainer.global_step
        hand_over(trainer, folder, finished=not unfinished)
        if unfinished:
            print(
                f"stopped by signal {checkpoints.stopped_by} after step {trainer.global_step} and saved;"
                f" continue with --resume {folder}"
            )
            return SAVED_EXIT_CODE
        if trainer.is_global_zero:
            mark_finished(folder, average.weights(), trainer.global_step)
        return 0

    def _plan(self, lit_model: LitModel, data: LabData, folder: Path) -> Plan:
        """Return the recorded plan of the run, measured and recorded now if there is none."""
        path, processes = folder / "plan.json", started()
        if processes.first and not path.exists():
            record_origin(folder)
            plan = measured_plan(lit_model, data.train_batches()[0], self.precision, self.threads)
            plan.with_steps(self.max_steps).save(path)
        agreed = processes.agreed(Plan.load(path) if processes.first else None)
        assert agreed is not None
        return agreed

    def _trainer(self, plan: Plan, folder: Path, first: list[pl.Callback], checkpoints: Checkpoints) -> pl.Trainer:
        """Return the trainer; `checkpoints` comes last, when all others have done their part of a step."""
        callbacks = [*first, SamplePictures(folder), ProgressBar(), ValidationTimes()]
        callbacks += [] if self.logger == "none" else observers(folder)
        callbacks += [Patience(self.patience)] if self.patience else []
        processes, path = started(), folder / "plan.json"
        if plan.max_steps is None:
            record = lambda steps: plan.with_steps(steps).save(path) if processes.first else None  # noqa: E731
            callbacks.append(TimeBudget(self.budget, record))
        return pl.Trainer(
            accelerator="cuda" if torch.cuda.is_available() else "cpu",
            devices=processes.local,
            num_nodes=processes.hosts,
            strategy=DDPStrategy(find_unused_parameters=self._unused) if processes.world > 1 else "auto",
            sync_batchnorm=processes.world > 1,
            precision=plan.precision,
            max_steps=plan.max_steps or -1,
            max_epochs=-1,
            accumulate_grad_batches=self.accumulate,
            val_check_interval=self.accumulate * validation_interval(plan.max_steps),
            check_val_every_n_epoch=None,
            num_sanity_val_steps=0,
            callbacks=[*callbacks, checkpoints],
            logger=self._loggers(folder),
            default_root_dir=folder,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
            log_every_n_steps=10,
            profiler=self._profiler(folder),
        )

    def _profiler(self, folder: Path) -> Profiler | None:
        if self.profiler == "none":
            return None
        (folder / "profile").mkdir(exist_ok=True)
        profiler = SimpleProfiler if self.profiler == "simple" else PyTorchProfiler
        return profiler(dirpath=folder / "profile", filename=self.profiler)

    def _loggers(self, folder: Path) -> list[Logger]:
        if not started().first:
            return []
        if self.logger == "tensorboard":
            return [TensorBoardLogger(folder, name="", version="tensorboard")]
        if self.logger == "wandb":
            return [wandb_logger(folder)]
        return []


def teacher_of(path: Path, model: LineModel) -> LineModel:
    """Return the model of the run at `path` as a teacher of `model`.

    Raises:
        UserError: there is no such run, or it differs in characters, height or stride.
    """
    teacher = trained_model(path)
    if not isinstance(teacher, LineModel):
        raise UserError(f"--teacher {path}: is no model of lines with CTC; name a run of one")
    for name in ("characters", "height", "stride"):
        if getattr(teacher, name) != getattr(model, name):
            raise UserError(f"--teacher {path}: its {name} are not the model's; name a run with the same --data.{name}")
    return teacher


def checked_checkpoint(path: Path, lit_model: LitModel) -> Path:
    """Return `path` if its checkpoint fits the model.

    Raises:
        UserError: it is damaged, or its characters or weights are not the model's.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=False)
        characters, weights = checkpoint["characters"], checkpoint["state_dict"]
    except Exception as error:  # torch raises many kinds for a damaged file
        raise UserError(f"{path}: not a readable checkpoint ({reason(error)}); start a new run") from error
    ours, shapes = lit_model.model.characters, {n: v.shape for n, v in lit_model.state_dict().items()}
    if characters != ours:
        other = "".join(sorted(set(characters) ^ set(ours)))
        raise UserError(
            f"{path}: its charset has {len(characters)} characters, the model's {len(ours)} (they differ in"
            f" {repr(other) if other else 'their order'}); start a new run or give --data.characters those of the"
            " checkpoint"
        )
    wrong = sorted({n for n, v in weights.items() if v.shape != shapes.get(n)} | (shapes.keys() - weights.keys()))
    if wrong:
        raise UserError(
            f"{path}: {len(wrong)} of its weights do not fit the model, {wrong[0]} first; it is of another model, so"
            " start a new run"
        )
    return path


@contextmanager
def _keyboard_interrupt_kept() -> Iterator[None]:
    """Undo Lightning's turning a KeyboardInterrupt into exit code 1."""
    try:
        yield
    except SystemExit as end:
        if isinstance(end.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from None
        raise


@contextmanager
def lightning_silenced() -> Iterator[None]:
    """Keep Lightning from advertising and from advice on settings that are chosen here on purpose."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning_fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        for message in (
            "does not have many workers",
            "precision.*is not supported",
            "treespec, LeafSpec",
            "The `srun` command is available",
            "find_unused_parameters=True was specified",
            "sync_dist=True.* when logging on epoch level",
            "The PyTorch Profiler default schedule",
        ):
            warnings.filterwarnings("ignore", message=f".*{message}.*")
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
