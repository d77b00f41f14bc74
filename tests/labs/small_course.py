"""A course of three labs in a folder: what each test cuts, breaks or grades."""

import shutil
import subprocess
import textwrap
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from labs.notebook_cells import written

ROOT = Path(__file__).parents[2]

PLAN = """\
exercises: 1

machinery:
  files: [labs/**, teacher.md]
  targets: [labs]
  passages:
    README.md:
      - "Teachers read [this](teacher.md).\\n"

labs:
  1:
    title: Adding
    files:
      - README.md
      - Makefile
      - "{.gitignore ruff.toml}"
      - dot.png
      - settings.yaml
      - run.sh
      - pkg/__init__.py
      - pkg/add.py
      - notebooks/exercise.py
      - notebooks/lab01_*.ipynb
      - tests/test_add.py
    targets: [help, add]
  2:
    title: Multiplying
    files:
      - pkg/multiply.py
      - docs/multiply.md
      - notebooks/lab02_*.ipynb
    targets: [multiply]
    options: ["--times"]
    passages:
      README.md:
        - "| `pkg/multiply.py` ... |\\n"
        - " and [products](docs/multiply.md)"
  3:
    title: Powers
    files: ["pkg/p*.py", "notebooks/lab03_*.ipynb"]
    targets: [power]
    passages:
      README.md: ["| `pkg/power.py` | powers |\\n"]
"""

README = """\
# Numbers

Sums and [products](docs/multiply.md).

| file | what |
|---|---|
| `pkg/add.py` | sums |
| `pkg/multiply.py` | products |
| `pkg/power.py` | powers |

<!-- lab 02: begin -->
`make multiply` takes `--times`.
<!-- lab 02: end -->
Teachers read [this](teacher.md).
"""

MAKEFILE = """\
.PHONY: help add multiply power

help:  ## help
\techo help

add:  ## add
\techo add

multiply:  ## multiply
\techo multiply

power: multiply  ## power
\techo power
"""

FILES = {
    "labs/labs.yaml": PLAN,
    "README.md": README,
    "Makefile": MAKEFILE,
    ".gitignore": "_labs/\n__pycache__/\n",
    "ruff.toml": 'line-length = 120\n[lint]\nselect = ["E", "F"]\n',
    "teacher.md": "For teachers.\n",
    "docs/multiply.md": "See [the code](../pkg/multiply.py).\n",
    "settings.yaml": "add: 1\n# lab 02: begin\nmultiply: 2\n# lab 02: end\n# lab 03: begin\npower: 3\n# lab 03: end\n",
    "run.sh": "#!/bin/sh\necho add\n",
    "pkg/__init__.py": "",
    "pkg/add.py": "def add(a: int, b: int) -> int:\n    return a + b\n",
    "pkg/multiply.py": "from pkg.add import add\n\n\ndef multiply(a: int, b: int) -> int:\n    return add(a * b, 0)\n",
    "pkg/power.py": "from pkg.multiply import multiply\n\n\ndef square(a: int) -> int:\n    return multiply(a, a)\n",
    "tests/test_add.py": "from pkg.add import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n",
}


def solution(number: str, code: str, task: str) -> str:
    """Return the marked solution of a function's body, and the code that stands in its place."""
    body = textwrap.indent(code, "    ")
    return f"    # solution {number}: begin\n{body}\n    # exercise {number}: {task}\n    # solution {number}: end"


def notebook(lab: int) -> nbformat.NotebookNode:
    """Return the notebook of a lab: a story, a helper, an exercise, its check and what comes after."""
    name, sign, module = {1: ("plus", "+", "add"), 2: ("times", "*", "multiply"), 3: ("raised", "**", "power")}[lab]
    number = f"{lab:02}.1"
    todo = f'raise NotImplementedError("give a {sign} b")'
    exercise = f"def {name}(a, b):\n" + solution(number, f"return a {sign} b", todo)
    check = (
        f'from notebooks.exercise import exercise\n\nwith exercise("{number}", "{name}"):\n'
        f"    assert (got := {name}(3, 2)) == three(2), f'3 and 2 gave {{got}}'"
    )
    cells = [
        new_markdown_cell(f"# {name}\n\nAn exercise in `pkg/{module}.py`."),
        new_code_cell("import sys\nfrom pathlib import Path\n\nsys.path.insert(0, str(Path.cwd()))"),
        new_code_cell(f"def three(b):\n    return 3 {sign} b"),
        new_code_cell(exercise, metadata={"wrong": ["    return a - b"]}),
        new_code_cell(check, metadata={"check": number}),
        new_code_cell(f"import pkg.{module}\n\nprint(pkg.{module})"),
    ]
    for index, cell in enumerate(cells):
        cell.id = str(index)
    return new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def make_course(root: Path) -> Path:
    """Write the whole repository and return its folder."""
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "run.sh").chmod(0o755)
    (root / "dot.png").write_bytes(b"\x89PNG\r\n\x00\x01")
    (root / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "exercise.py", root / "notebooks")
    for lab in (1, 2, 3):
        (root / f"notebooks/lab{lab:02}_{('add', 'multiply', 'power')[lab - 1]}.ipynb").write_bytes(
            written(notebook(lab))
        )
    subprocess.run(["git", "init", "--quiet", "--template="], cwd=root, check=True)
    return root


def replace(path: Path, old: str, new: str) -> None:
    """Put a text in the place of another that is in the file."""
    text = path.read_text()
    assert old in text, f"{path} does not hold {old!r}"
    path.write_text(text.replace(old, new, 1))


def edit_notebook(path: Path, change) -> None:
    """Change a notebook's cells and write it as nbformat does."""
    read = nbformat.read(path, as_version=4)
    change(read.cells)
    path.write_bytes(written(read))
