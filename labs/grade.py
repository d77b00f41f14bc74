"""Grade a folder of students' labs: folders, zip files or bare notebooks, one per student.

Of each exercise only the student's cell is taken. It runs in the lab's own code, before the teacher's check, where it
can do no harm: no network, no file but the lab's, limited time and memory. See instructions/teaching.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from labs.cutting import Course, read_course
from labs.grading.questions import questions
from labs.grading.sandbox import Limits, Outcome, Sandbox, refuse_without_sandbox
from labs.grading.slices import Question, names
from labs.grading.submissions import Submission, answer, submissions
from labs.grading.suspicion import unusual
from labs.grading.table import Row, printed, safe, write_table
from labs.written import write_folder
from text_recognizer.errors import UsageError, UserError, check_range
from text_recognizer.inference.output import check_writable

ROOT = Path(__file__).parents[1]
Pair = tuple[Question, Question]


def main(arguments: list[str] | None = None) -> int:
    """Grade and write the table; return 0 done, 1 failed, 2 called wrongly."""
    options = _parser().parse_args(arguments)
    try:
        return _grade(options)
    except UserError as error:
        print("\n".join(f"error: {line}" for line in str(error).splitlines()), file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m labs.grade", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("folder", type=Path, help="of the submissions")
    add("--lab", type=int, help="only the exercises of this lab; of all whose notebooks are there if left out")
    add("--out", type=Path, default=Path("grades.csv"), help="the table, grades.csv if left out")
    add("--seconds", type=float, default=120, help="for each exercise, with its set-up (120)")
    add("--memory", type=int, default=4096, help="MB for each exercise (4096)")
    add("--whole", action="store_true", help="run all cells before an exercise, not only those that it needs")
    add("--unsafe", action="store_true", help="without a sandbox, for answers that are trusted")
    add("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    return parser


def _grade(options: argparse.Namespace) -> int:
    check_range("--seconds", options.seconds, 1, 86_400)
    check_range("--memory", options.memory, 64)
    if not options.folder.is_dir():
        raise UsageError(f"{options.folder}: is no folder; give the one that holds a submission per student")
    check_writable(options.out.parent)
    if not options.unsafe:
        refuse_without_sandbox()
    course = read_course(options.root)
    handed_in = list(submissions(options.folder))
    if not handed_in:
        raise UserError(f"{options.folder}: holds no submission; put a folder, zip file or notebook per student there")
    labs = _labs(course, handed_in, options.lab)
    limits = Limits(seconds=options.seconds, memory=options.memory << 20)
    with TemporaryDirectory(prefix="grading") as name:
        sandboxes = {lab: _sandbox(course, lab, Path(name), limits, options.unsafe) for lab in labs}
        asked = {lab: _proved(course, lab, sandboxes[lab], options.whole) for lab in labs}
        rows, began = [], time.monotonic()
        numbers = [question.number for lab in labs for question, _ in asked[lab]]
        for submission in handed_in:
            rows.append(_row(submission, asked, sandboxes))
            write_table(options.out, rows, numbers)
            print(f"{safe(submission.student)}: {rows[-1].done} of {len(rows[-1].outcomes)} done", flush=True)
    print("\n".join(["", *printed(rows, numbers), f"{options.out}, {time.monotonic() - began:.0f} s"]))
    return 0


def _labs(course: Course, handed_in: list[Submission], lab: int | None) -> list[int]:
    if lab is not None:
        check_range("--lab", lab, 1, len(course.plan.labs))
        return [lab]
    handed = {int(lab) for submission in handed_in for lab in submission.notebooks}
    found = sorted(handed & {part.number for part in course.plan.labs})
    if not found:
        raise UserError("no submission holds a notebook with a lab's exercises; --lab N lists them all the same")
    return found


def _sandbox(course: Course, lab: int, folder: Path, limits: Limits, unsafe: bool) -> Sandbox:
    write_folder(folder / f"lab{lab:02}", course.lab(lab), course.root)
    return Sandbox(folder / f"lab{lab:02}", limits, unsafe)


def _left_out(question: Question, whole: Question) -> set[str]:
    """Return the names that only those cells define that the short question does without."""
    defined = [names(cell)[0] for cell in whole.before if cell not in question.before]
    return set().union(*defined)


def _proved(course: Course, lab: int, sandbox: Sandbox, whole: bool) -> list[Pair]:
    """Return the questions of a lab, each with as few cells as its solution passes with, and with all.

    Raises:
        UserError: a solution does not pass even with all cells.
    """
    proved = []
    everything = questions(course, lab, whole=True)
    for short, long in zip(questions(course, lab, whole), everything, strict=True):
        for question in (short, long):
            outcome = sandbox.ask(question, question.solution)
            if outcome.verdict == "done":
                proved.append((question, long))
                print(f"exercise {question.number}: its solution passes, {outcome.seconds:.0f} s", flush=True)
                break
        else:
            raise UserError(
                f"exercise {short.number}: its own solution is {outcome.verdict} here ({outcome.message}); allow more"
                " with --seconds and --memory, or mend the notebook"
            )
    return proved


def _row(submission: Submission, asked: dict[int, list[Pair]], sandboxes: dict[int, Sandbox]) -> Row:
    row = Row(submission.student, note=submission.problem or "; ".join(submission.notes))
    for lab, wanted in asked.items():
        for question, whole in wanted:
            row.outcomes[question.number] = judged(submission, question, sandboxes[lab], whole)
    return row


def judged(submission: Submission, question: Question, sandbox: Sandbox, whole: Question | None = None) -> Outcome:
    """Return what came of a student's answer to a question; whatever was handed in, this returns.

    Args:
        submission: the student's.
        question: the exercise, with as few cells as its solution passes with.
        sandbox: of the lab.
        whole: the same with all cells before it, for an answer that uses a name of those left out.
    """
    cells = submission.notebooks.get(question.number.partition(".")[0])
    given = answer(cells, question.number, question.cell_id) if cells is not None else None
    if given is None:
        return Outcome("missing", "" if cells is None else "no cell of the notebook is its answer")
    if given.strip() == question.task.strip():
        return Outcome("not yet", "as it was handed out")
    try:
        outcome = sandbox.ask(question, given)
        if outcome.verdict != "done" and whole and _left_out(question, whole) & names(given)[1]:
            outcome = sandbox.ask(whole, given)
    except Exception as error:  # one answer must not end the grading of a class
        return Outcome("not asked", f"{type(error).__name__}: {str(error)[:200]}")
    if outcome.verdict != "done":
        return outcome
    try:
        odd = unusual(given, question.solution)
    except Exception as error:  # as a tree that is too deep
        odd = [f"what cannot be read ({type(error).__name__})"]
    return Outcome("look", f"passes, and uses {', '.join(odd)}", outcome.seconds) if odd else outcome


if __name__ == "__main__":
    sys.exit(main())
