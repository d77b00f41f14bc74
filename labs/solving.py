"""Putting the solutions of the full repository into a lab that was cut out of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat

from labs.cutting import Course
from labs.notebook_cells import written
from labs.spans import solutions, tasks
from text_recognizer.errors import UsageError, UserError
from text_recognizer.inference.output import write_bytes


def solve(course: Course, folder: Path, number: int | None = None) -> list[str]:
    """Solve every exercise of a lab, in place.

    Args:
        course: the full repository.
        folder: of the lab.
        number: of the lab; told by the folder's name if left out.

    Returns:
        The numbers of the exercises that were solved.

    Raises:
        UserError: the folder is no lab, or an exercise in a .py file is not as it was cut.
    """
    number = lab_number(course, folder) if number is None else number
    solved = []
    for source in course.sources:
        if source.lab > number or not source.exercises:
            continue
        path = folder / source.path
        if not path.is_file():
            raise UserError(f"{path}: is missing; cut the lab anew")
        before, after = source.at(number, tasks), source.at(number, solutions)
        if source.path.endswith(".ipynb"):
            done, content = _solved_notebook(path, *(nbformat.reads(text.decode(), 4) for text in (before, after)))
        elif path.read_bytes() in (after, before):
            done, content = [exercise.number for exercise, _ in source.exercises], after
        else:
            raise UserError(f"{path}: is not as it was cut; put the solution in by hand, or cut the lab anew")
        write_bytes(path, content)
        solved += done
    return solved


def lab_number(course: Course, folder: Path) -> int:
    """Return the number of a lab by its folder's name.

    Raises:
        UsageError: the name tells none.
    """
    match = re.search(r"lab(\d\d)", folder.resolve().name)
    if match is None or not 1 <= int(match[1]) <= len(course.plan.labs):
        raise UsageError(f"{folder}: its name tells no lab; add --lab N with 1 to {len(course.plan.labs)}")
    return int(match[1])


def _solved_notebook(path: Path, unsolved: Any, full: Any) -> tuple[list[str], bytes]:
    """Put the cells of the full notebook in the place of the cells that are exercises."""
    try:
        mine = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        marked = [cell for cell in mine.cells if cell.cell_type == "code" and "exercise" in cell.metadata]
    except Exception as error:  # nbformat raises many kinds
        raise UserError(f"{path}: is no notebook ({(str(error).splitlines() or [''])[0]}); cut the lab anew") from None
    of_number = {
        task.metadata["exercise"]: cell
        for task, cell in zip(unsolved.cells, full.cells, strict=True)
        if "exercise" in task.metadata
    }
    done = []
    for cell in marked:
        if solution := of_number.get(cell.metadata["exercise"]):
            done.append(cell.metadata.pop("exercise"))
            cell.source, cell.metadata = solution.source, solution.metadata
    return done, written(mine)
