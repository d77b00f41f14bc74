"""Writing labs so that each folder is whole or as it was: beside its place, then renamed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from text_recognizer.errors import UserError
from text_recognizer.inference.output import write_text


def write_folder(folder: Path, files: Mapping[str, bytes], modes_of: Path | None = None) -> None:
    """Write files to a folder that takes the place of the one that is there.

    Args:
        folder: of the lab.
        files: content by path.
        modes_of: folder whose files say which are programs.

    Raises:
        UserError: the folder has a history of its own, or cannot be written to.
    """
    if (folder / ".git").exists():
        raise UserError(f"{folder}: is a checkout of its own, not a lab that was cut here; choose another --out")
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        _fill(beside, files, modes_of)
        old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
        if folder.exists():
            folder.rename(old)
        beside.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise UserError(f"{folder}: it cannot be written ({error.strerror or error}); choose another --out") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _fill(folder: Path, files: Mapping[str, bytes], modes_of: Path | None) -> None:
    folder.mkdir(parents=True)
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        with suppress(FileNotFoundError):
            if modes_of is not None and os.access(modes_of / path, os.X_OK):
                target.chmod(0o755)


def write_front_page(out: Path, titles: Mapping[int, str], commit: str) -> None:
    """Write the readme beside the labs: what each is about and the commit they are of."""
    rows = [f"* [lab {number:02}](lab{number:02}/README.md): {title}" for number, title in titles.items()]
    how = "A folder per lab, each whole by itself; of a lab you hand in the notebook that has its number. In the folder"
    how += " `make notebook` makes an environment (2 GB: delete the `.venv` of the lab before) and opens the notebook."
    text = [
        "# The labs",
        "",
        *rows,
        "",
        how,
        "",
        f"Cut out of commit {commit} by `make labs`; changes go there, not here.",
        "",
    ]
    write_text(out / "README.md", ["\n".join(text)])
