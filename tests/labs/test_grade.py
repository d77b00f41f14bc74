"""Grading a class in which somebody is always up to something: each gets a row, and nothing outside is touched."""

import csv
import os
import shutil
import socket
import tempfile
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import nbformat
import psutil
import pytest

from labs.cutting import read_course
from labs.grade import judged, main
from labs.grading.questions import questions
from labs.grading.sandbox import Limits, Outcome, Sandbox, refuse_without_sandbox
from labs.grading.slices import names, needed
from labs.grading.submissions import Submission, answer, submissions
from labs.grading.suspicion import unusual
from labs.grading.table import Row, printed, write_table
from labs.grading.warm import ask as ask_warm
from labs.written import write_folder
from tests.labs.small_course import edit_notebook, make_course
from text_recognizer.errors import UsageError


def kept_in() -> str:
    try:
        refuse_without_sandbox()
    except UsageError as problem:
        return str(problem)
    return ""


needs_sandbox = pytest.mark.skipif(bool(kept_in()), reason=kept_in() or "a sandbox")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    return make_course(tmp_path_factory.mktemp("grade") / "course")


@pytest.fixture(scope="module")
def question(course):
    return questions(read_course(course), 1)[0]


@pytest.fixture(scope="module")
def lab(course, tmp_path_factory):
    folder = tmp_path_factory.mktemp("labs") / "lab01"
    write_folder(folder, read_course(course).lab(1), course)
    return folder


@pytest.fixture(scope="module")
def ask(lab, question):
    limits = Limits(seconds=20, memory=600 << 20, processes=20, disk=16 << 20)

    def asked(code, **changed):
        return Sandbox(lab, Limits(**{**limits.__dict__, **changed})).ask(question, code)

    return asked


def plus(body: str) -> str:
    return "def plus(a, b):\n" + "".join(f"    {line}\n" for line in body.splitlines())


def test_an_exercise_needs_the_cells_that_define_its_names(question):
    assert question.number == "01.1" and question.solution == "def plus(a, b):\n    return a + b"
    assert question.task == 'def plus(a, b):\n    raise NotImplementedError("give a + b")'
    assert question.wrong == ("def plus(a, b):\n    return a - b",)
    assert question.before[-1].startswith("def three") and len(question.before) == 2


@pytest.mark.parametrize(
    ("cells", "taken"),
    [
        (["a = 1", "b = 2", "f(a)"], [0]),  # only what is used
        (["a = 1", "b = a", "f(b)"], [0, 1]),  # what that uses
        (["a = 1", "a = 2", "f(a)"], [1]),  # the last that gives the name a value
        (["a = 1", "a += 2", "f(a)"], [0, 1]),  # unless it goes on from the one before
        (["import x", "x.y = 2", "f(x)"], [0, 1]),  # what is changed inside
        (["for a in b: pass", "b = []", "f(a)"], [0]),  # in the order of the notebook
        (["%magic a", "a = 1", "f(a)"], [1]),
        (["a = 1", "b = 2", "f([a for a in b])"], [1]),  # a name of the comprehension alone
        (["a = 1", "b = 2", "def g(a):\n    c = a\n    return b, c"], [1]),  # of the function alone
        (["a = 1", "b = 2", "for a in b: f(a)"], [1]),  # which the cell gives a value before
        (["a = 1", "b = 2", "a = a + b"], [0, 1]),  # and after
        (["c = 1", "b = 2", "def g(): return b + d\nd = 1"], [1]),  # a function is called later
        (["a = 1", "b = 2", "class G(a):\n    c: b\n    def m(self): return self.c"], [0, 1]),
    ],
)
def test_the_cells_that_are_needed(cells, taken):
    assert needed(cells, 2, "f") == taken


