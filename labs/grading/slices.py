"""The cells of a notebook that an exercise needs: its own, its check, and those that define the names they use."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass
from typing import Any

BUILTINS = frozenset(dir(builtins))


@dataclass(frozen=True)
class Question:
    """An exercise with the teacher's cells around it.

    Args:
        number: as in 03.1.
        cell_id: of the exercise's cell.
        before: the teacher's cells that run before the answer.
        solution: the teacher's answer.
        wrong: answers that the check must refuse.
        task: what the student gets.
        check: the teacher's check.
    """

    number: str
    cell_id: str
    before: tuple[str, ...]
    solution: str
    wrong: tuple[str, ...]
    task: str
    check: str


def needed(cells: list[str], answer: int, check: str) -> list[int]:
    """Return which of the cells before an answer are needed by it and by its check, in order.

    A cell is needed if it defines a name that a needed cell uses and that no later one defines anew. Effects other than
    names are not seen: whoever takes fewer cells proves that the solution still passes.

    Args:
        cells: sources; cell `answer` is the solution.
        answer: its place.
        check: source of the check.
    """
    wanted = (names(check)[1] | names(cells[answer])[1]) - names(cells[answer])[0]
    taken = []
    for index in range(answer - 1, -1, -1):
        defined, used = names(cells[index])
        if defined & wanted:
            taken.append(index)
            wanted = (wanted - _always(cells[index])) | used
    return sorted(taken)


def names(source: str) -> tuple[set[str], set[str]]:
    """Return the names that a cell defines at its top, and those that it uses anywhere."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # IPython's own words: it may do anything
        return set(), set()
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store)}
    grown = {node.target for node in ast.walk(tree) if isinstance(node, ast.AugAssign)}
    used |= {target.id for target in grown if isinstance(target, ast.Name)}
    defined = {name for statement in tree.body for name in _defined(statement)}
    changed = {
        root.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store)
        if isinstance(root := _root(node), ast.Name)
    }
    return defined | changed, used - BUILTINS


def _always(source: str) -> set[str]:
    """Return the names that a cell gives a value that owes nothing to earlier cells."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return set()
    plain = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign)
    return {name for statement in tree.body if isinstance(statement, plain) for name in _defined(statement)}


def _root(node: ast.expr) -> ast.expr:
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node


def _defined(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    found: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def first_code(cells: list[Any]) -> int:
    """Return the place of the bootstrap: the first code cell."""
    return next(index for index, cell in enumerate(cells) if cell.cell_type == "code")
