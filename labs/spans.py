"""What of a text belongs to which lab: spans that only later labs have, and exercises with two bodies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

LAST = 99
"""A lab later than all: what only the full repository has."""
NEVER = 100
"""Marker lines, which no lab has."""


@dataclass(frozen=True)
class Span:
    """Characters `start` to `end` of a text, which are in the labs from `lab` on."""

    start: int
    end: int
    lab: int
    line: int


@dataclass(frozen=True)
class Exercise:
    """A solution in a text and what stands in its place in a student's lab.

    Args:
        number: as in 03.1.
        start: where the first marker line begins, in characters.
        end: where the line after the last marker line begins.
        solution: the lines between.
        task: the lines that the student gets.
        line: of the first marker, counted from 1.
        indent: of the markers.
    """

    number: str
    start: int
    end: int
    solution: str
    task: str
    line: int
    indent: str

    @property
    def lab(self) -> int:
        return int(self.number.split(".")[0])


Body = Callable[[Exercise], str]
"""Chooses what stands in the place of an exercise."""


def tasks(exercise: Exercise) -> str:
    """Choose what a student gets."""
    return exercise.task


def solutions(exercise: Exercise) -> str:
    """Choose what the full repository has."""
    return exercise.solution


def cut_text(text: str, spans: Iterable[Span], exercises: Iterable[Exercise], lab: int, body: Body) -> str:
    """Return a text as it is in one lab."""
    edits = [(span.start, span.end, "") for span in spans if span.lab > lab]
    edits += [(exercise.start, exercise.end, body(exercise)) for exercise in exercises]
    pieces, at = [], 0
    for start, end, new in sorted(edits, key=lambda edit: (edit[0], -edit[1])):
        if start < at:  # inside what is gone already
            continue
        pieces += [text[at:start], new]
        at = end
    return "".join([*pieces, text[at:]])


def line_starts(text: str) -> list[int]:
    """Return where each line begins, and the end of the text."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def line_of(text: str, place: int) -> int:
    """Return the number of the line that a character is in, counted from 1."""
    return text.count("\n", 0, place) + 1


def overlap(spans: Sequence[Span]) -> tuple[Span, Span] | None:
    """Return two spans that share characters without one being within the other, or None."""
    ordered = sorted(spans, key=lambda span: (span.start, -span.end))
    for first, second in zip(ordered, ordered[1:], strict=False):
        if second.start < first.end < second.end:
            return first, second
    return None