@pytest.mark.parametrize(
    ("cell", "defined", "wanted"),
    [
        ("def f(x):\n    inner = x + outer\n    return inner", {"f"}, {"outer"}),
        ("def f():\n    made = {}\n    made[0] = 1", {"f"}, set()),
        ("x = [y for y in z]", {"x"}, {"z"}),
        ("def f(x=size): pass\nsize = 5", {"f", "size"}, {"size"}),
        ("try: a\nexcept E as e: e", set(), {"a", "E"}),
        ("match a:\n    case [b, *c]: b, c", set(), {"a"}),
        ("with a as b: b", {"b"}, {"a"}),
        ("a: int = b\na", {"a"}, {"b"}),
        ("f(lambda x: x + y)\ny = 1", {"y"}, {"f"}),
    ],
)
def test_what_a_cell_defines_and_wants(cell, defined, wanted):
    assert names(cell) == (defined, wanted)


RIGHT, WRONG = plus("return a + b"), plus("return a - b")
MOVES = """\
import pathlib
for name in ("a", "b"):
    pathlib.Path(name).mkdir()
pathlib.Path("a/x").write_text("x")
pathlib.Path("a/x").rename("b/x")
"""
ANSWERS = [
    (MOVES + RIGHT, "done", ""),
    (plus('raise NotImplementedError("give a + b")'), "not yet", "give a + b"),
    (plus("return a +"), "broken", "SyntaxError"),
    ("1 / 0", "broken", "ZeroDivisionError"),
    ("", "not yet", "NameError: name 'plus' is not defined"),
    (plus("return open('pkg/add.py').read() and a + b"), "done", ""),  # the lab's own files are there
    (plus("open('mine.txt', 'w').write('x')\nreturn a + b"), "done", ""),  # and what it writes is its own
    ("three = lambda b: plus(3, b)\n" + plus("return 7"), "not yet", "3 and 2 gave 7"),  # the teacher's names stay
    ("import builtins\nbuiltins.AssertionError = Exception\n" + plus("return 7"), "not yet", "3 and 2 gave 7"),
    ("from notebooks import exercise\nexercise.exercise = None\n" + plus("return 7"), "not yet", "3 and 2 gave 7"),
    ('print("exercise 01.1 (plus): done")\n' + plus("return 7"), "not yet", "3 and 2 gave 7"),
]


@needs_sandbox
def test_an_answer_is_judged_by_the_teachers_check(ask):
    assert ask(RIGHT).verdict == "done"
    outcome = ask(WRONG)
    assert (outcome.verdict, outcome.message) == ("not yet", "3 and 2 gave 1")


@needs_sandbox
@pytest.mark.slow
@pytest.mark.parametrize(("code", "verdict", "message"), ANSWERS)
def test_an_answer_gets_its_verdict(ask, code, verdict, message):
    outcome = ask(code)
    assert (outcome.verdict, outcome.message[: len(message)]) == (verdict, message), outcome


