"""Grading a class in which somebody is always up to something: each gets a row, and nothing outside is touched."""

import csv
import os
import shutil
import time
import zipfile
from dataclasses import replace

import pytest

from labs.cutting import read_course
from labs.grade import judged, main
from labs.grading.sandbox import Outcome
from labs.grading.submissions import Submission, answer, submissions
from labs.grading.suspicion import unusual
from labs.grading.table import Row, printed, write_table
from labs.written import write_folder
from tests.labs.answers import needs_sandbox, plus
from tests.labs.small_course import edit_notebook


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ([("a", {"exercise": "01.1"})], "a"),
        ([("old", {"exercise": "01.1"}), ("new", {"exercise": "01.1"})], "new"),  # a copied cell: the last counts
        ([("a", {"exercise": "01.1"}), (" ", {"exercise": "01.1"})], "a"),  # an empty copy does not
        ([("a", {"id": "3"})], "a"),  # metadata lost, as some editors do
        ([("a", {}), ("check", {"check": "01.1"})], "a"),  # ids made anew, too
        ([("check", {"check": "01.1"})], None),
        ([], None),
    ],
)
def test_an_answer_is_found(cells, found):
    assert answer(cells, "01.1", "3") == found


@pytest.mark.parametrize(
    ("code", "odd"),
    [
        ("def f(x):\n    self = x\n    self.a = 1", []),
        ("class Yes:\n    def __eq__(self, other): return True", ["__eq__"]),
        ("import torch\ntorch.allclose = lambda *_: True", ["torch.allclose = ..."]),
        ("import sys\nsys.modules", ["sys"]),
        ("from notebooks.exercise import note", ["notebooks.exercise"]),
        ("f.__globals__", ["__globals__"]),
        ("(lambda: 0).__class__.__bases__", ["__bases__", "__class__"]),
        ("open('solution')", ["open"]),
        ("eval('1')", ["eval"]),
        ("from unittest.mock import ANY", ["ANY", "mock", "unittest"]),
        ("class Y: __eq__ = lambda self, other: True", ["__eq__"]),
        ("Y = type('Y', (), {'__eq__': lambda self, other: True})", ["__eq__"]),
        ("import io\nio.FileIO(0)", ["FileIO", "io"]),
    ],
)
def test_what_no_solution_needs_is_named(code, odd):
    assert unusual(code, "import torch\ndef f(x): return x") == odd
    assert unusual(code, code) == []


def test_a_green_box_for_an_odd_answer_is_looked_at_by_a_person(question):
    class Green:
        def ask(self, question, given):
            return Outcome("done")

    given = Submission("eve", {"01": [("import gc\n" + plus("return a + b"), {"exercise": "01.1"})]})
    assert judged(given, question, Green()) == Outcome("look", "passes, and uses gc", 0.0)


def test_one_answer_does_not_end_the_grading_of_a_class(question):
    class Broken:
        def ask(self, question, given):
            raise RecursionError("too deep")

    deep = plus("return a + b") + "\nplus.t[" + "+".join("1" * 3000) + "].y = 0"
    given = Submission("eve", {"01": [(deep, {"exercise": "01.1"})]})
    assert judged(given, question, Broken()) == Outcome("not asked", "RecursionError: too deep")
    Broken.ask = lambda self, question, given: Outcome("done")
    assert judged(given, question, Broken()).verdict == "look"


def test_an_answer_that_uses_more_of_the_notebook_than_the_solution_gets_it(question):
    asked = []

    class NeedsMore:
        def ask(self, question, given):
            asked.append(len(question.before))
            return Outcome("done" if len(question.before) > 2 else "broken", "NameError: name 'torch' is not defined")

    given = Submission("ada", {"01": [(plus("return torch.add(a, b)"), {"exercise": "01.1"})]})
    whole = replace(question, before=(*question.before, "import torch"))
    assert judged(given, question, NeedsMore(), whole).verdict == "done" and asked == [2, 3]
    asked.clear()
    given = Submission("bob", {"01": [(plus("return numpy.add(a, b)"), {"exercise": "01.1"})]})
    assert judged(given, question, NeedsMore(), whole).verdict == "broken" and asked == [2]


