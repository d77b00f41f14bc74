"""`make test-labs` on a small course: order passes, each fault is told. ruff, pytest and Jupyter are real."""

import pytest

from labs.__main__ import main
from labs.cutting import read_course
from labs.lab_folder import environment, make_lab
from labs.spans import solutions
from labs.steps import take
from tests.labs.small_course import edit_notebook, make_course, replace
from text_recognizer.errors import UserError


@pytest.fixture
def course(tmp_path):
    return make_course(tmp_path / "course")


@pytest.mark.slow
def test_a_course_in_order_passes_every_step(course, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["test", "--root", str(course), "--labs", "1", "--out", "kept"]) == 0
    said = capsys.readouterr().out
    assert "| 01 | clean | 1 passed | 1 red, 1 green of 1 | 1 of 1 as they should be |" in said
    assert "nothing is installed" in said and (tmp_path / "kept/lab01/.git").is_dir()


@pytest.mark.slow
def test_a_lab_without_tests_passes_and_exercises_may_run_by_their_cells(course, capsys):
    command = ["test", "--root", str(course), "--labs", "2", "--fast", "--only", "tests", "--only", "exercises"]
    assert main(command) == 0
    assert "| 02 | none of its own | 2 of 2 as they should be |" in capsys.readouterr().out


def after(course, number, folder, step, quick=False):
    read = read_course(course)
    return take(step, read, number, make_lab(read, number, folder), quick)


def test_a_fault_of_style_is_told(course, tmp_path):
    replace(course / "pkg/add.py", "def add", "import os\n\n\ndef add")
    step = after(course, 1, tmp_path, "lint")
    assert not step.good and "F401" in step.output


@pytest.mark.slow
def test_a_test_that_fails_in_its_lab_is_told(course, tmp_path):
    replace(course / "tests/test_add.py", "add(1, 2) == 3", "add(1, 2) == 4")
    step = after(course, 1, tmp_path, "tests")
    assert not step.good and step.words == "1 failed"


@pytest.mark.slow
def test_a_test_that_imports_what_no_lab_has_is_told(course, tmp_path):
    replace(
        course / "tests/test_add.py", "from pkg.add", "import api_server\nfrom pkg.add"
    )  # of the editable repository
    step = after(course, 1, tmp_path, "tests")
    assert (step.good, step.words) == (False, "not collected") and "No module named 'api_server'" in step.output


@pytest.mark.slow
def test_a_wrong_answer_that_passes_is_told(course, tmp_path):
    edit_notebook(
        course / "notebooks/lab01_add.ipynb", lambda cells: cells[3].metadata.update(wrong=["    return b + a"])
    )
    step = after(course, 1, tmp_path, "wrong")
    assert not step.good and step.words == "0 of 1 as they should be" and "return b + a" in step.output


@pytest.mark.slow
def test_a_cell_that_breaks_where_an_exercise_is_open_is_told(course, tmp_path):
    edit_notebook(course / "notebooks/lab01_add.ipynb", lambda cells: cells[5].update(source="plus(1, 2)"))
    step = after(course, 1, tmp_path, "exercises")
    assert not step.good and "lab01_add.ipynb does not reach its end" in step.output


@pytest.mark.slow
def test_an_exercise_that_is_green_before_it_is_solved_is_told(course, tmp_path):
    edit_notebook(
        course / "notebooks/lab01_add.ipynb",
        lambda cells: cells[4].update(source=cells[4].source.split("    assert")[0] + "    pass"),
    )
    step = after(course, 1, tmp_path, "exercises")
    assert not step.good and step.words == "0 red, 1 green of 1"


def test_locks_are_those_of_the_repository(course, tmp_path):
    (course / "requirements").mkdir()
    (course / "requirements/prod.txt").write_text("numpy==2\n# lab 02: begin\ntorch==2\n# lab 02: end\n")
    replace(course / "labs/labs.yaml", "      - run.sh\n", "      - run.sh\n      - requirements/prod.txt\n")
    with pytest.raises(UserError, match="requirements/prod.txt: differs in lab 01"):
        make_lab(read_course(course), 1, tmp_path, solutions)


def test_a_lab_runs_without_the_variables_of_the_repositorys_own_tests(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_RUNS", "elsewhere")
    named = environment(tmp_path, LAB_FAST="1")
    assert "LAB_RUNS" not in named and named["LAB_FAST"] == "1" and named["PYTHONPATH"].endswith(f":{tmp_path}")


def test_an_unknown_step_is_refused(course, capsys):
    assert main(["test", "--root", str(course), "--only", "test"]) == 2
    assert "--only test: no such step; did you mean tests?" in capsys.readouterr().err
