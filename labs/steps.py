"""What is tested of a lab, step by step; each step says in a few words how it went."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from labs.cutting import Course
from labs.grading.questions import questions
from labs.grading.slices import Question
from labs.grading.warm import ask
from labs.lab_folder import environment
from labs.solving import solve

FAST = "not network and not docker and not real and not course and not slow and not notebook"
OPEN = ("--extend-per-file-ignores", "notebooks/*.ipynb:F401,notebooks/*.ipynb:F841")
"""An open exercise imports and prepares what only its solution uses."""
NOTEBOOK = """
import sys
import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": sys.argv[2]}}).execute()
"""


@dataclass(frozen=True)
class Step:
    """How a step went: whether it is in order, in a few words, the time, and what was printed where it is not."""

    name: str
    good: bool
    words: str
    seconds: float
    output: str = ""


Work = Callable[[Course, int, Path, bool], tuple[bool, str, str]]
"""Tests a lab in its folder, the quick way or the thorough one; returns whether it is in order, words and output."""


def take(name: str, course: Course, number: int, folder: Path, quick: bool) -> Step:
    """Take one step."""
    began = time.monotonic()
    good, words, output = STEPS[name](course, number, folder, quick)
    return Step(name, good, words, time.monotonic() - began, output)


def _lint(course: Course, number: int, folder: Path, quick: bool) -> tuple[bool, str, str]:
    if not find_spec("ruff"):
        return False, "no ruff", "ruff: is not installed; `make env` installs it\n"
    done = _run([sys.executable, "-m", "ruff", "check", "--no-cache", *OPEN, "."], folder)
    return done.returncode == 0, "clean" if done.returncode == 0 else "faults", done.stdout + done.stderr


def _tests(course: Course, number: int, folder: Path, quick: bool) -> tuple[bool, str, str]:
    """Run the fast tests that the lab adds, and collect those of earlier labs, which ran there."""
    pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", FAST]
    collected = _run([*pytest, "--collect-only", "-qq"], folder)
    if collected.returncode not in (0, 5):
        return False, "not collected", collected.stdout + collected.stderr
    added = [source.path for source in course.sources if source.lab == number and _is_test(source.path)]
    if not added:
        return True, "none of its own", ""
    done = _run([*pytest, *added], folder)
    last = next(
        (line for line in reversed(done.stdout.splitlines()) if " in " in line), f"ended with {done.returncode}"
    )
    return done.returncode in (0, 5), last.strip("= ").rsplit(" in ", 1)[0], done.stdout + done.stderr


def _is_test(path: str) -> bool:
    return path.startswith("tests/") and path.rsplit("/", 1)[-1].startswith("test_") and path.endswith(".py")


def _exercises(course: Course, number: int, folder: Path, quick: bool) -> tuple[bool, str, str]:
    """Run the lab's notebooks to the end, unsolved and solved: every check red, then every check green."""
    wanted = {question.number for question in questions(course, number)}
    if quick:
        return _by_slices(course, number, folder, lambda question: [(question.task, False), (question.solution, True)])
    red, output = _executed(course, number, folder)
    solve(course, folder, number)
    green, more = _executed(course, number, folder)
    _run(["git", "checkout", "--quiet", "."], folder)
    good = red == dict.fromkeys(wanted, False) and green == dict.fromkeys(wanted, True)
    words = f"{sum(not done for done in red.values())} red, {sum(green.values())} green of {len(wanted)}"
    return good and not output + more, words, f"{output}{more}unsolved {red}\nsolved {green}"


def _executed(course: Course, number: int, folder: Path) -> tuple[dict[str, bool], str]:
    """Return the verdicts of the lab's own notebooks, and what went wrong."""
    verdicts: dict[str, bool] = {}
    said = ""
    for notebook in sorted((folder / "notebooks").glob(f"lab{number:02}_*.ipynb")):
        checks = folder.parent / f"{folder.name}.checks"
        checks.write_text("")
        runs = str(folder.parent / f"{folder.name}.runs")
        named = environment(folder, LAB_FAST="1", LAB_CHECKS=str(checks), LAB_RUNS=runs)
        command = [sys.executable, "-c", NOTEBOOK, str(notebook), str(folder / "notebooks")]
        done = subprocess.run(command, cwd=folder, env=named, capture_output=True, text=True)
        if done.returncode:
            said += f"{notebook.name} does not reach its end:\n{done.stderr[-3000:]}\n"
        for line in checks.read_text().splitlines():
            verdict = json.loads(line)
            verdicts[verdict["exercise"]] = verdict["done"]
    return verdicts, said


def _wrong(course: Course, number: int, folder: Path, quick: bool) -> tuple[bool, str, str]:
    """Put each plausible wrong solution in the place of the right one: the check must be red."""
    return _by_slices(course, number, folder, lambda question: [(code, False) for code in question.wrong])


Answers = Callable[[Question], list[tuple[str, bool]]]


def _by_slices(course: Course, number: int, folder: Path, answers: Answers) -> tuple[bool, str, str]:
    """Run answers with the cells that they need, all cells where the solution does not pass with those."""
    said, count = [], 0
    for short, long in zip(questions(course, number), questions(course, number, whole=True), strict=True):
        question = short if ask(folder, short, short.solution).verdict == "done" else long
        for code, wanted in answers(question):
            outcome, count = ask(folder, question, code), count + 1
            if outcome.verdict not in (("done",) if wanted else ("not yet", "broken")):
                said.append(f"exercise {question.number}: {outcome.verdict} {outcome.message}, for\n{code}\n")
    return not said, f"{count - len(said)} of {count} as they should be", "\n".join(said)


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True)


STEPS: dict[str, Work] = {"lint": _lint, "tests": _tests, "exercises": _exercises, "wrong": _wrong}
