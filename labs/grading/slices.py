"""The cells of a notebook that an exercise needs: its own, its check, and those that define the names they use."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

BUILTINS = frozenset(dir(builtins))
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, *COMPREHENSIONS)


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
    defined, wanted = names(cells[answer])
    wanted |= names(check)[1] - defined
    taken = []
    for index in range(answer - 1, -1, -1):
        defined, used = names(cells[index])
        if defined & wanted:
            taken.append(index)
            wanted = (wanted - _always(cells[index])) | used
    return sorted(taken)


def names(source: str) -> tuple[set[str], set[str]]:
    """Return the names that a cell defines at its top, and those that it wants from earlier cells."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # IPython's own words: it may do anything
        return set(), set()
    defined = {name for statement in tree.body for name in _defined(statement)}
    changed = {
        root.id
        for node in _top(tree)
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store)
        if isinstance(root := _root(node), ast.Name)
    }
    return defined | changed, Wanted().of(tree) - BUILTINS


class Wanted(ast.NodeVisitor):
    """Finds the names that a cell uses before it gives them a value itself, in the order in which Python goes."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.used: set[str] = set()
        self.late: set[str] = set()

    def of(self, tree: ast.AST) -> set[str]:
        """Return them; what functions use counts unless the cell defines it anywhere, since they are called later."""
        self.visit(tree)
        return self.used | (self.late - self.bound)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)
        elif node.id not in self.bound:
            self.used.add(node.id)

    def visit_Assign(self, node: ast.Assign | ast.NamedExpr | ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            self.visit(target)

    visit_NamedExpr = visit_AnnAssign = visit_Assign

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if isinstance(node.target, ast.Name):
            self.used |= {node.target.id} - self.bound
        self.visit(node.target)

    def visit_For(self, node: ast.For) -> None:
        for part in (node.iter, node.target, *node.body, *node.orelse):
            self.visit(part)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        self.bound |= _defined(node)

    visit_ImportFrom = visit_Import

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        self.visit_Lambda(node)
        self.bound.add(node.name)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for default in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(default)
        self.late |= _free(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.bound.add(node.name or "")
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        self.bound.add(node.name or "")
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.used |= _free(node) - self.bound
        self.bound.add(node.name)

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        self.used |= _free(node) - self.bound

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp


def _free(scope: ast.AST) -> set[str]:
    """Return the names that a function, a class or a comprehension uses and does not define."""
    nodes = list(ast.walk(scope))
    used = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Store)}
    own = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    for node in nodes:
        if node is not scope and isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
            own |= _defined(node)
    return used - own


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


def _top(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a cell's own scope: what functions, classes and comprehensions hold is theirs."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, SCOPES):
            waiting += ast.iter_child_nodes(node)


def _defined(statement: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in _top(statement):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def first_code(cells: list[Any]) -> int:
    """Return the place of the bootstrap: the first code cell."""
    return next(index for index, cell in enumerate(cells) if cell.cell_type == "code")
