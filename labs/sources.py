"""A file of the repository and what each lab gets of it: text, a notebook's cells, or bytes as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from labs.faults import Fault, Where, in_file
from labs.make_targets import rules_of
from labs.markers import read_markers
from labs.passages import passages_of
from labs.plan import Plan
from labs.spans import Body, Exercise, Span, cut_text, overlap


@dataclass(frozen=True)
class Chunk:
    """A text that is read for itself: a file, or a cell of a notebook.

    Args:
        where: names its lines.
        text: as the full repository has it.
        lab: the first lab that has it.
        spans: what of it only later labs have.
        exercises: in it.
        is_code: whether it is Python.
    """

    where: Where
    text: str
    lab: int
    spans: tuple[Span, ...] = ()
    exercises: tuple[Exercise, ...] = ()
    is_code: bool = False

    def seen_from(self, place: int) -> int:
        """Return the first lab that has a character; NEVER for those of marker lines."""
        return max([self.lab, *(span.lab for span in self.spans if span.start <= place < span.end)])

    def at(self, lab: int, body: Body) -> str:
        """Return the text of one lab."""
        return cut_text(self.text, self.spans, self.exercises, lab, body)


@dataclass(frozen=True)
class Source:
    """A file.

    Args:
        path: from the root of the repository.
        lab: that adds it.
        raw: its content.
        chunks: its texts; none where it is binary.
        checks: the numbers of the exercises that its cells check.
        written: makes the content of one lab; None where every lab has the file as it is.
    """

    path: str
    lab: int
    raw: bytes
    chunks: tuple[Chunk, ...] = ()
    checks: tuple[str, ...] = ()
    written: Callable[[int, Body], bytes] | None = field(default=None, compare=False)

    def at(self, lab: int, body: Body) -> bytes:
        """Return the content of the file in one lab."""
        return self.raw if self.written is None else self.written(lab, body)

    @property
    def exercises(self) -> list[tuple[Exercise, str]]:
        """The exercises with their places, in order."""
        return [(exercise, chunk.where(exercise.line)) for chunk in self.chunks for exercise in chunk.exercises]


def read_text_file(path: str, raw: bytes, lab: int, plan: Plan) -> Source:
    """Read a file that is no notebook.

    Raises:
        Fault: its markers, or what labs.yaml says of it, are wrong.
    """
    text = decoded(raw)
    if text is None:
        return Source(path, lab, raw)
    where = in_file(path)
    marked = read_markers(text, where, lab, len(plan.labs), exercises_allowed=path.endswith(".py"))
    spans = [*marked.spans, *passages_of(path, text, lab, plan.parts)]
    if path == "Makefile":
        spans += rules_of(text, plan)
    solutions = [Span(exercise.start, exercise.end, lab, exercise.line) for exercise in marked.exercises]
    if two := overlap([*spans, *solutions]):
        first, second = two
        raise Fault(
            f"{where(second.line)}: what begins here overlaps what began in line {first.line}; make one end before"
        )
    for exercise in marked.exercises:
        if exercise.lab != lab:
            raise Fault(
                f"{where(exercise.line)}: exercise {exercise.number} stands in a file of lab {lab:02};"
                f" number it {lab:02}.K"
            )
    chunk = Chunk(where, text, lab, tuple(spans), marked.exercises, path.endswith(".py"))
    if not spans and not marked.exercises:
        return Source(path, lab, raw, (chunk,))
    return Source(path, lab, raw, (chunk,), (), lambda number, body: chunk.at(number, body).encode())


def decoded(raw: bytes) -> str | None:
    """Return bytes as text, None where they are none."""
    if b"\0" in raw:
        return None
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
