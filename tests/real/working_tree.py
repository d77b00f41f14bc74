"""The working tree as a fresh clone of it would be."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def tracked(*paths: str) -> list[str]:
    """Return the files of the working tree that git knows or would know, of all or of these paths."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *paths]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def copied(folder: Path) -> Path:
    """Copy those files into a folder, and return it."""
    for name in tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


def committed(folder: Path, tag: str = "") -> Path:
    """Make a git repository of a folder, with one commit of all that it holds, and return it."""
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for words in (
        ["init", "--quiet"],
        ["add", "--all"],
        ["commit", "--quiet", "-m", "all"],
        *([["tag", tag]] * bool(tag)),
    ):
        subprocess.run(["git", *who, *words], cwd=folder, check=True)
    return folder
