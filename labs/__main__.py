"""The course's labs, cut out of the full repository: cut, solve and test them.

python -m labs cut                 write _labs/lab01, _labs/lab02 ...
python -m labs cut --check         only say what is wrong with the markers and labs/labs.yaml
python -m labs solve _labs/lab03   put the solutions into a lab
python -m labs test --labs 1-3     test labs as a student gets them
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from labs.cutting import Course, chosen_labs, read_course
from labs.known_files import commit
from labs.solving import solve
from labs.written import write_folder, write_front_page
from text_recognizer.errors import UserError

ROOT = Path(__file__).parents[1]


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; return 0 done, 1 refused or failed, 2 called wrongly."""
    options = _parser().parse_args(arguments)
    try:
        return COMMANDS[options.command](options)
    except UserError as error:
        print("\n".join(f"error: {line}" for line in str(error).splitlines()), file=sys.stderr)
        return error.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m labs", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    cut, solved, test = (commands.add_parser(name) for name in COMMANDS)
    for command in (cut, test):
        command.add_argument("--labs", default="", help="numbers, as in 1,3-5; all if left out")
    cut.add_argument("--out", type=Path, default=Path("_labs"), help="folder of the labs, _labs if left out")
    cut.add_argument("--check", action="store_true", help="write nothing")
    solved.add_argument("folder", type=Path, help="of the lab")
    solved.add_argument("--lab", type=int, help="its number, where the folder's name does not tell it")
    test.add_argument("--fast", action="store_true", help="run exercises without the cells they do not need")
    test.add_argument("--only", action="append", default=[], help="a step: lint, tests, exercises, wrong (repeatable)")
    test.add_argument("--out", type=Path, help="keep the labs that were tested in this folder")
    for command in (cut, solved, test):
        command.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    return parser


def _cut(options: argparse.Namespace) -> int:
    began = time.monotonic()
    course = read_course(options.root)
    numbers = chosen_labs(course.plan, options.labs)
    files = 0
    for number in [] if options.check else numbers:
        held = course.lab(number)
        write_folder(options.out / f"lab{number:02}", held, options.root)
        files += len(held)
    if not options.check:
        there = [part.number for part in course.plan.labs if (options.out / f"lab{part.number:02}").is_dir()]
        write_front_page(options.out, titles(course, there), commit(options.root))
    where = "nothing written" if options.check else f"{files} files in {options.out}"
    print(f"{len(numbers)} labs, {where}, {time.monotonic() - began:.0f} s")
    return 0


def titles(course: Course, numbers: list[int]) -> dict[int, str]:
    """Return what the chosen labs are about."""
    return {part.number: part.title for part in course.plan.labs if part.number in numbers}


def _solve(options: argparse.Namespace) -> int:
    done = solve(read_course(options.root), options.folder, options.lab)
    print(f"{options.folder}: {len(done)} exercises solved")
    return 0


def _test(options: argparse.Namespace) -> int:
    from labs.testing import run_tests

    course = read_course(options.root)
    return run_tests(course, chosen_labs(course.plan, options.labs), options.fast, options.only, options.out)


COMMANDS = {"cut": _cut, "solve": _solve, "test": _test}

if __name__ == "__main__":
    sys.exit(main())
