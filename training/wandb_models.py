"""Staged models as artifacts of Weights & Biases."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from text_recognizer.errors import UserError
from training.registry import STAGED, Staged
from training.wandb_runs import is_offline, require_key, settings

ALIAS = "prod-ready"


def upload(folder: Path, project: str, registry: Path) -> None:
    """Log a staged version as an artifact of a run of its own, offline where no key is set."""
    wandb = import_module("wandb")
    staged, offline = Staged.load(folder), is_offline()
    entity, _, name = project.rpartition("/")
    run = wandb.init(
        entity=entity or None,
        project=name,
        job_type="stage",
        name=f"stage-{staged.name}-{staged.version}",
        dir=str(registry),
        mode="offline" if offline else "online",
        settings=settings(offline),
    )
    metadata = {"version": staged.version, "origin": dict(staged.origin)}
    artifact = wandb.Artifact(staged.name, type="staged-model", metadata=metadata)
    artifact.add_dir(str(folder))
    run.log_artifact(artifact, aliases=["latest", ALIAS, staged.version])
    run.finish()
    if offline:
        command = f"wandb sync {registry}/wandb/offline-run-*"
        print(f"wandb: no key is set, so it is kept on the disk; upload it later with: {command}")


@contextmanager
def download(wanted: str, project: str) -> Iterator[Path]:
    """Give a temporary folder with the staged model ``NAME`` or ``NAME:version`` of a project.

    Raises:
        UserError: no key is set, or W&B does not have it.
    """
    require_key(f"--fetch {wanted} --wandb {project}")
    wandb = import_module("wandb")
    full = f"{project}/{wanted if ':' in wanted else f'{wanted}:{ALIAS}'}"
    with tempfile.TemporaryDirectory() as folder:
        try:
            wandb.Api().artifact(full, type="staged-model").download(root=folder)
        except (wandb.errors.Error, ValueError, OSError) as error:
            raise UserError(f"{full}: W&B did not give it ({error}); look at its name and version there") from error
        if not (Path(folder) / STAGED).exists():
            raise UserError(f"{full}: is no staged model; stage one with training/stage_model.py --wandb {project}")
        yield Path(folder)
