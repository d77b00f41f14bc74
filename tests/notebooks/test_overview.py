"""The notebook runs from top to bottom in its fast setting, and its bootstrap cell works where there is no checkout."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from install_missing import is_there, requirements

from tests.notebooks import lab_notebooks

ROOT = Path(__file__).parents[2]
NOTEBOOK = nbformat.read(ROOT / "notebooks" / "overview.ipynb", as_version=4)


def sources(kind: str) -> list[str]:
    return [cell.source for cell in NOTEBOOK.cells if cell.cell_type == kind]


@pytest.mark.notebook
def test_run_all_trains_and_reads_a_page(tmp_path, monkeypatch):
    notebook = lab_notebooks.unsolved(NOTEBOOK)
    checks = lab_notebooks.executed(notebook, tmp_path, monkeypatch)
    assert (tmp_path / "runs" / "notebook-001" / "model" / "recipe.json").exists()
    told = lab_notebooks.said(notebook)
    assert "the same picture: True" in told
    assert [(check["exercise"], check["done"]) for check in checks] == [("00.1", False)]
    assert "exercise 00.1 (from time steps to text): not done yet - merge the repeats of path" in told
    assert "lines found" in told and "CER" in told


@pytest.mark.notebook
def test_the_exercise_is_done_when_it_is_solved_and_not_when_it_is_solved_wrongly(tmp_path, monkeypatch):
    places = [1, *(k for place, _ in lab_notebooks.regions(NOTEBOOK) for k in (place, place + 1))]
    notebook, expected = lab_notebooks.tried(lab_notebooks.part(NOTEBOOK, places))
    assert len(expected) >= 3
    assert lab_notebooks.verdicts(expected, lab_notebooks.executed(notebook, tmp_path, monkeypatch)) == expected


def test_the_form_is_that_of_the_labs():
    lab_notebooks.check_form(NOTEBOOK, "00")


def test_the_first_cell_has_a_badge_and_says_the_goal_and_the_minutes():
    first = NOTEBOOK.cells[0].source
    assert "colab-badge.svg" in first and "Goal" in first and "minutes" in first


def test_outputs_are_cleared():
    assert all(not cell.outputs and cell.execution_count is None for cell in NOTEBOOK.cells if "outputs" in cell)


def test_functions_are_at_most_ten_lines_long():
    for source in sources("code"):
        for block in source.split("\n\n"):
            if block.startswith("def "):
                assert len(block.splitlines()) <= 10


def test_the_tag_is_the_version_of_the_package():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f'TAG = "v{version}"' in sources("code")[0]


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def bootstrap(folder: Path, **environ: str) -> subprocess.CompletedProcess:
    program = sources("code")[0] + "\nprint(root)"
    known = {name: value for name, value in os.environ.items() if not name.startswith("LAB_")}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=folder, env={**known, **environ}, capture_output=True, text=True)


def test_the_bootstrap_clones_the_repository_at_its_tag_and_nothing_else(tmp_path):
    origin, there = tmp_path / "origin", tmp_path / "there"
    for name, text in (("text_recognizer/charset.py", ""), ("tools/install_missing.py", "print('installed')")):
        (origin / name).parent.mkdir(parents=True)
        (origin / name).write_text(text)
    git(tmp_path, "init", "origin")
    git(origin, "add", ".")
    git(origin, "commit", "-m", "first")
    git(origin, "tag", "v0.1.0")
    (origin / "later.txt").write_text("")
    git(origin, "add", ".")
    git(origin, "commit", "-m", "second")
    there.mkdir()
    done = bootstrap(there, LAB_REPOSITORY=origin.as_uri())
    assert (done.returncode, done.stderr) == (0, "") or "detached HEAD" in done.stderr, done.stderr
    assert done.stdout.split() == ["installed", str(there / "text-recognizer-lab")]
    assert not (there / "text-recognizer-lab" / "later.txt").exists()
    assert [path.name for path in there.iterdir()] == ["text-recognizer-lab"]


def test_the_bootstrap_does_nothing_in_a_checkout():
    done = bootstrap(ROOT / "notebooks")
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, str(ROOT), "")


def test_the_bootstrap_says_what_to_set_where_there_is_nothing_to_clone(tmp_path):
    done = bootstrap(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("REPOSITORY: is empty and this is no checkout; set it")


def test_only_what_is_missing_would_be_installed():
    assert requirements("-c prod.txt\n# why\nnumpy\nno-such-package-of-ours[x]>=2  # a reason\n") == [
        "numpy",
        "no-such-package-of-ours[x]>=2",
    ]
    assert is_there("numpy>=1") and is_there("opencv-python-headless")
    assert not is_there("no-such-package-of-ours[x]>=2")
