"""One run per box at a time: the operating system frees the lock however the run ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlbox.cache import STATE
from mlbox.faults import OTHER, Fault


@contextmanager
def locked(root: Path) -> Iterator[int]:
    """Hold a box's lock, and give its file descriptor: a task that inherits it holds the lock for us if we are killed.

    Raises:
        Fault: another run holds it, or the box cannot be written to.
    """
    path = root / STATE / "lock"
    try:
        path.parent.mkdir(exist_ok=True)
        ignore = path.with_name(".gitignore")
        if not ignore.exists():
            ignore.write_text("*\n")
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise Fault(
            f"{path.parent}: cannot be written ({error.strerror}); make room or correct the rights", OTHER
        ) from None
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(handle, 200).decode("utf-8", "replace").strip()
            raise Fault(
                f"{root}: another run is at work here ({owner}); wait for its end, or `mlbox cancel` it", OTHER
            ) from None
        note(handle, f"process {os.getpid()}")
        yield handle
    finally:
        os.close(handle)


def note(handle: int, owner: str) -> None:
    """Write down who holds the lock; a full disk is no reason to stop."""
    try:
        os.truncate(handle, 0)
        os.pwrite(handle, f"{owner}\n".encode(), 0)
    except OSError:
        pass
