"""A lab on this machine as a student has it: a checkout of its own, with the repository's installed environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from labs.cutting import Course
from labs.spans import Body, tasks
from labs.written import write_folder
from text_recognizer.errors import UserError

START = Path(__file__).parent / "grading" / "start"
"""On the path of what runs in a lab: hides the editable repository, so that a lab sees its own packages only."""
MARK = ".git/made-by-labs-test"
WHO = ("-c", "user.name=lab", "-c", "user.email=lab@localhost", "-c", "commit.gpgsign=false")


def make_lab(course: Course, number: int, parent: Path, body: Body = tasks) -> Path:
    """Write a lab as a checkout with one commit, whose .venv is the repository's.

    Args:
        course: the full repository.
        number: of the lab.
        parent: folder that the lab is put into.
        body: what stands in the place of the exercises.

    Raises:
        UserError: the lab's locks are not those that the repository's environment was installed from.
    """
    folder = parent / f"lab{number:02}"
    files = course.lab(number, body)
    for path, content in files.items():
        if path.startswith("requirements/") and path.endswith(".txt") and content != (course.root / path).read_bytes():
            raise UserError(
                f"{path}: differs in lab {number:02}; locks are those of the repository, cut none of their lines"
            )
    if (folder / MARK).exists():  # of an earlier test
        shutil.rmtree(folder)
    write_folder(folder, files, course.root)
    _git(folder, "init", "--quiet", "--template=")
    (folder / MARK).touch()
    (folder / ".git/info").mkdir(exist_ok=True)
    (folder / ".git/info/exclude").write_text(".venv\n")
    _git(folder, "add", "--all")
    _git(folder, *WHO, "commit", "--quiet", "--message", f"lab {number:02}")
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def _git(folder: Path, *arguments: str) -> None:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise UserError(f"{folder}: git {arguments[0]} ended with {done.returncode}: {done.stderr.strip()}")


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return the variables of a program that runs in a lab."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LAB_", "PYTEST"))}
    return {**kept, "PYTHONPATH": f"{START}:{folder}", "MPLBACKEND": "agg", **more}
