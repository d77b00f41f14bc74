"""The markers of a text: `# lab 04: begin` … `# lab 04: end`, and a solution with its exercise lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

from labs.faults import Fault, Where
from labs.spans import NEVER, Exercise, Span, line_starts

LAB = re.compile(r"(?P<indent>[ \t]*)(?P<open>#|<!--) lab (?P<lab>\d\d): (?P<edge>begin|end)(?P<close> -->|)\s*")
SOLUTION = re.compile(r"(?P<indent>[ \t]*)# solution (?P<number>\d\d\.[1-9]\d*): (?P<edge>begin|end)\s*")
TASK = re.compile(r"(?P<indent>[ \t]*)# exercise (?P<number>\d\d\.[1-9]\d*):(?: (?P<code>.*))?")
ALMOST = re.compile(
    r"\s*(?:#+|<!--|//|--)\s*(?:labs?\s*\.?\d+\s*[:.,-]?\s*(?:begin|end|start|stop)\b"
    r"|(?:solution|exercise)\s*\.?\d+\.\d+\s*(?::|begin\b|end\b|start\b|stop\b))",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Marked:
    """What the markers of a text say: its marker lines and the regions of later labs, and its exercises."""

    spans: tuple[Span, ...] = ()
    exercises: tuple[Exercise, ...] = ()


@dataclass
class _Open:
    """A marker that waits for its end."""

    name: str
    line: int
    indent: str
    tasks_from: int = 0


def read_markers(text: str, where: Where, lab: int, labs: int, exercises_allowed: bool = True) -> Marked:
    """Return what the markers of a text say.

    Args:
        text: the whole of a file or of a notebook's cell.
        where: names its lines.
        lab: that the text belongs to.
        labs: how many labs there are.
        exercises_allowed: whether solutions may stand here; not in Markdown.

    Raises:
        Fault: a marker without its partner, in the wrong order, of a wrong lab, or almost a marker.
    """
    if not ALMOST.search(text):
        return Marked()
    return _Reader(text, where, lab, labs, exercises_allowed).read()


class _Reader:
    def __init__(self, text: str, where: Where, lab: int, labs: int, exercises_allowed: bool) -> None:
        self.lines, self.starts = text.splitlines(keepends=True), line_starts(text)
        self.where, self.lab, self.labs, self.exercises_allowed = where, lab, labs, exercises_allowed
        self.region: _Open | None = None
        self.solution: _Open | None = None
        self.spans: list[Span] = []
        self.exercises: list[Exercise] = []

    def read(self) -> Marked:
        for index, line in enumerate(self.lines):
            self._line(index + 1, line.rstrip("\r\n"))
        for left in (self.solution, self.region):
            if left:
                raise Fault(f"{self.where(left.line)}: {left.name} begins here and has no end; add its end line")
        return Marked(tuple(self.spans), tuple(self.exercises))

    def _line(self, number: int, line: str) -> None:
        if match := LAB.fullmatch(line):
            self._lab(number, match)
        elif match := SOLUTION.fullmatch(line):
            self._solution(number, match)
        elif match := TASK.fullmatch(line):
            self._task(number, match)
        elif ALMOST.match(line):
            raise Fault(
                f"{self.where(number)}: {line.strip()!r} is almost a marker; write it as instructions/labs.md says"
            )
        elif self.solution and self.solution.tasks_from:
            raise Fault(
                f"{self.where(number)}: {line.strip()!r} stands after the exercise line of {self.solution.name};"
                " put the solution before it"
            )

    def _lab(self, number: int, match: re.Match[str]) -> None:
        at, name, lab = self.where(number), f"lab {match['lab']}", int(match["lab"])
        if (match["open"] == "<!--") != bool(match["close"]):
            raise Fault(f"{at}: the marker of {name} is not closed as it was opened; in Markdown write <!-- ... -->")
        if self.solution:
            raise Fault(f"{at}: {name} stands within {self.solution.name}; a solution holds no region, move it out")
        if match["edge"] == "begin":
            if self.region:
                raise Fault(f"{at}: {name} begins within {self.region.name} of line {self.region.line}; end that first")
            if not self.lab < lab <= self.labs:
                raise Fault(
                    f"{at}: a region of {name} in a file of lab {self.lab:02}; give {self.lab + 1:02} to {self.labs:02}"
                    if self.lab < self.labs
                    else f"{at}: a region of {name} in a file of the last lab; remove its two markers"
                )
            self.region = _Open(name, number, match["indent"])
        elif self.region is None or self.region.name != name:
            began = f"{self.region.name} began in line {self.region.line}" if self.region else "nothing began"
            raise Fault(f"{at}: {name} ends here, but {began}; correct one of the two")
        else:
            self.spans.append(Span(self.starts[self.region.line - 1], self.starts[number], lab, self.region.line))
            self._never(self.region.line)
            self._never(number)
            self.region = None

    def _never(self, number: int) -> None:
        self.spans.append(Span(self.starts[number - 1], self.starts[number], NEVER, number))

    def _solution(self, number: int, match: re.Match[str]) -> None:
        at, name = self.where(number), f"solution {match['number']}"
        if not self.exercises_allowed:
            raise Fault(f"{at}: {name} stands in Markdown; exercises are in code")
        if match["edge"] == "begin":
            if self.solution:
                raise Fault(
                    f"{at}: {name} begins within {self.solution.name} of line {self.solution.line}; end that first"
                )
            self.solution = _Open(name, number, match["indent"])
        elif self.solution is None or self.solution.name != name:
            began = f"{self.solution.name} began in line {self.solution.line}" if self.solution else "nothing began"
            raise Fault(f"{at}: {name} ends here, but {began}; correct one of the two")
        else:
            self._close(number, match["number"])

    def _task(self, number: int, match: re.Match[str]) -> None:
        at, exercise = self.where(number), match["number"]
        if self.solution is None:
            raise Fault(
                f"{at}: exercise {exercise} stands outside a solution; put it before `# solution {exercise}: end`"
            )
        if self.solution.name != f"solution {exercise}":
            raise Fault(
                f"{at}: exercise {exercise} stands within {self.solution.name}; one of the two numbers is wrong"
            )
        if match["indent"] != self.solution.indent:
            raise Fault(
                f"{at}: exercise {exercise} is not indented as its solution's begin in line {self.solution.line}"
            )
        self.solution.tasks_from = self.solution.tasks_from or number

    def _close(self, number: int, exercise: str) -> None:
        opened = self.solution
        assert opened is not None
        if not opened.tasks_from:
            raise Fault(
                f"{self.where(opened.line)}: {opened.name} has no exercise line;"
                f" add `# exercise {exercise}: CODE` before its end"
            )
        between = self.lines[opened.line : opened.tasks_from - 1]
        if not "".join(between).strip():
            raise Fault(
                f"{self.where(opened.line)}: {opened.name} is empty; write the solution before its exercise line"
            )
        task = "".join(self._code(line) for line in self.lines[opened.tasks_from - 1 : number - 1])
        ends = (self.starts[opened.line - 1], self.starts[number])
        if not self.lines[number - 1].endswith("\n"):  # a cell's last line
            between, task = ["".join(between).rstrip("\n")], task.rstrip("\n")
        self.exercises.append(Exercise(exercise, *ends, "".join(between), task, opened.line, opened.indent))
        self.solution = None

    @staticmethod
    def _code(line: str) -> str:
        match = TASK.fullmatch(line.rstrip("\r\n"))
        assert match is not None
        return f"{match['indent']}{match['code']}\n" if match["code"] else "\n"
