"""What a student sees below a check cell, and what a teacher's program reads."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from notebooks.exercise import LONGEST, exercise

ROOT = Path(__file__).parents[2]


def test_a_block_that_holds_is_done(capsys):
    with exercise("03.1", "time steps to text"):
        assert [1, 2] == [1, 2]
    assert capsys.readouterr().out == "exercise 03.1 (time steps to text): done\n"


def broken():
    return {}["x"]


class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("not even this")


def raises(error: BaseException):
    raise error


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (lambda: raises(AssertionError("[0, 0] gave [0]")), "[0, 0] gave [0]"),
        (lambda: raises(NotImplementedError("drop the blanks")), "drop the blanks"),
        (lambda: raises(AssertionError()), "AssertionError, at 'raise error'"),  # a bare assert still says where
        (lambda: broken(), "KeyError: 'x', at 'return {}[\"x\"]'"),  # a mistake says what and where
        (lambda: raises(SystemExit(3)), "SystemExit: 3, at 'raise error'"),  # exit() would end Run all
        (lambda: raises(AssertionError("two\n  lines")), "two lines"),
        (lambda: raises(AssertionError("\ud800")), "\\ud800"),  # a terminal cannot show half a character
        (lambda: raises(Mute()), "Mute, at 'raise error'"),
        (lambda: raises(AssertionError("x" * 5000)), "x" * LONGEST + "..."),
    ],
)
def test_whatever_goes_wrong_is_told_in_a_line_and_does_not_leave_the_block(block, message, capsys):
    with exercise("03.1", "steps"):
        block()
    assert capsys.readouterr().out == f"exercise 03.1 (steps): not done yet - {message}\n"


def test_ctrl_c_leaves_the_block():
    with pytest.raises(KeyboardInterrupt), exercise("03.1", "steps"):
        raise KeyboardInterrupt


def test_the_verdicts_are_noted_one_below_the_other(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_CHECKS", str(tmp_path / "checks.jsonl"))
    for number, fine in (("03.1", True), ("03.2", False)):
        with exercise(number, "steps"):
            fine or raises(AssertionError("no, ✗"))
    noted = [json.loads(line) for line in (tmp_path / "checks.jsonl").read_text(encoding="utf-8").splitlines()]
    assert noted == [
        {"exercise": "03.1", "done": True, "message": ""},
        {"exercise": "03.2", "done": False, "message": "no, ✗"},
    ]


def test_a_program_that_is_no_notebook_needs_no_ipython():
    program = (
        "import sys; sys.modules['IPython'] = None\n"
        "from notebooks.exercise import exercise\nwith exercise('01.1', 'x'): pass"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("exercise 01.1 (x): done\n", "")


@pytest.mark.notebook
def test_a_notebook_shows_boxes_and_runs_on_to_its_end():
    cells = [
        f"import os; os.chdir({os.fspath(ROOT)!r})\nfrom notebooks.exercise import exercise",
        "with exercise('01.1', 'good'):\n    assert True",
        "with exercise('01.2', 'bad'):\n    assert 1 == 2, '<b> & so on'",
        "print('the end')",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=60).execute()
    good, bad = (notebook.cells[k].outputs[0].data for k in (1, 2))
    assert "done" in good["text/html"] and "1a7f37" in good["text/html"]
    assert "cf222e" in bad["text/html"] and "not done yet - &lt;b&gt; &amp; so on" in bad["text/html"]
    assert bad["text/plain"] == "exercise 01.2 (bad): not done yet - <b> & so on"
    assert notebook.cells[3].outputs[0].text == "the end\n"
