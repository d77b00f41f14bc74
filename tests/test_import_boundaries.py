"""The arrows of the design: which package may import which."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# An arrow reaches what its target reaches; `errors` belongs to everybody.
ARROWS = {
    "api_server": {"monitoring", "inference"},
    "api_serverless": {"monitoring", "inference"},
    "app_gradio": {"monitoring", "inference"},
    "inference": {
        "decoding",
        "charset",
        "image",
        "line_levels",
        "line_strip",
        "page_input",
        "page_markup",
        "page_ranges",
        "pdf",
    },
    "monitoring": {"inference"},
    "searchable_pdf": {"inference"},
    "decoding": {"charset"},
    "image": {"pdf", "page_ranges", "picture_frame"},
    "charset": set(),
    "errors": set(),
    "training": {"lit_models", "callbacks", "data", "inference"},
    "batch_shares": set(),
    "line_batch": {"batch_shares"},
    "character_batch": {"batch_shares"},
    "paragraph_batch": {"batch_shares"},
    "line_levels": set(),
    "line_strip": set(),
    "page_batch": set(),
    "page_input": {"image"},
    "page_markup": set(),
    "page_ranges": set(),
    "pdf": set(),
    "picture_frame": set(),
    "lit_models": {"models", "metrics", "decoding", "line_batch", "character_batch", "paragraph_batch", "page_batch"},
    "models": {"charset", "decoding"},
    "metrics": {"charset"},
    "callbacks": {"line_batch", "character_batch", "paragraph_batch", "metrics"},
    "data": {
        "synth",
        "line_batch",
        "character_batch",
        "paragraph_batch",
        "line_levels",
        "line_strip",
        "page_batch",
        "page_input",
        "page_markup",
    },
    "synth": {"charset", "image"},
    "mlbox": set(),
}
PROD = {
    "errors",
    "charset",
    "image",
    "line_levels",
    "line_strip",
    "page_input",
    "page_markup",
    "page_ranges",
    "pdf",
    "picture_frame",
    "decoding",
    "inference",
    "monitoring",
}
PROD_LIBRARIES = {"numpy", "PIL", "pypdfium2", "onnxruntime", "rich"}
MAY_IMPORT_ANYTHING = {"tools", "labs", "notebooks", "benchmarks", "example", "examples", "tests"}
TOP_LEVEL = {"training", "api_server", "api_serverless", "app_gradio", "mlbox"}


def python_files() -> list[Path]:
    """Return the repository's own Python files that the arrows speak of."""
    folders = [folder for folder in ROOT.iterdir() if folder.is_dir() and not folder.name.startswith((".", "_"))]
    own = [folder for folder in folders if folder.name not in MAY_IMPORT_ANYTHING | {"build"}]
    return sorted(path for folder in own for path in folder.rglob("*.py"))


def unit(module: str) -> str | None:
    """Return the package of the design that a dotted module name belongs to, None for others' modules."""
    top, *rest = module.split(".")
    if top == "text_recognizer":
        return rest[0] if rest else None
    return top if top in TOP_LEVEL else None


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(source: str) -> Iterator[str]:
    """Yield the modules that a file imports anywhere, ``from a import b`` as ``a.b``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "write absolute imports"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def reachable(package: str) -> set[str]:
    found, waiting = {"errors", package}, [package]
    while waiting:
        fresh = ARROWS[waiting.pop()] - found
        found |= fresh
        waiting += fresh
    return found


def wrong_arrows(package: str, source: str) -> list[str]:
    targets = {target for module in imported(source) if (target := unit(module))}
    return sorted(targets - reachable(package))


@pytest.mark.parametrize("path", python_files(), ids=module_name)
def test_a_module_imports_only_along_the_arrows(path):
    package = unit(module_name(path))
    if package is None:
        assert path.name == "__init__.py", "a module belongs into one of the packages of the design"
        return
    assert package in ARROWS, f"{package} is not in the table of arrows; add it to DESIGN.md and here"
    wrong = wrong_arrows(package, path.read_text(encoding="utf-8"))
    assert not wrong, f"{package} imports {', '.join(wrong)}; the design lets it import {sorted(reachable(package))}"


@pytest.mark.parametrize("path", [path for path in python_files() if unit(module_name(path)) in PROD], ids=module_name)
def test_the_reading_side_needs_only_the_prod_layer(path):
    tops = {module.split(".")[0] for module in imported(path.read_text(encoding="utf-8"))}
    assert tops <= PROD_LIBRARIES | sys.stdlib_module_names | {"text_recognizer"}


def test_init_files_are_empty():
    assert [str(path) for path in python_files() if path.name == "__init__.py" and path.stat().st_size] == []


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("inference", "from text_recognizer.models.line_ctc import LineCTC"),
        ("synth", "import text_recognizer.data.base"),
        ("decoding", "def late():\n    from text_recognizer.inference import cli"),  # also inside functions
    ],
)
def test_a_wrong_arrow_is_noticed(package, source):
    assert wrong_arrows(package, source)
