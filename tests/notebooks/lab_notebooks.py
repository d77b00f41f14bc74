"""A course notebook with its exercises solved, unsolved and solved wrongly, executed as a student executes it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).parents[2]
BEGIN = re.compile(r"\s*# solution (\d\d\.\d+): begin\s*")
END = re.compile(r"\s*# solution (\d\d\.\d+): end\s*")
LINE = re.compile(r"(\s*)# exercise (\d\d\.\d+): (.*)")


@dataclass(frozen=True)
class Region:
    """An exercise in the cell that holds it.

    Attributes:
        number: as in 03.1.
        before, solution, behind: the lines of the cell; those of the solution have no markers.
        handed_out: the lines that a student gets in the place of the solution.
        wrong: plausible solutions that the check must refuse.
    """

    number: str
    before: list[str]
    solution: list[str]
    handed_out: list[str]
    behind: list[str]
    wrong: list[str]

    def holding(self, body: list[str]) -> str:
        """Return the cell with `body` in the place of the solution, without markers."""
        return "\n".join([*self.before, *body, *self.behind])

    def variants(self) -> list[tuple[str, str]]:
        """Return a name and the cell of each state in which the check must be red, that of a new student last."""
        wrong = [(f"wrong {k}", self.holding(body.splitlines())) for k, body in enumerate(self.wrong, start=1)]
        return [*wrong, ("unsolved", self.holding(self.handed_out))]


def opened(path: Path) -> NotebookNode:
    """Read a notebook."""
    return nbformat.read(path, as_version=4)


def region_of(cell: NotebookNode) -> Region | None:
    """Return the exercise of a cell, None where it holds none.

    Raises:
        AssertionError: its markers are not one begin, lines to hand out, and one end.
    """
    lines = cell.source.split("\n")
    begins = [k for k, line in enumerate(lines) if BEGIN.fullmatch(line)]
    ends = [k for k, line in enumerate(lines) if END.fullmatch(line)]
    if not begins and not ends:
        return None
    assert len(begins) == len(ends) == 1 and begins[0] < ends[0], f"one region in a cell, please:\n{cell.source}"
    begin, end = begins[0], ends[0]
    inner = lines[begin + 1 : end]
    found = [LINE.fullmatch(line) for line in inner]
    first = next((k for k, match in enumerate(found) if match), len(inner))
    assert first and found[first:] and all(found[first:]), f"no solution, or nothing to hand out:\n{cell.source}"
    numbers = {LINE.fullmatch(line)[2] for line in inner[first:]} | {BEGIN.fullmatch(lines[begin])[1]}  # type: ignore[index]
    assert numbers == {END.fullmatch(lines[end])[1]}, f"one number, please: {numbers}"  # type: ignore[index]
    handed_out = [match[1] + match[3] for match in found[first:] if match]
    wrong = list(cell.metadata.get("wrong", []))
    return Region(numbers.pop(), lines[:begin], inner[:first], handed_out, lines[end + 1 :], wrong)


def regions(notebook: NotebookNode) -> Iterator[tuple[int, Region]]:
    """Yield the exercises of a notebook with the places of their cells."""
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and (region := region_of(cell)):
            yield place, region


def unsolved(notebook: NotebookNode) -> NotebookNode:
    """Return the notebook as a student gets it."""
    given = copy.deepcopy(notebook)
    for place, region in regions(notebook):
        given.cells[place].source = region.holding(region.handed_out)
    return given


def tried(notebook: NotebookNode) -> tuple[NotebookNode, list[tuple[str, str, bool]]]:
    """Return the notebook with every state of every exercise behind its check, and the verdicts to expect.

    One execution shows them all: solved, then solved wrongly in each way, then unsolved. So it stays, and what follows
    has to do without.

    Returns:
        The notebook; for each check in order the exercise, the state, and whether it must be done.
    """
    out, expected, found = copy.deepcopy(notebook), [], dict(regions(notebook))
    out.cells = []
    for place, cell in enumerate(notebook.cells):
        out.cells.append(copy.deepcopy(cell))
        if region := found.get(place - 1):
            expected.append((region.number, "solved", True))
            for name, source in region.variants():
                out.cells += [nbformat.v4.new_code_cell(source), nbformat.v4.new_code_cell(cell.source)]
                expected.append((region.number, name, False))
    for number, cell in enumerate(out.cells):
        cell.id = str(number)
    return out, expected


def part(notebook: NotebookNode, places: Iterable[int]) -> NotebookNode:
    """Return the notebook with these of its cells alone, for what needs no others."""
    chosen = copy.deepcopy(notebook)
    chosen.cells = [chosen.cells[place] for place in places]
    return chosen


def verdicts(expected: list[tuple[str, str, bool]], checks: list[dict]) -> list[tuple[str, str, bool]]:
    """Return what the checks said in the form of `expected`, to compare the two.

    Raises:
        AssertionError: there are more or fewer checks than expected, or in another order.
    """
    assert [check["exercise"] for check in checks] == [number for number, _, _ in expected]
    return [(number, state, check["done"]) for (number, state, _), check in zip(expected, checks, strict=True)]


def executed(notebook: NotebookNode, folder: Path, monkeypatch, fast: bool = True) -> list[dict]:
    """Execute a notebook in place from its first to its last cell; return the verdicts of its checks in order.

    Args:
        notebook: gets the outputs.
        folder: an empty one, for runs and verdicts.
        monkeypatch: pytest's.
        fast: with LAB_FAST.
    """
    checks = folder / "checks.jsonl"
    if fast:
        monkeypatch.setenv("LAB_FAST", "1")
    else:
        monkeypatch.delenv("LAB_FAST", raising=False)
    monkeypatch.setenv("LAB_RUNS", str(folder / "runs"))
    monkeypatch.setenv("LAB_CHECKS", str(checks))
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(ROOT / "notebooks")}})
    client.execute()
    return [json.loads(line) for line in checks.read_text(encoding="utf-8").splitlines()] if checks.exists() else []


def said(notebook: NotebookNode) -> str:
    """Return all that the cells of an executed notebook printed, plain text of what they showed included."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in outputs)


def check_form(notebook: NotebookNode, lab: str) -> None:
    """Assert what the course promises of the form of a notebook.

    Args:
        notebook: not executed.
        lab: as in 03.

    Raises:
        AssertionError: it differs; the message says where.
    """
    first = notebook.cells[0].source
    for word in ("colab-badge.svg", "# ", "**Goal**", "**Needs**", "minute"):
        assert word in first, f"the first cell lacks {word}"
    numbers = [str(k) for k in range(len(notebook.cells))]
    assert [cell.id for cell in notebook.cells] == numbers, "the cells' ids are not their numbers; run make lint"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code), "outputs are not cleared"
    found = list(regions(notebook))
    assert [region.number for _, region in found] == [f"{lab}.{k}" for k in range(1, len(found) + 1)]
    for place, region in found:
        check = notebook.cells[place + 1]
        assert check.metadata.get("check") == region.number, f"{region.number}: no check cell behind it"
        assert f'with exercise("{region.number}", "' in check.source, f"{region.number}: the check has another number"
        assert region.wrong, f"{region.number}: has no wrong solution to refuse"
        assert 1 <= len(region.solution) <= 12, f"{region.number}: a solution of {len(region.solution)} lines"
    for cell in code:
        for block in re.split(r"\n(?=\S)", cell.source):
            if block.startswith("def ") and "# solution" not in block:
                assert len(block.rstrip().splitlines()) <= 12, f"move it into the package: {block.splitlines()[0]}"
