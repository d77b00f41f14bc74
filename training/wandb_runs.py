"""Runs at Weights & Biases: offline where no key is set, without a single connection."""

from __future__ import annotations

import netrc
import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytorch_lightning as pl
from pytorch_lightning.loggers import WandbLogger

from text_recognizer.errors import UserError

HOST = "https://api.wandb.ai"
"""Where runs go unless WANDB_BASE_URL says otherwise."""


def has_key(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether a key is set, as WANDB_API_KEY, in a file of identity, or in .netrc as `wandb login` leaves it."""
    if environment.get("WANDB_API_KEY") or environment.get("WANDB_IDENTITY_TOKEN_FILE"):
        return True
    host = urlsplit(environment.get("WANDB_BASE_URL", HOST)).hostname or ""
    for path in (environment.get("NETRC"), Path.home() / ".netrc", Path.home() / "_netrc"):
        try:
            if path and netrc.netrc(str(path)).authenticators(host):
                return True
        except (OSError, netrc.NetrcParseError):
            continue
    return False


def require_key(what: str) -> None:
    """Raise a UserError where no key is set."""
    if not has_key():
        raise UserError(f"{what}: needs an account of W&B and no key is set; run `wandb login`, or set WANDB_API_KEY")


def is_offline(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether runs are kept on the disk: no key is set, or WANDB_MODE asks for it."""
    return not has_key(environment) or environment.get("WANDB_MODE") in ("offline", "dryrun", "disabled")


def sync_command(folder: Path, run: str) -> str:
    """Return what uploads the offline runs below `folder` later, as one run where it was resumed."""
    return f"wandb sync --id {run} {folder}/wandb/offline-run-*"


def wandb_logger(folder: Path) -> WandbLogger:
    """Return the logger of the run in `folder`; a resumed run goes on under its own id."""
    import wandb  # noqa: F401  # says what is missing, if it is

    offline = is_offline()
    if offline:
        command = sync_command(folder, folder.name)
        print(f"wandb: no key is set, so this run is logged offline; upload it later with: {command}")
    return WandbLogger(
        name=folder.name,
        save_dir=folder,
        id=folder.name,
        project=os.environ.get("WANDB_PROJECT", "text-recognizer"),
        offline=offline,
        resume=None if offline else "allow",
        settings=settings(offline),
    )


def settings(offline: bool) -> Any:
    """Return settings that keep W&B to what a run hands over; offline it does not ask the machine's host either."""
    wandb = import_module("wandb")
    return wandb.Settings(
        silent=True, console="off", disable_git=True, save_code=False, x_disable_stats=offline, x_disable_meta=offline
    )


def hand_over(trainer: pl.Trainer, folder: Path, finished: bool) -> None:
    """End what a run logs at W&B, if it does; of a finished one the best weights are handed over as an artifact.

    The artifact, of type model, holds what tells of their origin, too.
    """
    for logger in trainer.loggers:
        if not isinstance(logger, WandbLogger):
            continue
        if finished:
            wandb, metadata = import_module("wandb"), {"steps": trainer.global_step, "run": folder.name}
            artifact = wandb.Artifact(f"{folder.name}-weights", type="model", metadata=metadata)
            for name in ("best.ckpt", "config.yaml", "origin.json", "metrics.csv"):
                if (folder / name).exists():
                    artifact.add_file(str(folder / name), name=name)
            logger.experiment.log_artifact(artifact, aliases=["latest", "best"])
        logger.experiment.finish()
