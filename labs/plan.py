"""labs/labs.yaml: what each lab adds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from labs.faults import Fault
from labs.patterns import compiled, expanded, is_pattern
from labs.spans import LAST
from labs.yaml_lines import Table, Word, read_table

PLAN = "labs/labs.yaml"
KEYS = ("title", "files", "targets", "options", "passages")


@dataclass(frozen=True)
class Part:
    """What one lab adds, or what only the full repository has (the machinery).

    Args:
        number: of the lab; LAST for the machinery.
        title: of the lab.
        files: patterns; one that begins with `!` takes files out again.
        targets: of the Makefile.
        options: words that no earlier lab may hold.
        passages: by file, texts of it that are in no earlier lab.
    """

    number: int
    title: str
    files: tuple[Word, ...]
    targets: tuple[Word, ...]
    options: tuple[Word, ...]
    passages: dict[str, tuple[Word, ...]]

    @property
    def name(self) -> str:
        return "the machinery" if self.number == LAST else f"lab {self.number:02}"


@dataclass(frozen=True)
class Plan:
    """The whole course."""

    labs: tuple[Part, ...]
    machinery: Part
    exercises: int

    @property
    def parts(self) -> tuple[Part, ...]:
        return (*self.labs, self.machinery)


def read_plan(root: Path) -> Plan:
    """Read labs/labs.yaml of a repository.

    Raises:
        Fault: it is not there, no YAML, has an unknown key, or its labs are not 1, 2, 3 ...
    """
    top = read_table(root / PLAN, PLAN)
    top.expect("exercises", "machinery", "labs")
    least = top.text("exercises", "3")
    if not least.isdigit():
        raise Fault(f"{top.at('exercises')}: exercises is {least!r}; give the least number of a lab, as in 3")
    labs = top.table("labs")
    if not labs.entries:
        raise Fault(f"{top.at('labs')}: no lab is listed; add `labs:` with `1:`, `2:` and so on")
    for wanted, name in enumerate(labs.entries, 1):
        if name != str(wanted):
            raise Fault(f"{labs.at(name)}: lab {name!r} stands where lab {wanted} is due; number the labs 1, 2, 3 ...")
    parts = [_part(labs.table(name), int(name)) for name in labs.entries]
    return Plan(tuple(parts), _part(top.table("machinery"), LAST), int(least))


def _part(table: Table, number: int) -> Part:
    table.expect(*(KEYS if number != LAST else ("files", "targets", "passages")))
    title = table.text("title")
    if number != LAST and not title:
        raise Fault(f"{table.where}: lab {number} has no title; add one")
    texts = table.table("passages")
    passages = {name: texts.words(name) for name in texts.entries}
    files = tuple(Word(name, word.where) for word in table.words("files") for name in expanded(word.text))
    return Part(number, title, files, table.words("targets"), table.words("options"), passages)


def labs_of_files(plan: Plan, known: list[str]) -> dict[str, int]:
    """Return the lab of each file.

    Raises:
        Fault: a pattern that matches nothing, a file that is listed twice, or a file of no lab.
    """
    owner: dict[str, tuple[int, Word]] = {}
    for part in plan.parts:
        without = [word for word in part.files if word.text.startswith("!")]
        for word in part.files:
            if word in without:
                continue
            found = _matching(word, known)
            found = [path for path in found if not any(compiled(no.text[1:]).fullmatch(path) for no in without)]
            for path in found:
                _check_once(owner, path, word, part)
                owner[path] = (part.number, word)
        for word in without:
            if not any(compiled(word.text[1:]).fullmatch(path) for path in known):
                raise Fault(f"{word.where}: {word.text!r} takes out nothing that git knows; remove the line")
    for path in known:
        if path not in owner:
            raise Fault(f"{path}:1: belongs to no lab; add it to one in {PLAN}")
    return {path: number for path, (number, _) in owner.items()}


def _matching(word: Word, known: list[str]) -> list[str]:
    found = [path for path in known if compiled(word.text).fullmatch(path)]
    if not found:
        what = "matches no file" if is_pattern(word.text) else "is no file"
        raise Fault(f"{word.where}: {word.text!r} {what} that git knows; correct or remove it")
    return found


def _check_once(owner: dict[str, tuple[int, Word]], path: str, word: Word, part: Part) -> None:
    if path in owner:
        number, first = owner[path]
        named = "the machinery" if number == LAST else f"lab {number:02}"
        raise Fault(
            f"{word.where}: {path} is listed in {part.name} and already in {named} ({first.where}, {first.text!r});"
            f" keep one, or take it out of a pattern with '!{path}'"
        )
