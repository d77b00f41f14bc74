"""The table of a class: a row per student, a column per exercise."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

from labs.grading.sandbox import Outcome
from text_recognizer.inference.output import write_text

SIGNS = {
    "done": "+",
    "look": "?",
    "not yet": "-",
    "missing": ".",
    "broken": "x",
    "timed out": "t",
    "too much": "m",
    "not asked": "!",
}
"""How a verdict is printed; the CSV file has it in words."""


@dataclass
class Row:
    """What came of one student's answers.

    Args:
        student: the name of the submission.
        outcomes: by exercise.
        note: what was wrong with the submission as a whole.
    """

    student: str
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    note: str = ""

    @property
    def done(self) -> int:
        return sum(outcome.verdict == "done" for outcome in self.outcomes.values())


def write_table(path: Path, rows: list[Row], numbers: list[str]) -> None:
    """Write the table as CSV, whole or not at all; no cell of it is taken for a formula."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["student", "done", *numbers, "note"])
    for row in rows:
        cells = [cell(row.outcomes.get(number)) for number in numbers]
        writer.writerow([safe(row.student), row.done, *map(safe, cells), safe(row.note)])
    write_text(path, [stream.getvalue()])


def cell(outcome: Outcome | None) -> str:
    """Return an outcome in words."""
    if outcome is None:
        return ""
    return f"{outcome.verdict}: {outcome.message}" if outcome.message else outcome.verdict


def safe(text: str) -> str:
    """Return a text without control characters that a spreadsheet does not take for a formula.

    >>> safe("=1+1")
    "'=1+1"
    """
    text = "".join(char if char.isprintable() else " " for char in text)[:400]
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def printed(rows: list[Row], numbers: list[str]) -> list[str]:
    """Return the table in short, for a terminal, and what its signs mean."""
    width = max([len("student"), *(len(safe(row.student)) for row in rows)])
    lines = [f"{'student':{width}}  done  " + "  ".join(numbers)]
    for row in rows:
        signs = [SIGNS[outcome.verdict] if (outcome := row.outcomes.get(number)) else " " for number in numbers]
        marks = "  ".join(f"{sign:^4}" for sign in signs)
        lines.append(f"{safe(row.student):{width}}  {row.done:>4}  {marks}  {safe(row.note)}".rstrip())
    used = {outcome.verdict for row in rows for outcome in row.outcomes.values()}
    return [*lines, "", ", ".join(f"{sign} {verdict}" for verdict, sign in SIGNS.items() if verdict in used)]
