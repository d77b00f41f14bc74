"""The folder of a run: where it lies, what it records of its origin, and how an unfinished one is found again."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import platform
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import distributions
from pathlib import Path

import torch
import yaml

from text_recognizer.errors import UsageError, UserError, nearest

FINISHED = "finished.json"
"""Written last: a run without it is to be resumed."""

REPOSITORY = Path(__file__).resolve().parents[1]


def new_run(root: Path, name: str, config: str) -> Path:
    """Make and return the folder of a new run, ``root/name-001`` or the next number that is free.

    Args:
        root: folder of all runs.
        name: of the run, before its number.
        config: the run's options as YAML, written into the folder.

    Raises:
        UserError: the folder cannot be made.
    """
    if not re.fullmatch(r"[\w.-]+", name):
        raise UsageError(f"--name {name!r}: is not the name of a folder; use letters, digits and - _ . only")
    number = max(numbered(root, name), default=0) + 1
    while True:
        folder = root / f"{name}-{number:03d}"
        try:
            folder.mkdir(parents=True)
            write_whole(folder / "config.yaml", config)
            return folder
        except FileExistsError as error:  # another run took the number in the meantime
            if not folder.is_dir():
                raise UserError(f"{root}: is not a folder; name another folder with --runs") from error
            number += 1
        except OSError as error:
            reason = error.strerror
            raise UserError(f"{folder}: cannot be made ({reason}); name another folder with --runs") from error


def write_whole(path: Path, text: str) -> None:
    """Write `text` to `path`, wholly or not at all."""
    beside = path.with_name(path.name + ".part")
    with beside.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)


@contextmanager
def only_here(folder: Path, wanted: bool = True) -> Iterator[None]:
    """Keep other processes from training in the folder of a run, as a job that is started twice would.

    The operating system lets go however the process ends. Nothing is kept where `wanted` is false, where the disk has
    no locks, or on Windows.

    Raises:
        UserError: another process trains there.
    """
    try:
        from fcntl import LOCK_EX, LOCK_NB, lockf
    except ImportError:
        wanted = False
    if not wanted:
        yield
        return
    with (folder / "config.yaml").open("r+b") as stream:
        try:
            lockf(stream, LOCK_EX | LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN):
                raise UserError(
                    f"{folder}: another process trains in it; wait for its end, or start a new run without --resume"
                ) from None
        yield


def is_finished(folder: Path) -> bool:
    """Return whether the run in `folder` has come to its end."""
    return (folder / FINISHED).exists()


def numbered(root: Path, name: str) -> dict[int, Path]:
    """Return the folders of the runs called `name` by their numbers."""
    named = ((re.fullmatch(rf"{re.escape(name)}-(\d+)", path.name), path) for path in root.glob(f"{name}-*"))
    return {int(match[1]): path for match, path in named if match}


def run_to_resume(resume: str, root: Path, name: str) -> Path | None:
    """Return the folder that ``--resume`` means.

    Args:
        resume: a run's folder, its name below `root`, or "auto" for the newest unfinished run called `name` that
            came as far as to have a plan.

    Returns:
        None for "auto" when there is nothing to resume.

    Raises:
        UserError: there is no such run.
    """
    if resume == "auto":
        begun = [path for _, path in sorted(numbered(root, name).items()) if (path / "plan.json").exists()]
        return next((path for path in reversed(begun) if not is_finished(path)), None)
    for folder in (Path(resume), root / resume):
        if (folder / "config.yaml").exists():
            return folder
    known = [path.parent.name for path in root.glob("*/config.yaml")]
    raise UserError(f"--resume {resume}: there is no such run in {root}; {nearest(resume, [*known, 'auto'])}")


def refuse_changes(folder: Path, started_with: str, config: str) -> None:
    """Compare the options of a resumed run with those it was started with.

    Args:
        folder: of the run.
        started_with: its recorded options as YAML, with the defaults of options that are newer than the run.
        config: its options now, as YAML.

    Raises:
        UserError: an option differs; the message names it and both values.
    """
    before, now = (_flat(yaml.safe_load(text)) for text in (started_with, config))
    for name in sorted(before.keys() | now.keys()):
        if name not in ("resume", "config", "runs", "name") and before.get(name) != now.get(name):
            raise UserError(
                f"--{name.replace('.init_args', '')} {now.get(name)}: run {folder.name} was started with"
                f" {before.get(name)}, and a resumed run keeps its options; leave the option out or start a new run"
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
    write_whole(folder / "origin.json", json.dumps(origin, indent=2) + "\n")


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
    write_whole(folder / FINISHED, json.dumps(summary, indent=2) + "\n")
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
