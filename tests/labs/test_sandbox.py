"""One answer in its sandbox: it gets its verdict whatever it is up to, and nothing outside is touched."""

import os
import socket
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from labs.grade import main
from labs.grading.sandbox import Limits, Sandbox
from labs.grading.warm import ask as ask_warm
from tests.labs.answers import RIGHT, WRONG, needs_sandbox, plus

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
