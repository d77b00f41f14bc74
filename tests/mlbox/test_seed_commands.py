"""The source documents' commands: each has a row in tests/real/seed_commands.toml, and those that need no service run.

python -m tests.mlbox.test_seed_commands prints the table of instructions/seed_commands.md.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE = ROOT / "tests/real/seed_commands.toml"
PAGE = ROOT / "instructions/seed_commands.md"
CONTENT = tomllib.loads(FILE.read_text(encoding="utf-8"))
ROWS = CONTENT["row"]
STATES = ("verbatim", "stand-in", "replaced", "planned")
HERE = "tests/mlbox/test_seed_commands.py"
HEAD = """\
# What the source documents ask for

Every command, YAML block and convention of the five documents that this laboratory began with. *Verbatim*: as it stands
there. *Stand-in*: as it stands there, with something in the place of what cannot be had in a test.
`tests/real/seed_commands.toml` is the source of this page.
"""


def commands_here() -> list[str]:
    return [row["command"] for row in ROWS if row.get("shown_by") == HERE]


@pytest.mark.parametrize("document", CONTENT["document"], ids=lambda document: document["seed"])
def test_every_line_that_asks_for_something_has_a_row(document):
    rows = [row["line"] for row in ROWS if row["seed"] == document["seed"]]
    assert sorted(set(rows)) == document["lines"]


def test_rows_are_whole():
    for row in ROWS:
        assert row["status"] in STATES and row["command"], row
        assert row.get("by") or row["status"] == "verbatim", f"{row}: say what stands in, or what replaces it and why"
        assert row.get("shown_by") or row["status"] != "stand-in", f"{row}: say which test runs it"


def test_what_shows_a_row_is_there():
    paths = {path for row in ROWS for path in re.findall(r"tests/[\w/]+\.py", row.get("shown_by", ""))}
    assert not [path for path in sorted(paths) if not (ROOT / path).exists()]


def test_the_page_is_that_of_the_table():
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "python -m tests.mlbox.test_seed_commands > instructions/seed_commands.md"
    )


@pytest.fixture(scope="module")
def laboratory(tmp_path_factory):
    """A copy of what the commands touch, and the environment in which `python` is ours."""
    folder = tmp_path_factory.mktemp("lab")
    left_by_runs = shutil.ignore_patterns(".mlbox", "__pycache__", "greet_*", "farewell_*")
    for name in ("mlbox", "examples", "platforms"):
        shutil.copytree(ROOT / name, folder / name, ignore=left_by_runs)
    return folder, {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}


def test_commands_that_need_no_service_run_word_for_word(laboratory):
    folder, environ = laboratory
    failed = []
    for command in commands_here():
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=environ, capture_output=True, text=True)
        if done.returncode:
            failed.append(f"{command}: {done.returncode}: {done.stderr}")
    assert not failed
    assert (folder / "examples/hello_world/workspace/farewell_xinyuan.txt").exists()


def page() -> str:
    """Return the table as a page of Markdown."""
    counts = ", ".join(f"{sum(row['status'] == state for row in ROWS)} {state}" for state in STATES)
    lines = [
        HEAD,
        f"{len(ROWS)} rows: {counts}.",
        "",
        "| seed:line | command or convention | status | by | shown by |",
        "|---|---|---|---|---|",
    ]
    for row in ROWS:
        command = row["command"].replace("|", "\\|")
        by, shown = row.get("by", "").replace("|", "\\|"), row.get("shown_by", "")
        lines.append(f"| {row['seed']}:{row['line']} | `{command}` | {row['status']} | {by} | {shown} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
