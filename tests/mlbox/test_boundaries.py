"""What mlbox leans on, and how large it is."""

import ast
import io
import sys
import tokenize

from tests.mlbox.boxes import ROOT
from tests.test_import_boundaries import imported

FILES = sorted(path for path in (ROOT / "mlbox").rglob("*.py") if path.parent.name != "templates")
BESIDE = {"clearml.py", "repository.py"}
"""A queue of ClearML and others' repositories: the core does its work without them."""
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def test_it_imports_the_standard_library_and_yaml_only():
    tops = {module.split(".")[0] for path in FILES for module in imported(path.read_text(encoding="utf-8"))}
    assert tops <= sys.stdlib_module_names | {"yaml", "mlbox"}


def test_one_module_starts_programs():
    starters = [path.name for path in FILES if "subprocess" in set(imported(path.read_text(encoding="utf-8")))]
    assert starters == ["programs.py"]


def code_lines(source: str) -> int:
    """Return how many lines hold code: no blank ones, no comments, no docstrings."""
    docs: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            docs.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = {line for token in tokens if token.type not in NO_CODE for line in range(token.start[0], token.end[0] + 1)}
    return len(lines - docs)


def test_the_core_stays_small():
    lines = {path.name: code_lines(path.read_text(encoding="utf-8")) for path in FILES if path.name != "__init__.py"}
    assert sum(count for name, count in lines.items() if name not in BESIDE) < 2500
    assert sum(lines[name] for name in BESIDE) < 300
