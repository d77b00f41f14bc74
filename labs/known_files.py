"""The files that git knows or would take, as they are in the working tree."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from labs.faults import Fault


def known_files(root: Path) -> list[str]:
    """Return the paths of all files that are tracked, or new and not ignored, sorted.

    Without a history, as an archive or an image has the repository, all that is not ignored is new.
    """
    with TemporaryDirectory() as empty:
        variables = dict(os.environ)
        if subprocess.run(["git", "rev-parse"], cwd=root, capture_output=True).returncode:
            subprocess.run(["git", "init", "--quiet", "--template=", empty], check=True)
            variables |= {"GIT_DIR": f"{empty}/.git", "GIT_WORK_TREE": str(root)}
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        done = subprocess.run(command, cwd=root, env=variables, capture_output=True, text=True, check=True)
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
