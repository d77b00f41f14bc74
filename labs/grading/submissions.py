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

LARGEST = 8_000_000
"""Bytes of a notebook that is read, its pictures among them."""
NOTEBOOKS = 50
"""Notebooks of a submission that are read."""
ENTRIES = 20_000
"""Files of a submission that are looked at."""
NAMED = re.compile(r"lab(\d\d)_")
NUMBER = re.compile(r"(\d\d)\.\d+")


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    Args:
        student: the name of the folder or file.
        notebooks: the cells' sources and metadata of each notebook of a lab, by the lab's number, as 03.
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
        student = path.stem if path.suffix.lower() in (".zip", ".ipynb") else path.name
        try:
            yield _read(student, path)
        except Exception as error:  # a submission may be anything
            yield Submission(student, problem=f"cannot be read ({type(error).__name__}: {str(error)[:100]})")


def _read(student: str, path: Path) -> Submission:
    if path.is_symlink():
        return Submission(student, problem="is a symbolic link")
    found, notes = {}, []
    for count, (name, content) in enumerate(_files(path)):
        if count == NOTEBOOKS:
            notes.append(f"holds more than {NOTEBOOKS} notebooks, the others were not read")
            break
        if isinstance(content, str):
            notes.append(f"{name[:80]}: {content}")
            continue
        try:
            cells = _cells(content)
        except Exception as error:
            notes.append(f"{name[:80]}: is no notebook ({type(error).__name__})")
            continue
        lab = lab_of(name, cells)
        if lab in found:
            notes.append(f"{name[:80]}: lab {lab} is there twice, the first counts")
        elif lab:
            found[lab] = cells
    problem = "" if found else (notes[0] if notes else f"holds no notebook of a lab{_seen(path)}")
    return Submission(student, found, problem, tuple(notes))


def lab_of(name: str, cells: list[tuple[str, dict]]) -> str | None:
    """Return the number of the lab that a notebook is of, None if it is of none.

    Students rename their files, so the exercises in it count first, then the name.

    >>> lab_of("clara.ipynb", [("x = 1", {}), ("def f(): ...", {"exercise": "03.1"})])
    '03'
    >>> lab_of("lab02 (1).ipynb", []), lab_of("lab02_cnn (1).ipynb", [])
    (None, '02')
    """
    told = [str(metadata.get(key, "")) for _, metadata in cells for key in ("exercise", "check")]
    labs = [match[1] for number in told if (match := NUMBER.fullmatch(number))]
    named = NAMED.match(PurePosixPath(name).name)
    return max(sorted(set(labs)), key=labs.count) if labs else named and named[1]


def _files(path: Path) -> Iterator[tuple[str, bytes | str]]:
    """Yield the notebooks of an entry with their names, those in zip files within a folder too."""
    if path.suffix.lower() == ".zip" and path.is_file():
        yield from _of_zip(path)
        return
    if path.is_file():
        if path.suffix.lower() == ".ipynb":
            yield path.name, _content(path)
        return
    for inner in sorted(islice(path.rglob("*"), ENTRIES)):
        if ".ipynb_checkpoints" in inner.parts:
            continue
        if inner.suffix.lower() == ".ipynb":
            yield str(inner.relative_to(path)), _content(inner)
        elif inner.suffix.lower() == ".zip" and inner.is_file() and not inner.is_symlink():
            yield from _of_zip(inner)


def _seen(path: Path) -> str:
    """Return the names of the first files that are there instead."""
    files = [path] if path.is_file() else [inner for inner in islice(path.rglob("*"), 100) if inner.is_file()]
    names = sorted(file.name[:40] for file in files)[:3]
    return f"; it holds {', '.join(names)}" if names else ""


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
            if not info.filename.lower().endswith(".ipynb") or {"__MACOSX", ".ipynb_checkpoints"} & set(parts):
                continue
            with archive.open(info) as stream:
                content = stream.read(LARGEST + 1)
            yield info.filename, content if len(content) <= LARGEST else f"is larger than {LARGEST:,} bytes"


def _cells(content: bytes) -> list[tuple[str, dict]]:
    """Return source and metadata of the code cells of a notebook, of any version that nbformat can lift to 4.

    One of version 4 is read as it is: to validate one that is crowded on purpose takes far longer than to read it.
    """
    notebook = json.loads(content.decode("utf-8"))
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4:
        notebook = nbformat.reads(content.decode("utf-8"), as_version=4)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [("".join(cell["source"]), {**cell["metadata"], "id": cell.get("id", "")}) for cell in code]


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
