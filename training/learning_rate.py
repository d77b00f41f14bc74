"""Finding a learning rate: the loss of a hundred steps, each with a higher one than the last."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.tuner import Tuner

from text_recognizer.data.base import LabData
from text_recognizer.errors import UsageError, UserError
from text_recognizer.lit_models.base import LitModel
from training.plan import Precision
from training.processes import started

LOWEST, HIGHEST, STEPS = 1e-6, 1.0, 100


def find_learning_rate(
    lit_model: LitModel, data: LabData, folder: Path, precision: Precision, accumulate: int = 1
) -> float:
    """Try rising learning rates, draw the losses into `folder`, and return the rate at which they fall fastest.

    Source: Smith 2017, "Cyclical learning rates for training neural networks", section 3.3.

    Raises:
        UsageError: there are several processes.
        UserError: the losses do not fall anywhere.
    """
    if started().world > 1:
        raise UsageError("--find_lr: is done by one process; start it without torchrun")
    trainer = pl.Trainer(
        accelerator="cuda" if torch.cuda.is_available() else "cpu",
        devices=1,
        max_epochs=-1,
        precision=precision,
        accumulate_grad_batches=accumulate,
        default_root_dir=folder,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
    )
    found = Tuner(trainer).lr_find(
        lit_model, datamodule=data, min_lr=LOWEST, max_lr=HIGHEST, num_training=STEPS, update_attr=False
    )
    rates, losses = (found.results["lr"], found.results["loss"]) if found else ([], [])
    suggested = steepest(rates, losses)
    with (folder / "learning_rates.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([("lr", "loss"), *zip(rates, losses, strict=True)])
    draw(rates, losses, suggested, folder / "learning_rates.png")
    print(f"the losses of {len(rates)} steps with rising learning rates: {folder}/learning_rates.png and .csv")
    if suggested is None:
        raise UserError(f"{folder}: no learning rate made the loss fall; look at the curve, and at the data")
    print(
        f"steepest at {suggested:.2g}; the highest rate of a run may be somewhat above: --lit_model.lr {suggested:.2g}"
    )
    return suggested


def steepest(rates: Sequence[float], losses: Sequence[float], skipped: int = 10) -> float | None:
    """Return the rate at which the loss falls fastest per factor of the rate, None if it falls nowhere.

    Args:
        rates, losses: of the steps, in their order.
        skipped: steps at the beginning whose smoothed losses mean little; the last, which ended it, is left out too.

    >>> steepest([1e-4, 1e-3, 1e-2, 1e-1, 1.0], [3.0, 2.9, 1.0, 0.9, 5.0], skipped=0)
    0.001
    """
    if len(rates) < skipped + 3:
        return None
    slopes = np.gradient(losses[skipped:-1], np.log(rates[skipped:-1]))
    return float(rates[skipped + int(slopes.argmin())]) if slopes.min() < 0 else None


def draw(rates: Sequence[float], losses: Sequence[float], suggested: float | None, path: Path) -> None:
    """Draw the curve, with a line where it falls fastest."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="tight")
    axes = figure.add_subplot(xscale="log", xlabel="learning rate", ylabel="loss, smoothed")
    axes.plot(rates, losses)
    if suggested is not None:
        axes.axvline(suggested, color="firebrick", label=f"{suggested:.2g}")
        axes.legend()
    figure.savefig(path, dpi=120)
