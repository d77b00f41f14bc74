"""Labs 5 to 9: checks are green when solved, red when not or wrongly solved, and Run all ends either way."""

from pathlib import Path

import pytest

from tests.notebooks import lab_notebooks
from tests.notebooks.lab_notebooks import ROOT

PATHS = sorted((ROOT / "notebooks").glob("lab0[5-9]_*.ipynb"))
SAID = {
    "05": ["a sixteenth of the time steps         0.00", "workers that keep the model busy", "passed in"],
    "06": ["layout label_studio, 10 lines", "layout alto", "refused: person_0/line_1.png", "of a language"],
    "07": ["no store for feedback   404", "exit code 0", "(a direct event)"],
    "08": ["a word of it in the file: False", "a dirty lens   alarm after", "report.html", "lines of corrections"],
    "09": ["the locks agree", "Hello, Ada!", "input greeting changed", "#SBATCH --signal", "60 of 60 steps, done"],
}
"""What each notebook has to print when it is executed in its fast setting, besides the verdicts."""


def lab_of(path: Path) -> str:
    return path.name[3:5]


def test_there_are_five():
    assert [lab_of(path) for path in PATHS] == list(SAID)


@pytest.mark.parametrize("path", PATHS, ids=lab_of)
def test_the_form_is_that_of_the_course(path):
    notebook = lab_notebooks.opened(path)
    lab_notebooks.check_form(notebook, lab_of(path))
    assert len(list(lab_notebooks.regions(notebook))) >= 3


@pytest.mark.parametrize("path", PATHS, ids=lab_of)
def test_the_stars_of_the_exercises_rise_in_their_headings(path):
    notebook = lab_notebooks.opened(path)
    stars = []
    for place, region in lab_notebooks.regions(notebook):
        told = notebook.cells[place - 1].source
        head = next(row for row in told.splitlines() if row.startswith(f"### Exercise {region.number} ★"))
        stars.append(head.count("★"))
    assert stars == sorted(stars) and stars[0] == 1 and stars[-1] == 3


@pytest.mark.course
@pytest.mark.notebook
@pytest.mark.parametrize("path", PATHS, ids=lab_of)
def test_every_check_is_green_and_red_when_it_has_to_be_and_run_all_ends_unsolved(path, tmp_path, monkeypatch):
    notebook, expected = lab_notebooks.tried(lab_notebooks.opened(path))
    checks = lab_notebooks.executed(notebook, tmp_path, monkeypatch)
    assert lab_notebooks.verdicts(expected, checks) == expected
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
    text = lab_notebooks.said(notebook)
    for words in SAID[lab_of(path)]:
        assert words in text, f"it does not say {words!r}"


def test_exercises_can_be_checked_alone(tmp_path, monkeypatch):
    path = PATHS[-1]  # one without torch, which suffices: the others are built alike
    notebook = lab_notebooks.opened(path)
    places = [1, *(place + k for place, _ in lab_notebooks.regions(notebook) for k in (0, 1))]
    checks = lab_notebooks.executed(lab_notebooks.part(notebook, places), tmp_path, monkeypatch)
    assert len(checks) == 5 and all(check["done"] for check in checks), checks
