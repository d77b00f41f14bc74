"""Boxes for tests: a copy of hello_world, and small ones that are written on the spot."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
COPY = """\
import sys, pathlib
options = dict(word[2:].split("=", 1) for word in sys.argv[1:] if "=" in word)
pathlib.Path(options["out"]).write_text(pathlib.Path(options["source"]).read_text() + options.get("more", ""))
"""


def hello_world(folder: Path) -> Path:
    """Copy the example, without what its runs have left."""
    left_by_runs = shutil.ignore_patterns(".mlbox", "greet_*", "farewell_*", "__pycache__")
    shutil.copytree(ROOT / "examples/hello_world", folder, ignore=left_by_runs)
    return folder


def small_box(folder: Path, tasks: str, script: str = COPY, more: str = "") -> Path:
    """Write a box whose tasks are those of some YAML, done by one script."""
    (folder / "implementation/src").mkdir(parents=True)
    (folder / "workspace").mkdir()
    (folder / "implementation/src/task.py").write_text(script)
    text = f"name: small\ntasks:\n{tasks}\nimplementations:\n  baremetal:\n    type: python\n"
    (folder / "mlbox.yaml").write_text(text + "    entrypoint: implementation/src/task.py\n" + more)
    return folder


CHAIN = """\
  first:
    inputs: {source: {default: a.txt}}
    outputs: {out: {default: b.txt}}
  second:
    inputs: {source: {default: b.txt}}
    outputs: {out: {default: c.txt}}
    params: {more: '!'}
"""