FORGED = """
import glob, json, os
for number in range(3, 64):
    try:
        os.write(number, b'{"stage": "answered", "message": ""}\\n{"stage": "verdict", "done": true, "word": "1"}\\n')
    except OSError:
        pass
"""
HOSTILE = [
    ("leaves before it is judged", "import os\nos._exit(0)", "broken", "ended with 0 before it was judged"),
    ("leaves within the check", plus("import os\nos._exit(0)"), "broken", "ended with 0 before it was judged"),
    ("leaves politely", plus("raise SystemExit(0)"), "not yet", ""),
    ("crashes Python", "import ctypes\nctypes.string_at(0)", "broken",
     "before it was judged"),
    ("never ends", "while True: pass", "timed out", "more than 5 s"),
    ("never ends and ignores signals", "import signal\nsignal.signal(15, signal.SIG_IGN)\n" + plus("while True: pass"),
     "timed out", "more than 5 s"),
    ("forges a verdict", FORGED, "broken", "it forges a verdict"),
    ("floods the pipes", "import os\nwhile True:\n    for n in range(3, 64):\n        try: os.write(n, b'x' * 65536)\n"
     "        except OSError: pass", "broken", "the grader's pipe"),
    ("takes all memory", "hog = b'x' * (8 << 30)", "broken", "MemoryError"),
    ("takes memory bit by bit in children",

     "import os\nfor _ in range(8):\n    if not os.fork():\n        hog = bytearray(200 << 20)\n"
     "        hog[::4096] = bytes(len(hog[::4096]))\n        import time; time.sleep(60)\nimport time; time.sleep(60)",
     "too much", "MB of memory"),
    ("a fork bomb", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", "too much",
     "processes at a time"),
    ("fills the disk", "open('big', 'wb').write(bytes(32 << 20))", "broken", "OSError"),
    ("reads the network", "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=3)", "broken", "OSError"),
    ("asks a name server", "import socket\nsocket.getaddrinfo('example.org', 80)", "broken", "gaierror"),
    ("reads a home", f"open('{os.path.expanduser('~')}/.bashrc').read()", "broken", "No such file"),
    ("reads the machine's settings", "import os\nos.listdir('/etc')", "broken", "PermissionError"),
    ("asks a socket of the machine", "import socket\nsocket.socket(socket.AF_UNIX).connect(SOCKET)", "broken",
     "No such file"),
    ("changes the rights of a file", "import os\nos.chmod(SECRET, 0o777)", "broken", "No such file"),
    ("empties a file", "import os\nos.truncate(SECRET, 0)", "broken", "No such file"),
    ("changes the packages", "import os, json\nos.chmod(json.__file__, 0o600)", "broken", "Read-only file system"),
    ("hides from the grader's clock", "import ctypes, os, time\nctypes.CDLL(None).prctl(1, 0)\nos.setsid()\n"
     "while True: time.sleep(0.2)", "timed out", "more than 5 s"),
    ("answers with depth", "import os\nfor n in range(3, 64):\n    try: os.write(n, b'[' * 50000 + b'\\n')\n"
     "    except OSError: pass", "broken", "the grader's pipe"),
    ("kills the grader", f"import os, signal\nos.kill({os.getpid()}, signal.SIGKILL)", "broken", "ProcessLookupError"),
    ("mounts", "import subprocess\nsubprocess.run(['mount', '-t', 'tmpfs', 'x', '/etc'], check=True)", "broken",
     "CalledProcessError"),
]  # fmt: skip


@needs_sandbox
@pytest.mark.slow
@pytest.mark.parametrize(("code", "verdict", "message"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_a_hostile_answer_gets_its_verdict_and_leaves_nothing_behind(
    ask, tmp_path, monkeypatch, code, verdict, message
):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # which tells these answers from others
    began, secret = time.monotonic(), tmp_path / "secret"
    secret.write_text("secret")
    secret.chmod(0o640)
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp_path / "agent.sock"))
        agent.listen()
        code = f"SECRET, SOCKET = {str(secret)!r}, {agent.getsockname()!r}\n{code}"
        outcome = ask(code, seconds=5 if verdict == "timed out" else 30)
    assert outcome.verdict == verdict and message in outcome.message, outcome
    assert time.monotonic() - began < 60
    assert secret.read_text() == "secret" and secret.stat().st_mode & 0o777 == 0o640
    end = time.monotonic() + 10  # a namespace with many processes takes a moment to die
    while answering(tmp_path) and time.monotonic() < end:
        time.sleep(0.05)
    assert not answering(tmp_path), "an answer outlived its time"


