"""Testing labs as students get them: lint, the lab's tests, its exercises red and then green, wrong answers refused."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from labs.cutting import Course
from labs.lab_folder import make_lab
from labs.steps import STEPS, Step, take
from text_recognizer.errors import UsageError, nearest


def run_tests(course: Course, numbers: list[int], fast: bool, only: list[str], out: Path | None = None) -> int:
    """Test labs, print a table, and return 0 if all is in order.

    Args:
        course: the full repository.
        numbers: of the labs.
        fast: run exercises without the cells that they do not need.
        only: the steps that are taken; all if empty.
        out: folder that keeps the labs; they are removed again if it is left out.

    Raises:
        UsageError: a step is not known.
    """
    for name in only:
        if name not in STEPS:
            raise UsageError(f"--only {name}: no such step; {nearest(name, STEPS)}")
    began, rows = time.monotonic(), {}
    with ExitStack() as stack:
        parent = (out or Path(stack.enter_context(TemporaryDirectory(prefix="labs")))).resolve()
        parent.mkdir(parents=True, exist_ok=True)
        print("nothing is installed: every lab has the repository's locks, and runs in its .venv", flush=True)
        for number in numbers:
            folder = make_lab(course, number, parent)
            rows[number] = [_shown(number, take(name, course, number, folder, fast)) for name in only or STEPS]
    print("\n".join(["", *_table(rows), f"{time.monotonic() - began:.0f} s"]))
    return 0 if all(step.good for steps in rows.values() for step in steps) else 1


def _shown(number: int, step: Step) -> Step:
    print(f"lab {number:02} {step.name}: {step.words}, {step.seconds:.0f} s", flush=True)
    if not step.good:
        print(step.output[-6000:], flush=True)
    return step


def _table(rows: dict[int, list[Step]]) -> list[str]:
    names = [step.name for step in next(iter(rows.values()))]
    lines = ["| lab | " + " | ".join(names) + " | s |", "|---|" + "---|" * len(names) + "---:|"]
    for number, steps in rows.items():
        cells = [step.words if step.good else f"**{step.words}**" for step in steps]
        lines.append(f"| {number:02} | " + " | ".join(cells) + f" | {sum(step.seconds for step in steps):.0f} |")
    return lines
