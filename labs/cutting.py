"""The course: everything that is checked before a file is written, and what each lab holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from labs.faults import Fault, Faults
from labs.known_files import known_files
from labs.links import wrong_links
from labs.make_targets import targets_of
from labs.notebook_cells import NAME, read_notebook
from labs.plan import PLAN, Plan, labs_of_files, read_plan
from labs.sources import Source, read_text_file
from labs.spans import LAST, Body, solutions, tasks
from labs.tokens import leaks, tokens_of, wrong_imports


@dataclass(frozen=True)
class Course:
    """The full repository, read and found to be in order.

    Args:
        root: of the repository.
        plan: labs/labs.yaml.
        owner: the lab of each file.
        sources: the files that are not the machinery.
    """

    root: Path
    plan: Plan
    owner: dict[str, int]
    sources: tuple[Source, ...]

    def lab(self, number: int, body: Body = tasks) -> dict[str, bytes]:
        """Return the files of one lab."""
        return {source.path: source.at(number, body) for source in self.sources if source.lab <= number}

    def whole(self) -> dict[str, bytes]:
        """Return the full repository without the machinery and the markers."""
        return self.lab(len(self.plan.labs), solutions)


def read_course(root: Path) -> Course:
    """Read a repository and check all of it.

    Raises:
        Refused: with a line for each thing that is wrong.
    """
    faults = Faults()
    with faults.collected():
        plan = read_plan(root)
    faults.refuse()
    with faults.collected():
        owner = labs_of_files(plan, known_files(root))
    faults.refuse()
    sources = _sources(root, plan, owner, faults)
    with faults.collected():
        _check_exercises(sources, plan, faults)
    with faults.collected():
        _check_words(sources, plan, owner, faults)
    faults.refuse()
    return Course(root, plan, owner, tuple(sources))


def _sources(root: Path, plan: Plan, owner: dict[str, int], faults: Faults) -> list[Source]:
    for part in plan.parts:
        for path, words in part.passages.items():
            if owner.get(path, LAST) == LAST:
                where = words[0].where if words else PLAN
                faults.add(f"{where}: passages of {path}, which is in no lab; correct the name or remove them")
    sources = []
    for path, lab in owner.items():
        if lab == LAST:
            continue
        with faults.collected():
            read = read_notebook if path.endswith(".ipynb") else read_text_file
            sources.append(read(path, (root / path).read_bytes(), lab, plan))
    return sources


def _check_exercises(sources: list[Source], plan: Plan, faults: Faults) -> None:
    """Find numbers that are missing, out of order or there twice, labs with too few, and checks without exercise."""
    first: dict[str, str] = {}
    for source in sources:
        for (before, _), (after, where) in zip(source.exercises, source.exercises[1:], strict=False):
            if _order(after.number) <= _order(before.number) and before.number != after.number:
                faults.add(f"{where}: exercise {after.number} comes after {before.number}; number them in order")
        for exercise, where in source.exercises:
            if exercise.number in first:
                faults.add(
                    f"{where}: exercise {exercise.number} is already in {first[exercise.number]}; number it anew"
                )
            first.setdefault(exercise.number, where)
    for part in plan.labs:
        mine = sorted(_order(number)[1] for number in first if _order(number)[0] == part.number)
        gap = next((wanted for wanted, number in enumerate(mine, 1) if number != wanted), None)
        if gap:
            last = first[f"{part.number:02}.{mine[gap - 1]}"]
            faults.add(f"{last}: exercise {part.number:02}.{mine[gap - 1]} comes where {part.number:02}.{gap} is due")
        if len(mine) < plan.exercises and not faults.found:  # else one of them may be in a file that was refused
            where = next((f"{s.path}:1" for s in sources if _is_of(s.path, part.number)), part.files[0].where)
            faults.add(f"{where}: lab {part.number:02} has {len(mine)} exercises; at least {plan.exercises} are due")
    _check_every_check(sources, first, faults)


def _check_every_check(sources: list[Source], first: dict[str, str], faults: Faults) -> None:
    checked = {number for source in sources for number in source.checks}
    for number, where in first.items():
        if number not in checked:
            faults.add(f"{where}: exercise {number} has no check cell; add one to the notebook of its lab")
    for source in sources:
        for number in source.checks:
            if number not in first:
                faults.add(f"{source.path}:1: a cell checks exercise {number}, which is nowhere; remove it")


def _order(number: str) -> tuple[int, int]:
    lab, place = number.split(".")
    return int(lab), int(place)


def _is_of(path: str, lab: int) -> bool:
    match = NAME.fullmatch(path)
    return match is not None and int(match[1]) == lab


def _check_words(sources: list[Source], plan: Plan, owner: dict[str, int], faults: Faults) -> None:
    if "Makefile" not in owner and targets_of(plan):
        raise Fault(f"{PLAN}:1: targets are listed, but there is no Makefile; add it or remove them")
    for line in [*wrong_imports(sources, owner), *leaks(sources, tokens_of(plan, owner)), *wrong_links(sources, owner)]:
        faults.add(line)
    if not faults.found:
        _check_options(sources, plan, faults)


def _check_options(sources: list[Source], plan: Plan, faults: Faults) -> None:
    for part in plan.labs:
        for word in part.options:
            texts = [chunk.text for source in sources if source.lab <= part.number for chunk in source.chunks]
            if not any(word.text in text for text in texts):
                faults.add(f"{word.where}: option {word.text!r} stands nowhere in {part.name}; correct or remove it")


def chosen_labs(plan: Plan, text: str) -> list[int]:
    """Return the labs that a user names, as in 1,3-5; all where nothing is named.

    Raises:
        Fault: one of them is not in the plan.
    """
    every = [part.number for part in plan.labs]
    if not text:
        return every
    numbers: list[int] = []
    for piece in text.split(","):
        first, _, last = piece.strip().partition("-")
        if not re.fullmatch(r"[0-9]+(-[0-9]+)?", piece.strip()) or int(last or first) < int(first):
            raise Fault(f"--labs {text}: {piece!r} is no lab; give numbers as in 1,3-5")
        numbers += range(int(first), int(last or first) + 1)
    if wrong := [number for number in numbers if number not in every]:
        raise Fault(f"--labs {text}: there is no lab {wrong[0]}; give 1 to {len(every)}")
    return sorted(set(numbers))
