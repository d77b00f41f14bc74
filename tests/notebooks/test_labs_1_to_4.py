"""The first four labs: checks are green when solved, red when not or wrongly solved, and Run all ends either way."""

from pathlib import Path

import pytest

from tests.notebooks import lab_notebooks
from tests.notebooks.lab_notebooks import ROOT

PATHS = sorted((ROOT / "notebooks").glob("lab0[1-4]_*.ipynb"))
EXERCISES = {"01": 5, "02": 4, "03": 8, "04": 5}


def lab_of(path: Path) -> str:
    return path.name[3:5]


@pytest.mark.parametrize("path", PATHS, ids=lab_of)
def test_the_form_is_that_of_the_course(path):
    notebook = lab_notebooks.opened(path)
    lab_notebooks.check_form(notebook, lab_of(path))
    assert sum("check" in cell.metadata for cell in notebook.cells) == EXERCISES[lab_of(path)]


@pytest.mark.parametrize("path", PATHS, ids=lab_of)
def test_the_stars_of_exercises_are_in_their_headings(path):
    notebook = lab_notebooks.opened(path)
    told = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    for _, region in lab_notebooks.regions(notebook):
        assert f"## Exercise {region.number} ★" in told


@pytest.mark.course
@pytest.mark.notebook
@pytest.mark.parametrize("path", PATHS, ids=lab_of)
def test_every_check_is_green_and_red_when_it_has_to_be_and_run_all_ends_unsolved(path, tmp_path, monkeypatch):
    notebook, expected = lab_notebooks.tried(lab_notebooks.opened(path))
    if not expected:
        pytest.skip("the exercises have been handed out: there is no solution to try")
    checks = lab_notebooks.executed(notebook, tmp_path, monkeypatch)
    assert lab_notebooks.verdicts(expected, checks) == expected
    assert all(cell.execution_count for cell in notebook.cells if cell.cell_type == "code")
