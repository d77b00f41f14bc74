"""What an answer does that no solution needs: its green box is looked at by a person."""

from __future__ import annotations

import ast

UNUSUAL = frozenset(
    ["sys", "os", "gc", "inspect", "ctypes", "importlib", "subprocess", "signal", "threading", "multiprocessing"]
    + ["socket", "atexit", "builtins", "exec", "eval", "compile", "globals", "locals", "vars", "setattr", "getattr"]
    + ["delattr", "open", "breakpoint", "input", "exit", "quit", "get_ipython", "LAB_CHECKS", "settrace", "setprofile"]
    + ["__import__", "__builtins__", "__main__", "_exit", "fork", "pickle", "shutil", "faulthandler", "types"]
    + ["unittest", "mock", "ANY", "io", "FileIO", "gi_frame", "cr_frame", "ag_frame", "f_back", "f_globals", "f_locals"]
    + ["f_builtins", "tb_frame", "_getframe"]
)
COMPARISONS = frozenset(
    ["__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__bool__", "__len__", "__contains__", "__hash__"]
    + ["__getattribute__", "__getattr__"]
)


def unusual(answer: str, solution: str) -> list[str]:
    """Return what an answer names or changes that has nothing to do with the exercise, as far as the solution shows.

    >>> unusual("import os\\ndef f(): return Yes()", "def f(): return 1")
    ['os']
    """
    return sorted(_named(answer) - _named(solution))


def _named(source: str) -> set[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return {"%"} if "%" in source or "!" in source else set()
    own = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            found |= {part for module in modules for part in module.split(".")} & UNUSUAL
            found |= {"notebooks.exercise"} if any("notebooks" in module for module in modules) else set()
        elif isinstance(node, ast.Name) and node.id in UNUSUAL:
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and (node.attr.startswith("__") or node.attr in UNUSUAL):
            found |= {node.attr} - {"__name__", "__init__", "__len__"}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "LAB_CHECKS" in node.value:
            found.add("LAB_CHECKS")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in COMPARISONS | UNUSUAL:
            found.add(node.value)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in COMPARISONS:
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in COMPARISONS:
            found.add(node.id)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            root: ast.expr = node
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if isinstance(root, ast.Name) and root.id not in own:
                found.add(f"{ast.unparse(node)} = ...")
    return found
