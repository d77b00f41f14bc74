"""The files that are the repository's own: what git knows or would take, or all of them where there is no git."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

NOT_OURS = {".git", ".venv", "runs", "build", "dist", "_labs", "node_modules", "site", "models", "wandb", "outputs"}
CACHES = re.compile(r"__pycache__|\.\w+_cache|\.ipynb_checkpoints|.*\.egg-info")


def own_files(root: Path) -> list[str]:
    """Return the paths of the files that are there, in order; an archive or an image has no history to ask."""
    if not ((root / ".git").exists() and shutil.which("git")):
        return sorted(_walked(root))
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    known = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode().split("\0")
    return sorted(path for path in set(known) if path and (root / path).is_file())


def _walked(root: Path) -> Iterator[str]:
    """What runs and installs write is passed over."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in NOT_OURS and not CACHES.fullmatch(name))
        for name in sorted(names):
            yield (Path(folder) / name).relative_to(root).as_posix()