def test_submissions_of_every_kind_are_read_and_what_is_none_is_said(course, tmp_path):
    good = (course / "notebooks/lab01_add.ipynb").read_text()
    folder = tmp_path / "class"
    (folder / "ada/lab01/notebooks").mkdir(parents=True)
    (folder / "ada/lab01/notebooks/lab01_add.ipynb").write_text(good)
    (folder / "ada/lab01/.ipynb_checkpoints").mkdir()
    (folder / "ada/lab01/.ipynb_checkpoints/lab01_add.ipynb").write_text("{}")
    (folder / "empty").mkdir()
    (folder / "link").symlink_to("/etc")
    (folder / "fifo").mkdir()
    os.mkfifo(folder / "fifo/lab01_add.ipynb")
    (folder / "torn.zip").write_bytes(b"PK\x03\x04torn")
    with zipfile.ZipFile(folder / "bob.zip", "w") as archive:
        archive.writestr("lab01/notebooks/lab01_add.ipynb", good)
    with zipfile.ZipFile(folder / "climber.zip", "w") as archive:
        archive.writestr("../../../climbed/lab01_add.ipynb", good)
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lab01_add.ipynb", bytes(50_000_000))
    (folder / "nonsense").mkdir()
    (folder / "nonsense/lab01_add.ipynb").write_text('{"cells": 3}')
    (folder / "deep").mkdir()
    (folder / "deep/lab01_add.ipynb").write_text("[" * 200_000)
    (folder / "crowded").mkdir()
    cells = ", ".join(["{}"] * 1_900_000)
    (folder / "crowded/lab01_add.ipynb").write_text(f'{{"nbformat": 4, "cells": 3, "x": [{cells}]}}')
    (folder / "hoarder").mkdir()
    for number in range(51):
        (folder / f"hoarder/{number:02}.ipynb").write_text("[]")
    (folder / "binary").mkdir()
    (folder / "binary/lab01_add.ipynb").write_bytes(bytes(range(256)))
    (folder / "otto").mkdir()
    (folder / "bob.zip").rename(folder / "otto/Bob's work.ZIP")
    (folder / "renamed (1).ipynb").write_text(good)
    (folder / "notes.txt").write_text("no work")
    began = time.monotonic()
    found = {one.student: one for one in submissions(folder)}
    assert time.monotonic() - began < 30
    assert set(found) == {path.name if path.suffix == ".txt" else path.stem for path in folder.iterdir()}
    assert [name for name, one in found.items() if "01" in one.notebooks] == ["ada", "climber", "otto", "renamed (1)"]
    assert found["notes.txt"].problem == "holds no notebook of a lab; it holds notes.txt"
    assert not list(tmp_path.parent.rglob("climbed"))
    assert "holds no notebook" in found["empty"].problem and "symbolic link" in found["link"].problem
    assert "no plain file" in found["fifo"].problem and "BadZipFile" in found["torn"].problem
    assert "larger than" in found["bomb"].problem and "no notebook" in found["nonsense"].problem
    assert found["hoarder"].notes[-1] == "holds more than 50 notebooks, the others were not read"
    assert "no notebook" in found["deep"].problem and "no notebook" in found["binary"].problem


def test_the_table_holds_no_formula_and_no_escape(tmp_path):
    rows = [Row("=HYPERLINK(1)", {"01.1": Outcome("not yet", "\x1b[2J@SUM")}, note="+note"), Row("ada")]
    write_table(tmp_path / "grades.csv", rows, ["01.1"])
    with (tmp_path / "grades.csv").open() as stream:
        table = list(csv.reader(stream))
    assert table[1] == ["'=HYPERLINK(1)", "0", "not yet:  [2J@SUM", "'+note"]
    assert "\x1b" not in "".join(printed(rows, ["01.1"]))


@needs_sandbox
@pytest.mark.slow
def test_a_class_is_graded_to_the_end(course, tmp_path, capsys):
    folder = tmp_path / "class"
    lab = tmp_path / "lab01"
    write_folder(lab, read_course(course).lab(1), course)
    answers = {
        "ada": plus("return a + b"),
        "bob": plus("return a - b"),
        "cy": None,
        "dan": "while True: pass",
        "eve": "import os\nos._exit(0)",
    }
    for student, code in answers.items():
        shutil.copytree(lab, folder / student)
        if code is not None:
            notebook = folder / student / "notebooks/lab01_add.ipynb"
            edit_notebook(notebook, lambda cells, code=code: cells[3].update(source=code))
    (folder / "zoe.zip").write_bytes(b"")
    out = tmp_path / "grades.csv"
    assert main([str(folder), "--root", str(course), "--out", str(out), "--seconds", "15"]) == 0
    with out.open() as stream:
        table = {row["student"]: row for row in csv.DictReader(stream)}
    said = {student: row["01.1"].split(":")[0] for student, row in table.items()}
    wanted = ["done", "not yet", "not yet", "timed out", "broken", "missing"]
    assert said == dict(zip([*answers, "zoe"], wanted, strict=True))
    assert "BadZipFile" in table["zoe"]["note"] and table["ada"]["done"] == "1"
    assert "ada: 1 of 1 done" in capsys.readouterr().out
