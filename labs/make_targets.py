"""The targets of the Makefile: each is added by one lab, and earlier labs do not have its rule."""

from __future__ import annotations

import re

from labs.faults import Fault
from labs.plan import PLAN, Plan
from labs.spans import LAST, Span, line_of, line_starts

RULE = re.compile(r"^([a-z][a-z0-9-]*):(?!=)", re.MULTILINE)
PHONY = re.compile(r"^\.PHONY:.*$", re.MULTILINE)


def targets_of(plan: Plan) -> dict[str, int]:
    """Return the lab of each target that labs.yaml lists.

    Raises:
        Fault: a target is listed twice.
    """
    owner: dict[str, int] = {}
    for part in plan.parts:
        for word in part.targets:
            if word.text in owner:
                raise Fault(f"{word.where}: target {word.text!r} is listed twice; keep one of the two lines")
            owner[word.text] = part.number
    return owner


def rules_of(text: str, plan: Plan) -> list[Span]:
    """Return the spans of a Makefile that belong to its targets: the rule, the blank line after it, the word in .PHONY.

    Raises:
        Fault: a listed target that the Makefile has not, or one of no lab.
    """
    owner = targets_of(plan)
    starts, lines = line_starts(text), text.splitlines()
    spans, found = [], set()
    for match in RULE.finditer(text):
        name, line = match[1], line_of(text, match.start())
        if name not in owner:
            raise Fault(f"Makefile:{line}: target {name!r} belongs to no lab; add it to the targets of one in {PLAN}")
        found.add(name)
        end = next((number for number in range(line, len(lines)) if not lines[number].strip()), len(lines) - 1)
        if owner[name] > 1:
            spans.append(Span(match.start(), starts[end + 1], owner[name], line))
    _check_there(plan, found)
    for phony in PHONY.finditer(text):
        for word in re.finditer(r" ([\w-]+)", phony[0]):
            if owner.get(word[1], 1) > 1:
                at = phony.start()
                spans.append(Span(at + word.start(), at + word.end(), owner[word[1]], line_of(text, at)))
    return spans


def _check_there(plan: Plan, found: set[str]) -> None:
    for part in plan.parts:
        for word in part.targets:
            if word.text not in found and part.number != LAST:
                raise Fault(f"{word.where}: target {word.text!r} is not in the Makefile; correct or remove it")
