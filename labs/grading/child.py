"""Runs one answer and its check in a process of its own; started by sandbox.py, by its path, with a job on its input,
or forked by warm.py for an answer that is trusted.

The check and the word that makes a verdict count come only when the answer's cell says that it has run. Standard
library and IPython only: nothing of the grader's folder can be read from here.
"""

from __future__ import annotations

import ast
import contextlib
import ctypes
import fcntl
import json
import os
import resource
import runpy
import socket
import struct
import sys
from typing import Any

READ, WRITE_FILE, EVERYTHING = 1 | 4 | 8, 2, (1 << 13) - 1
"""Rights of Landlock: execute, read a file, list a folder; write to a file; all that its first version knows."""
LONGEST = 300


def main() -> None:
    """Read a job, shut the doors, run the cells and answer on the pipe that the job names."""
    job = json.loads(sys.stdin.readline())
    _limit(job["limits"])
    if job["sandbox"]:
        _loopback_up()
        _read_only(["/", *job["readable"]])
        _landlock(job["readable"], job["writable"])
    answers = os.fdopen(job["answers"], "w", buffering=1)
    shell = _shell()
    tell(answers, stage="setup")
    for cell in job["before"]:
        if error := run(shell, cell):
            tell(answers, stage="setup failed", message=error)
            return
    known = dict(shell.user_ns)
    tell(answers, stage="answer")
    error = run(shell, job["answer"])
    tell(answers, stage="answered", message=error)
    late = json.loads(sys.stdin.readline())  # only now, so that an honest cell never had it
    verdict = judged(shell, known, late["check"], late["defines"])
    tell(answers, stage="verdict", word=late["word"], done=verdict == "", message=verdict)
    answers.flush()
    os._exit(0)  # threads and exit handlers of the answer have no last word


def judge(job: dict[str, Any], answers: Any) -> None:
    """Run a trusted answer and its check in a process that was forked for it, and send (verdict, message)."""
    os.setsid()
    for stream in range(3):
        os.dup2(os.open(os.devnull, os.O_RDWR), stream)
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["environment"])
    sys.path[:] = job["path"]
    for name in [name for name in sys.modules if name.partition(".")[0] == "labs"]:
        del sys.modules[name]  # the course's machinery, which this process was forked from; a lab sees itself alone
    runpy.run_path(os.path.join(job["path"][0], "sitecustomize.py"))
    answers.send(_outcome(_shell(), job))
    os._exit(0)


def _outcome(shell: Any, job: dict[str, Any]) -> tuple[str, str]:
    for cell in job["before"]:
        if error := run(shell, cell):
            return "not asked", f"the teacher's cells fail: {error}"
    known = dict(shell.user_ns)
    if error := run(shell, job["answer"]):
        return "broken", error
    message = judged(shell, known, job["check"], job["defines"])
    return "not yet" if message else "done", message


def tell(answers: Any, **said: Any) -> None:
    answers.write(json.dumps(said) + "\n")


def run(shell: Any, source: str) -> str:
    """Run a cell and return what went wrong."""
    with contextlib.suppress(KeyboardInterrupt):
        done = shell.run_cell(source, store_history=False, silent=True)
        return in_words(done.error_before_exec or done.error_in_exec)
    return "KeyboardInterrupt"


def in_words(error: BaseException | None) -> str:
    """Return an exception in one line, nothing for none."""
    if error is None:
        return ""
    try:
        said = " ".join(str(error).split())
    except Exception:
        said = ""
    plain = isinstance(error, AssertionError | NotImplementedError) and said
    return (said if plain else f"{type(error).__name__}: {said}".rstrip(": "))[:LONGEST]


def judged(shell: Any, known: dict[str, Any], check: str, defines: list[str]) -> str:
    """Run a check among the teacher's names and the answer's, and return what it says is wrong.

    Args:
        shell: that ran the answer.
        known: the names before the answer.
        check: the cell.
        defines: the names that an answer is asked for; all else that it made is out of the check's sight.
    """
    verdicts: list[str] = []

    @contextlib.contextmanager
    def exercise(number: str, title: str):  # type: ignore[no-untyped-def]
        try:
            yield
        except (Exception, SystemExit) as error:
            verdicts.append(in_words(error) or type(error).__name__)
        else:
            verdicts.append("")

    tree = ast.parse(check)
    for line in list(tree.body):
        if isinstance(line, ast.ImportFrom) and line.module == "notebooks.exercise":
            line.names = [alias for alias in line.names if alias.name != "exercise"]  # which is the one above
            if not line.names:
                tree.body.remove(line)
    names = {**known, "exercise": exercise}
    names |= {name: shell.user_ns[name] for name in defines if name in shell.user_ns}
    for name in defines:
        if name not in shell.user_ns:
            names.pop(name, None)
    try:
        exec(compile(tree, "check", "exec"), names)
    except BaseException as error:
        return in_words(error) or type(error).__name__
    return next((verdict for verdict in verdicts if verdict), "") if verdicts else "the check did not run"


def _shell() -> Any:
    from IPython.core.interactiveshell import InteractiveShell

    os.environ.setdefault("MPLBACKEND", "agg")
    shell: Any = InteractiveShell.instance()
    shell.showtraceback = lambda *_, **__: None
    shell.showsyntaxerror = lambda *_, **__: None
    return shell


def _limit(limits: dict[str, int]) -> None:
    for name, value in limits.items():
        number = getattr(resource, name, None)
        if number is not None:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(number, (value, value))


def _loopback_up() -> None:
    """Bring up the namespace's own 127.0.0.1, which leads nowhere else."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        fcntl.ioctl(link, 0x8914, struct.pack("16sh14x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP


def _read_only(paths: list[str]) -> None:
    """Make what is bound into the new root read-only, with all that is mounted below; devices and /proc stay."""
    call = ctypes.CDLL(None, use_errno=True).syscall
    attributes = struct.pack("=QQQQ", 1, 0, 0, 0)  # set MOUNT_ATTR_RDONLY
    for path in paths:
        if os.path.ismount(path) and not path.startswith(("/dev", "/proc", "/sys")):
            flags = 0 if path == "/" else 0x8000  # AT_RECURSIVE
            if call(442, -100, path.encode(), flags, attributes, len(attributes)):
                raise OSError(ctypes.get_errno(), f"{path} cannot be made read-only")


def _landlock(readable: list[str], writable: list[str]) -> None:
    """Give up the right to any other file, for this process and all that it starts."""
    call = ctypes.CDLL(None, use_errno=True).syscall
    version = call(444, None, 0, 1)
    handled = ctypes.c_uint64(
        EVERYTHING | (version >= 2) << 13 | (version >= 3) << 14
    )  # moving between folders; cutting
    rules = call(444, ctypes.byref(handled), 8, 0)
    if rules < 0:
        raise OSError(ctypes.get_errno(), "Landlock is not to be had")
    rights = [(path, READ) for path in readable] + [(path, handled.value) for path in writable]
    for path, right in rights:
        with contextlib.suppress(FileNotFoundError):
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            if not os.path.isdir(path):
                right &= 1 | 2 | 4 | 1 << 14
            rule = struct.pack("=Qi", right, place)
            if call(445, rules, 1, rule, 0):
                raise OSError(ctypes.get_errno(), f"Landlock refuses a rule for {path}")
            os.close(place)
    if ctypes.CDLL(None).prctl(38, 1, 0, 0, 0) or call(446, rules, 0):
        raise OSError(ctypes.get_errno(), "Landlock cannot be turned on")
    os.close(rules)


if __name__ == "__main__":
    main()
