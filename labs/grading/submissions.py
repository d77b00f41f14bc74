"""Students' work as it is handed in: folders, zip files or bare notebooks, none of which can be trusted."""

from __future__ import annotations

import json
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path, PurePosixPath

import nbformat

LARGEST = 20_000_000
"""Bytes of a file that is read."""
ENTRIES = 20_000
"""Files of a submission that are looked at."""
NOTEBOOK = re.compile(r"lab(\d\d)_\w+\.ipynb")


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    Args:
        student: the name of the folder or file.
        notebooks: the cells' sources and metadata of each notebook of a lab, by file name.
        problem: why nothing of it can be read, or nothing.
        notes: what was passed over.
    """

    student: str
    notebooks: dict[str, list[tuple[str, dict]]] = field(default_factory=dict)
    problem: str = ""
    notes: tuple[str, ...] = ()


def submissions(folder: Path) -> Iterator[Submission]:
    """Yield what lies in a folder, a student per entry, by name; whatever an entry holds, it yields something."""
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        student = path.stem if path.suffix in (".zip", ".ipynb") else path.name
        try:
            yield _read(student, path)
        except Exception as error:  # a submission may be anything
            yield Submission(student, problem=f"cannot be read ({type(error).__name__}: {str(error)[:100]})")


def _read(student: str, path: Path) -> Submission:
    if path.is_symlink():
        return Submission(student, problem="is a symbolic link")
    found, notes = {}, []
    files = _of_zip(path) if path.suffix == ".zip" else _of_folder(path)
    for name, content in files:
        if not NOTEBOOK.fullmatch(PurePosixPath(name).name):
            continue
        if isinstance(content, str):
            notes.append(f"{name[:80]}: {content}")
            continue
        short = PurePosixPath(name).name
        if short in found:
            notes.append(f"{name[:80]}: is there twice, the first counts")
            continue
        try:
            found[short] = _cells(content)
        except Exception as error:
            notes.append(f"{name[:80]}: is no notebook ({type(error).__name__})")
    problem = "" if found else (notes[0] if notes else "holds no notebook of a lab")
    return Submission(student, found, problem, tuple(notes))


def _of_folder(path: Path) -> Iterator[tuple[str, bytes | str]]:
    if path.is_file():
        yield path.name, _content(path)
        return
    for inner in sorted(islice(path.rglob("lab[0-9][0-9]_*.ipynb"), ENTRIES)):
        if ".ipynb_checkpoints" not in inner.parts:
            yield str(inner.relative_to(path)), _content(inner)


def _content(path: Path) -> bytes | str:
    mode = path.lstat()
    if not stat.S_ISREG(mode.st_mode):
        return "is no plain file"
    if mode.st_size > LARGEST:
        return f"is larger than {LARGEST:,} bytes"
    return path.read_bytes()


def _of_zip(path: Path) -> Iterator[tuple[str, bytes | str]]:
    """Read notebooks straight from an archive: nothing is unpacked, so no name in it can lead anywhere."""
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist()[:ENTRIES]:
            parts = PurePosixPath(info.filename).parts
            if not NOTEBOOK.fullmatch(PurePosixPath(info.filename).name) or "__MACOSX" in parts:
                continue
            if ".ipynb_checkpoints" in parts:
                continue
            with archive.open(info) as stream:
                content = stream.read(LARGEST + 1)
            yield info.filename, content if len(content) <= LARGEST else f"is larger than {LARGEST:,} bytes"


def _cells(content: bytes) -> list[tuple[str, dict]]:
    """Return source and metadata of the code cells of a notebook, of any version that nbformat can lift to 4."""
    notebook = nbformat.reads(content.decode("utf-8"), as_version=4)
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "code" and isinstance(cell.source, str):
            metadata = json.loads(json.dumps(cell.metadata))
            cells.append((cell.source, {**metadata, "id": cell.get("id", "")}))
    return cells


def answer(cells: list[tuple[str, dict]], number: str, cell_id: str) -> str | None:
    """Return a student's code for an exercise, None where there is none.

    It is the last cell that says it is the exercise's; else the one with the cell's id; else the one before the check.

    Args:
        cells: the code cells.
        number: of the exercise.
        cell_id: of the exercise's cell in the lab that was handed out.
    """
    for wanted in ("exercise", "id"):
        value = number if wanted == "exercise" else cell_id
        same = [source for source, metadata in cells if metadata.get(wanted) == value and source.strip()]
        if same:
            return same[-1]
    for before, (_, metadata) in zip(cells, cells[1:], strict=False):
        if metadata.get("check") == number and before[0].strip():
            return before[0]
    return None
