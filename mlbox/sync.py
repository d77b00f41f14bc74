"""Which files of a box a task needs elsewhere: its code and inputs, never environments, images or caches."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from pathlib import Path

from mlbox.faults import Fault
from mlbox.model import Box, Task

PRUNED = {
    ".git", ".hg", ".venv", ".mlbox", "__pycache__", "node_modules", ".mypy_cache", ".ruff_cache", ".pytest_cache",
    ".ipynb_checkpoints",
}  # fmt: skip
MARKS_OF_ENVIRONMENTS = {"pyvenv.cfg", "conda-meta"}
DEFAULT_CODE = ("implementation/src/**",)


def code_files(box: Box, task: Task, extra: tuple[str, ...] = (), exclude: tuple[str, ...] = ()) -> list[str]:
    """Return the files, relative to the box, that a task's `code:` patterns and its environment name.

    Args:
        extra: files that the environment is made of.
        exclude: patterns of the platform.

    Raises:
        Fault: a pattern finds nothing.
    """
    found = set(extra)
    for pattern in task.code or DEFAULT_CODE:
        files = list(_matching(box.root, pattern))
        if task.code and not files:
            raise Fault(f"{task.where}: code: '{pattern}' finds no file; correct the pattern")
        found.update(files)
    return sorted(path for path in found if path in extra or not excluded(path, exclude))


def excluded(path: str, patterns: tuple[str, ...]) -> bool:
    """Return whether a path or one of its folders matches a pattern."""
    parts = path.split("/")
    names = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    return any(fnmatch.fnmatch(name, pattern) for name in [*names, *parts] for pattern in patterns)


def _matching(root: Path, pattern: str) -> Iterator[str]:
    if pattern.endswith("/**"):
        yield from _below(root, root / pattern[:-3])
        return
    for path in sorted(root.glob(pattern)):
        yield from _below(root, path) if path.is_dir() else [path.relative_to(root).as_posix()]


def _below(root: Path, folder: Path) -> Iterator[str]:
    """Yield the files below a folder, environments and caches passed over."""
    for base, folders, files in os.walk(folder):
        if MARKS_OF_ENVIRONMENTS.intersection(folders + files):
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if name not in PRUNED)
        yield from (
            Path(base, name).relative_to(root).as_posix() for name in sorted(files) if not name.endswith(".pyc")
        )


def files_of(root: Path, path: str) -> list[str]:
    """Return a path and all below it as files relative to the box; nothing is left out of an input."""
    if not (root / path).is_dir():
        return [path] if (root / path).exists() else []
    return [Path(base, name).relative_to(root).as_posix() for base, _, files in os.walk(root / path) for name in files]


def report(root: Path, files: list[str], max_mb: int) -> list[str]:
    """Return what to say about files before they are sent."""
    sizes = {file: os.lstat(root / file).st_size for file in files}
    total = sum(sizes.values())
    lines = [f"{len(files)} files, {megabytes(total)} to compare and send"]
    if total > max_mb * 10**6:
        biggest = sorted(sizes, key=lambda name: -sizes[name])[:3]
        named = ", ".join(f"{name} ({megabytes(sizes[name])})" for name in biggest)
        lines.append(f"more than {max_mb} MB; the biggest: {named}; narrow `code:` or name patterns in sync: exclude")
    return lines


def megabytes(size: float) -> str:
    """Return a size as people read it.

    >>> megabytes(1234), megabytes(56_000_000)
    ('1.2 kB', '56.0 MB')
    """
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"
