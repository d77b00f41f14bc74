"""The exercises of a course as the grader asks them: the teacher's cells, solution, wrong answers and check."""

from __future__ import annotations

import nbformat

from labs.cutting import Course
from labs.grading.slices import Question, first_code, needed
from labs.notebook_cells import NAME
from labs.sources import Source
from labs.spans import Exercise, cut_text


def questions(course: Course, lab: int | None = None, whole: bool = False) -> list[Question]:
    """Return the exercises of the labs' notebooks, in order.

    Args:
        course: the full repository.
        lab: only those of one.
        whole: whether every cell before an exercise runs, not only those it needs.
    """
    found = []
    for source in course.sources:
        match = NAME.fullmatch(source.path)
        if match and (lab is None or int(match[1]) == lab):
            found += _of_notebook(source, whole)
    return found


def _of_notebook(source: Source, whole: bool) -> list[Question]:
    cells = nbformat.reads(source.raw.decode(), as_version=4).cells
    first = first_code(cells)
    code = [cell.source if cell.cell_type == "code" else "" for cell in cells]
    solved = [
        _with(chunk.text, chunk.exercises, None) if chunk.exercises else text
        for text, chunk in zip(code, source.chunks, strict=True)
    ]
    found = []
    for index, chunk in enumerate(source.chunks):
        for exercise in chunk.exercises:
            check = cells[index + 1].source
            taken = range(index) if whole else sorted({first, *needed(solved, index, check)})
            found.append(
                Question(
                    number=exercise.number,
                    cell_id=cells[index].id,
                    before=tuple(solved[place] for place in taken if solved[place]),
                    solution=solved[index],
                    wrong=tuple(_with(chunk.text, chunk.exercises, body) for body in cells[index].metadata["wrong"]),
                    task=_with(chunk.text, chunk.exercises, exercise.task),
                    check=check,
                )
            )
    return found


def _with(text: str, exercises: tuple[Exercise, ...], body: str | None) -> str:
    """Return a cell with a body in the place of its exercise, the solution if none is given."""
    ends = "\n" if text[exercises[0].end :] else ""
    given = None if body is None else body.rstrip("\n") + ends
    return cut_text(text, (), exercises, 0, lambda exercise: exercise.solution if given is None else given)
