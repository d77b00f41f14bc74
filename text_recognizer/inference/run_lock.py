"""One run per folder: the operating system frees the lock however the run ends."""

from __future__ import annotations

import os
from pathlib import Path

from text_recognizer.errors import UserError


class RunLock:
    """Holds a file locked until it is released or the process ends.

    Args:
        path: the file; made if need be.
        folder: what it stands for, as errors say it.

    Raises:
        UserError: another process holds it.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        import fcntl

        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(self._handle, 20).decode("ascii", "replace").strip()
            os.close(self._handle)
            raise UserError(
                f"{folder}: another run (process {owner}) writes here; wait for its end, or choose another folder"
            ) from None
        os.truncate(self._handle, 0)
        os.write(self._handle, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let others write."""
        os.close(self._handle)
