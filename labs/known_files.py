"""The files that git knows or would take, as they are in the working tree."""

from __future__ import annotations

import subprocess
from pathlib import Path

from labs.faults import Fault


def known_files(root: Path) -> list[str]:
    """Return the paths of all files that are tracked, or new and not ignored, sorted.

    Raises:
        Fault: the folder is no checkout.
    """
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode:
        raise Fault(f"{root}: is not a checkout ({done.stderr.strip()}); labs are cut from what git knows")
    paths = sorted({path for path in done.stdout.split("\0") if path})
    for path in paths:
        if (root / path).is_symlink():
            raise Fault(f"{path}: is a symbolic link, which not every student's system has; use a file")
    return [path for path in paths if (root / path).is_file()]


def commit(root: Path) -> str:
    """Return the commit of the working tree, marked where something in it differs."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    return done.stdout.strip() or "no commit yet"
