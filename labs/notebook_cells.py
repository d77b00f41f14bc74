"""Notebooks: markers in their code cells, cells of later labs, and each exercise followed by its check."""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import nbformat

from labs.faults import Fault, in_cell
from labs.markers import Marked, read_markers
from labs.plan import Plan
from labs.sources import Chunk, Source
from labs.spans import Body, cut_text, solutions

NAME = re.compile(r"notebooks/lab(\d\d)_\w+\.ipynb")
HEADING = re.compile(r"#+ Exercise (\d+\.\d+)")
CHECKS = re.compile(r"""exercise\(\s*["']([\d.]+)["']""")


def read_notebook(path: str, raw: bytes, lab: int, plan: Plan) -> Source:
    """Read a notebook.

    Raises:
        Fault: it is no notebook, is not written as nbformat writes it, or its markers, exercises or checks are wrong.
    """
    try:
        notebook = nbformat.reads(raw.decode("utf-8"), as_version=4)
        nbformat.validate(notebook)
    except (UnicodeDecodeError, json.JSONDecodeError, nbformat.ValidationError, nbformat.reader.NotJSONError) as error:
        raise Fault(f"{path}:1: is no notebook ({str(error).splitlines()[0]}); save it anew from Jupyter") from None
    if written(notebook) != raw:
        raise Fault(f"{path}:1: is not written as nbformat writes it; run .venv/bin/nbstripout {path}")
    if (match := NAME.fullmatch(path)) and int(match[1]) != lab:
        raise Fault(f"{path}:1: is listed under lab {lab:02}; list it under the lab of its name")
    if any(path in part.passages for part in plan.parts):
        raise Fault(f"{path}:1: labs.yaml names passages of a notebook; use markers in its cells instead")
    number = int(match[1]) if match else 0
    marked = [_marked(path, index, cell, lab, number, plan) for index, cell in enumerate(notebook.cells)]
    _check_checks(path, notebook.cells, marked)
    _check_headings(path, notebook.cells)
    chunks = tuple(
        Chunk(
            in_cell(path, index),
            cell.source,
            max(lab, cell.metadata.get("lab", lab)),
            found.spans,
            found.exercises,
            cell.cell_type == "code",
        )
        for index, (cell, found) in enumerate(zip(notebook.cells, marked, strict=True))
    )
    checks = tuple(cell.metadata["check"] for cell in notebook.cells if "check" in cell.metadata)
    marks = any(found.spans or found.exercises for found in marked) or any("lab" in c.metadata for c in notebook.cells)
    if not marks:
        return Source(path, lab, raw, chunks, checks)
    return Source(path, lab, raw, chunks, checks, lambda at, body: written(_cut(notebook, marked, at, body)))


def written(notebook: Any) -> bytes:
    """Return the bytes that nbformat writes."""
    return (nbformat.writes(notebook) + "\n").encode()


def _marked(path: str, index: int, cell: Any, lab: int, number: int, plan: Plan) -> Marked:
    where = in_cell(path, index)
    later = cell.metadata.get("lab", lab)
    if not isinstance(later, int) or ("lab" in cell.metadata and not lab < later <= len(plan.labs)):
        raise Fault(f"{where(1)}: metadata lab {later!r} in a notebook of lab {lab:02}; give a later lab's number")
    found = read_markers(cell.source, where, lab, len(plan.labs), exercises_allowed=cell.cell_type == "code")
    for exercise in found.exercises:
        if exercise.lab != number:
            raise Fault(
                f"{where(exercise.line)}: exercise {exercise.number} stands in a notebook of lab {number:02};"
                f" number it {number:02}.K"
            )
    if len(found.exercises) > 1:
        raise Fault(f"{where(found.exercises[1].line)}: a second exercise in one cell; give each a cell and its check")
    _check_wrong(where(1), cell, found)
    return found


def _check_wrong(where: str, cell: Any, found: Marked) -> None:
    wrong = cell.metadata.get("wrong")
    if found.exercises:
        number = found.exercises[0].number
        if (
            not isinstance(wrong, list)
            or not wrong
            or not all(isinstance(body, str) and body.strip() for body in wrong)
        ):
            raise Fault(
                f"{where}: exercise {number} has no plausible wrong solution; give the cell the metadata"
                ' "wrong": ["CODE"]'
            )
    elif wrong is not None:
        raise Fault(f"{where}: metadata wrong on a cell without an exercise; move it to the cell of the solution")


def _check_headings(path: str, cells: list[Any]) -> None:
    """Refuse a heading whose number is not that of the check that comes next."""
    headed = None
    for index, cell in enumerate(cells):
        check = cell.metadata.get("check")
        if headed and check and check != headed[0]:
            raise Fault(f"{headed[1]}: is the heading of {headed[0]}, the next check is of {check}; number both alike")
        if check:
            headed = None
        for line, text in enumerate(cell.source.split("\n"), 1) if cell.cell_type == "markdown" else ():
            if match := HEADING.match(text):
                headed = match[1], in_cell(path, index)(line)


def _check_checks(path: str, cells: list[Any], marked: list[Marked]) -> None:
    waiting = ""
    for index, (cell, found) in enumerate(zip(cells, marked, strict=True)):
        where, check = in_cell(path, index)(1), cell.metadata.get("check")
        if waiting and check != waiting:
            raise Fault(f"{where}: exercise {waiting} of the cell before has no check here; add a cell with its check")
        if check and not waiting and not found.exercises and not _is_elsewhere(check, path):
            raise Fault(f"{where}: checks exercise {check}, which is not in the cell before; move or remove it")
        if check:
            numbers = CHECKS.findall(cell.source)
            if numbers != [check]:
                said = ", ".join(numbers) or "none"
                raise Fault(
                    f'{where}: is the check of {check}, its code checks {said}; write `with exercise("{check}", ...`'
                )
        waiting = found.exercises[0].number if found.exercises else ""
    if waiting:
        raise Fault(
            f"{in_cell(path, len(cells) - 1)(1)}: exercise {waiting} has no check; add a cell with its check after it"
        )


def _is_elsewhere(check: Any, path: str) -> bool:
    """Return whether a check may belong to an exercise of a .py file; cutting.py compares the numbers."""
    match = NAME.fullmatch(path)
    return isinstance(check, str) and match is not None and check.startswith(f"{match[1]}.")


def _cut(notebook: Any, marked: list[Marked], lab: int, body: Body) -> Any:
    """Return the notebook of one lab; a cell whose exercise is open says its number instead of how to go wrong."""
    cut = copy.deepcopy(notebook)
    cells = []
    for cell, found in zip(cut.cells, marked, strict=True):
        if cell.metadata.pop("lab", 0) > lab:
            continue
        cell.source = cut_text(cell.source, found.spans, found.exercises, lab, body)
        if found.exercises and body is not solutions:
            cell.metadata.pop("wrong")
            cell.metadata["exercise"] = found.exercises[0].number
        cells.append(cell)
    cut.cells = cells
    return cut