def answering(folder: Path) -> list[int]:
    """Return the processes of answers whose home lies in a folder."""
    found = psutil.process_iter(["environ"])
    return [each.pid for each in found if (each.info["environ"] or {}).get("HOME", "").startswith(f"{folder}/answer")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "verdict", "message"),
    [
        (RIGHT, "done", ""),
        (WRONG, "not yet", ""),
        (plus("raise NotImplementedError('give a + b')"), "not yet", "give a + b"),
        ("1 / 0", "broken", "ZeroDivisionError"),
        ("import os\nos._exit(0)", "broken", "ended before it was judged"),
        ("while True: pass", "timed out", "more than 3 s"),
        (plus("return open('pkg/add.py').read() and a + b"), "done", ""),
        ("import labs.cutting\n" + RIGHT, "broken", "No module named 'labs'"),  # a lab sees itself alone
    ],
)
def test_the_teachers_own_answers_are_judged_alike_without_a_sandbox(lab, question, code, verdict, message):
    outcome = ask_warm(lab, question, code, seconds=3 if verdict == "timed out" else 60)
    assert outcome.verdict == verdict and message in outcome.message, outcome
    assert not [each for each in psutil.process_iter(["cwd"]) if each.info["cwd"] == str(lab)], "a process was left"


@needs_sandbox
@pytest.mark.slow
def test_no_file_outside_is_changed_or_read(ask, lab, course, tmp_path):
    secret = tmp_path / "solutions.txt"
    secret.write_text("return a + b")
    before = sorted(path.read_bytes() for path in lab.rglob("*") if path.is_file())
    code = f"""
import os, pathlib, shutil
shutil.rmtree({str(lab)!r}, ignore_errors=True)
shutil.rmtree({str(course)!r}, ignore_errors=True)
shutil.rmtree({str(tmp_path)!r}, ignore_errors=True)
shutil.rmtree(".", ignore_errors=True)
seen = []
for name in ({str(secret)!r}, {str(course / "labs/labs.yaml")!r}):
    try: seen.append(open(name).read())
    except OSError: pass
for name in ({str(tmp_path / "new")!r}, "/tmp/new-file-of-a-student", "/etc/new-file-of-a-student"):
    try: open(name, "w").write("x"); seen.append(name)
    except OSError: pass
def plus(a, b):
    return a + b if not seen else str(seen)
"""
    outcome = ask(code)
    assert outcome.verdict == "done", outcome
    assert secret.read_text() == "return a + b" and (course / "labs/labs.yaml").exists()
    assert sorted(path.read_bytes() for path in lab.rglob("*") if path.is_file()) == before


@needs_sandbox
@pytest.mark.slow
def test_children_that_stay_are_killed(ask):
    mark = f"{os.getpid()}.5"
    code = f"import subprocess\nsubprocess.Popen(['sleep', '{mark}'], start_new_session=True)\n" + plus("return a + b")
    assert ask(code).verdict == "done"
    time.sleep(0.3)
    assert not [found for found in psutil.process_iter(["cmdline"]) if mark in " ".join(found.info["cmdline"] or ())]


@needs_sandbox
@pytest.mark.slow
def test_a_server_of_ones_own_can_be_reached(ask):
    code = """
import socket
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname()).close()
""" + plus("return a + b")
    assert ask(code).verdict == "done"


@pytest.mark.slow
def test_without_a_sandbox_answers_are_limited_all_the_same(lab, question):
    sandbox = Sandbox(lab, Limits(seconds=8), unsafe=True)
    assert sandbox.ask(question, question.solution).verdict == "done"
    assert sandbox.ask(question, question.wrong[0]).verdict == "not yet"
    assert sandbox.ask(question, "while True: pass").verdict == "timed out"
    assert (lab / "pkg/add.py").exists()


def test_a_machine_without_namespaces_is_refused(tmp_path, monkeypatch, capsys, course):
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin/unshare"
    program.write_text("#!/bin/sh\necho 'unshare: Operation not permitted' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.chdir(tmp_path)
    assert main([str(tmp_path), "--root", str(course)]) == 2
    assert (
        "error: unshare: this system gives no namespaces (unshare: Operation not permitted)" in capsys.readouterr().err
    )
    program.unlink()
    assert main([str(tmp_path), "--root", str(course)]) == 2
    assert "is not installed (package util-linux)" in capsys.readouterr().err


def bare(cells, **metadata):
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    return nbformat.writes(notebook)


def cell(source, **metadata):
    return nbformat.v4.new_code_cell(source, metadata=metadata)


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
