"""The folder of a run: where it lies, what it records of its origin, and how an unfinished one is found again."""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
from importlib.metadata import distributions
from pathlib import Path

import torch
import yaml

from text_recognizer.errors import UserError, nearest

FINISHED = "finished.json"
"""Written last: a run without it is to be resumed."""

REPOSITORY = Path(__file__).resolve().parents[1]


def new_run(root: Path, name: str) -> Path:
    """Make and return the folder of a new run, ``root/name-001`` or the next number that is free.

    Raises:
        UserError: the folder cannot be made.
    """
    numbers = [int(path.name.rpartition("-")[2]) for path in root.glob(f"{name}-*") if path.name[-3:].isdigit()]
    folder = root / f"{name}-{max(numbers, default=0) + 1:03d}"
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot be made ({error.strerror}); name another folder with --runs") from error
    return folder


def run_to_resume(resume: str, root: Path, name: str) -> Path | None:
    """Return the folder that ``--resume`` means.

    Args:
        resume: a run's folder, its name below `root`, or "auto" for the newest unfinished run called `name`.

    Returns:
        None for "auto" when there is nothing to resume.

    Raises:
        UserError: there is no such run.
    """
    if resume == "auto":
        unfinished = [path for path in sorted(root.glob(f"{name}-*")) if not (path / FINISHED).exists()]
        return unfinished[-1] if unfinished else None
    for folder in (Path(resume), root / resume):
        if (folder / "config.yaml").exists():
            return folder
    known = [path.parent.name for path in root.glob("*/config.yaml")]
    raise UserError(f"--resume {resume}: there is no such run in {root}; {nearest(resume, [*known, 'auto'])}")


def refuse_changes(folder: Path, config: str) -> None:
    """Compare the options of a resumed run with those it was started with.

    Args:
        folder: of the run.
        config: its options now, as YAML.

    Raises:
        UserError: an option differs; the message names it and both values.
    """
    before, now = (_flat(yaml.safe_load(text)) for text in ((folder / "config.yaml").read_text(), config))
    for name in sorted(before.keys() | now.keys()):
        if name not in ("resume", "config", "runs", "name") and before.get(name) != now.get(name):
            raise UserError(
                f"--{name} {now.get(name)}: run {folder.name} was started with {before.get(name)}, and a resumed run"
                " keeps its options; leave the option out or start a new run"
            )


def _flat(options: dict, prefix: str = "") -> dict:
    flat: dict = {}
    for name, value in options.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def record_origin(folder: Path) -> None:
    """Write what the run was made with: git commit, digest of the locks, versions and machine."""
    origin = {
        "git_commit": _git("rev-parse", "HEAD"),
        "git_changed_files": len(_git("status", "--porcelain").splitlines()),
        "locks_sha256": locks_digest(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "packages": {d.metadata["Name"]: d.version for d in sorted(distributions(), key=lambda d: d.name.lower())},
    }
    (folder / "origin.json").write_text(json.dumps(origin, indent=2) + "\n")


def locks_digest() -> str:
    """Return the sha256 of the compiled requirement files, "" where the repository is not there."""
    locks = sorted((REPOSITORY / "requirements").glob("*.txt"))
    if not locks:
        return ""
    return hashlib.sha256(b"".join(path.name.encode() + b"\0" + path.read_bytes() for path in locks)).hexdigest()


def weights_digest(state_dict: dict[str, torch.Tensor]) -> str:
    """Return the sha256 over the names, types and bytes of all tensors."""
    digest = hashlib.sha256()
    for name in sorted(state_dict):
        value = state_dict[name].detach().cpu().contiguous()
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def mark_finished(folder: Path, weights: dict[str, torch.Tensor], steps: int) -> dict[str, str | int]:
    """Write and return the digests of the final weights and metrics."""
    metrics = hashlib.sha256((folder / "metrics.csv").read_bytes()).hexdigest()
    summary: dict[str, str | int] = {
        "steps": steps,
        "weights_sha256": weights_digest(weights),
        "metrics_sha256": metrics,
    }
    beside = folder / (FINISHED + ".part")
    beside.write_text(json.dumps(summary, indent=2) + "\n")
    beside.replace(folder / FINISHED)
    return summary


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", "-C", str(REPOSITORY), *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def latest_run(root: Path) -> Path:
    """Return the run below `root` that was written to last.

    Raises:
        UserError: there is none with a checkpoint.
    """
    checkpoints = sorted(root.glob("*/best.ckpt"), key=lambda path: path.stat().st_mtime)
    if not checkpoints:
        raise UserError(f"{root}: holds no run with a best.ckpt; train one with training/run_experiment.py")
    return checkpoints[-1].parent
