"""A place where a student's code can do no harm: namespaces without a network, Landlock, limits, and a watch over it.

unshare(1) gives the process its own network (only its own 127.0.0.1), its own process numbers and its own root: a file
system in memory that takes what is written to the lab, with Python, its packages and the system bound into it to be
read. No other file or socket has a name there; Landlock stands behind that. When the time or the memory is used up, all
of it is killed at once, since its first process, a shell, ends.
"""

from __future__ import annotations

import ctypes
import json
import os
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from labs.grading.slices import Question, names
from labs.grading.watching import held
from text_recognizer.errors import UsageError

CHILD = Path(__file__).with_name("child.py")
UNSHARE = ("unshare", "--map-root-user", "--mount", "--net", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc")
IN_PLACE = """
PATH="$PATH:/usr/sbin:/sbin" place="$1" lab="$2" python="$3" size="$4" child="$5" numbers="$6" new="$1/root"
shift 6
mount -t tmpfs -o size="$size" lab "$place" && cd "$place" && mkdir up work lab tmp root || exit 70
mount -t tmpfs -o size="$size" shm /dev/shm 2>/dev/null
mount -t overlay -o "lowerdir=$lab,upperdir=up,workdir=work" lab lab 2>/dev/null || cp -R "$lab/." lab || exit 70
[ -z "$numbers" ] || echo "$numbers" >/proc/sys/kernel/pid_max 2>/dev/null
mount -t tmpfs -o size=1m root "$new" || exit 70
for path in "$place/lab" "$place/tmp" "$child" "$@"; do
    if [ ! -e "$path" ] || [ -e "$new$path" ]; then continue; fi
    if [ -d "$path" ]; then mkdir -p "$new$path"; else mkdir -p "$new${path%/*}" && : >"$new$path"; fi
    mount --rbind "$path" "$new$path" || exit 70
done
mkdir "$new/old" && cd "$new" && pivot_root . old && umount -l /old && rmdir /old && cd "$place/lab" || exit 70
"$python" "$child"
exit "$?"
"""
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random", "/dev/shm", "/dev/full")
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/sbin", "/proc", "/sys/devices/system", "/sys/fs/cgroup")
CONFIGURED = "alternatives fonts group host.conf hosts ld.so.cache localtime mime.types nsswitch.conf passwd ssl"
"""What programs read of /etc; the rest of it is the teacher's."""
SAID = 1_000_000
"""Bytes of answers that are kept of one process."""


@dataclass(frozen=True)
class Limits:
    """What one answer may use.

    Args:
        seconds: of time, with its set-up.
        memory: bytes that all its processes hold together.
        processes: at a time, with threads not counted.
        disk: bytes that it may write.
    """

    seconds: float = 120.0
    memory: int = 4 << 30
    processes: int = 64
    disk: int = 256 << 20


@dataclass(frozen=True)
class Outcome:
    """What came of an answer: `done`, `not yet`, `broken`, `timed out`, `too much` or `not asked`, and why."""

    verdict: str
    message: str = ""
    seconds: float = 0.0


def refuse_without_sandbox() -> None:
    """Find out before the first answer whether this machine can keep them in.

    Raises:
        UsageError: unshare or Landlock is not to be had.
    """
    way_out = "grade on a Linux that has both, in a virtual machine for instance; --unsafe does without"
    if shutil.which("unshare") is None:
        raise UsageError(f"unshare: is not installed (package util-linux), answers cannot be kept in; {way_out}")
    tried = subprocess.run([*UNSHARE, "true"], capture_output=True, text=True)
    if tried.returncode:
        said = tried.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise UsageError(f"unshare: this system gives no namespaces ({said[0]}), answers cannot be kept in; {way_out}")
    if ctypes.CDLL(None).syscall(444, None, 0, 1) < 1:
        raise UsageError(f"Landlock: this kernel has none (5.13 brought it), answers cannot be kept in; {way_out}")


class Sandbox:
    """Runs answers in the code of one lab.

    Args:
        lab: its folder, which stays as it is.
        limits: of each answer.
        unsafe: run in a copy of the lab with limits alone; for code that is trusted.
    """

    def __init__(self, lab: Path, limits: Limits, unsafe: bool = False) -> None:
        self.lab, self.limits, self.unsafe = lab.resolve(), limits, unsafe

    def ask(self, question: Question, answer: str) -> Outcome:
        """Run an answer and its check; whatever the answer does, this returns."""
        began = time.monotonic()
        with TemporaryDirectory(prefix="answer") as name:
            place = Path(name)
            asked = _Asked(self, question, answer, place)
            try:
                outcome = asked.run()
            finally:
                asked.end()
            if self.unsafe:
                shutil.rmtree(place / "lab", ignore_errors=True)
        return Outcome(outcome.verdict, outcome.message, time.monotonic() - began)

    def command(self, place: Path) -> list[str]:
        """Return what starts the process, within a folder of its own."""
        if self.unsafe:
            return [sys.executable, str(CHILD)]
        size = str(self.limits.disk)
        return [
            *UNSHARE,
            "sh",
            "-c",
            IN_PLACE,
            "sh",
            str(place),
            str(self.lab),
            sys.executable,
            size,
            str(CHILD),
            numbers(),
            *self.readable(),
        ]

    def environment(self, place: Path) -> dict[str, str]:
        """Return the variables of the process: none of the teacher's but the path of programs."""
        lab, home = place / "lab", str(place / "tmp")
        named = {"LAB_FAST": "1", "LAB_RUNS": str(lab / "runs"), "HOME": home, "TMPDIR": home, "IPYTHONDIR": home}
        quiet = {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "PASSIVE"}
        stripped = str(CHILD.parent / "start")
        python = {"PYTHONPATH": f"{stripped}:{lab}", "PYTHONDONTWRITEBYTECODE": "1"}
        return {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", **named, **quiet, **python}

    def readable(self) -> list[str]:
        """Return what the process may read, outer folders first: Python, its packages, the system."""
        pythons = {sys.prefix, sys.base_prefix, sys.exec_prefix, *_homes_of_python()}
        configured = (f"/etc/{name}" for name in CONFIGURED.split())
        named = {*SYSTEM, *configured, *DEVICES, *pythons, str(CHILD.parent / "start")}
        return sorted({name for path in named for name in (path, os.path.realpath(path))})


def numbers() -> str:
    """Return how many process numbers a namespace gets; none before Linux 6.14, where the limit was the machine's."""
    major, minor = (int(part) for part in os.uname().release.split(".")[:2])
    return "600" if (major, minor) >= (6, 14) else ""


def _homes_of_python() -> set[str]:
    real = Path(sys.executable).resolve()
    return {str(real.parent), str(real.parents[1] / "lib")}


class _Asked:
    """One answer while it runs."""

    def __init__(self, sandbox: Sandbox, question: Question, answer: str, place: Path) -> None:
        self.sandbox, self.question, self.answer, self.place = sandbox, question, answer, place
        self.word, self.kept, self.said = secrets.token_hex(16), b"", b""
        self.stage, self.problem = "start", ""
        self.process: subprocess.Popen[bytes] | None = None

    def run(self) -> Outcome:
        reading, writing = os.pipe()
        if self.sandbox.unsafe:
            shutil.copytree(self.sandbox.lab, self.place / "lab", symlinks=True)
            (self.place / "tmp").mkdir()
        self.process = subprocess.Popen(
            self.sandbox.command(self.place),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(writing,),
            env=self.sandbox.environment(self.place),
            cwd=self.place / "lab" if self.sandbox.unsafe else None,
            start_new_session=True,
        )
        os.close(writing)
        try:
            self._send(self._job(writing))
            return self._wait(reading)
        finally:
            os.close(reading)

    def _job(self, answers: int) -> dict:
        limits = self.sandbox.limits
        bounds = {"RLIMIT_DATA": limits.memory, "RLIMIT_AS": 4 * limits.memory, "RLIMIT_FSIZE": limits.disk}
        if not self.sandbox.unsafe:  # elsewhere it counts all that the user runs
            bounds["RLIMIT_NPROC"] = 600
        return {
            "sandbox": not self.sandbox.unsafe,
            "answers": answers,
            "limits": {**bounds, "RLIMIT_CORE": 0, "RLIMIT_CPU": int(2 * limits.seconds) + 1},
            "readable": self.sandbox.readable(),
            "writable": [str(self.place), "/dev/null", "/dev/shm"],
            "before": list(self.question.before),
            "answer": self.answer,
        }

    def _send(self, message: dict) -> None:
        assert self.process is not None and self.process.stdin is not None
        with suppress(OSError):  # it has ended: what it said tells why
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()

    def _wait(self, reading: int) -> Outcome:
        assert self.process is not None and self.process.stderr is not None
        end = time.monotonic() + self.sandbox.limits.seconds
        with selectors.DefaultSelector() as selector:
            selector.register(reading, selectors.EVENT_READ)
            selector.register(self.process.stderr, selectors.EVENT_READ)
            watched = 0.0
            while time.monotonic() < end:
                for key, _ in selector.select(0.1):
                    data = os.read(key.fd, 65536)
                    if key.fd != reading:
                        self.said = (self.said + data)[-2000:]
                        if not data:
                            selector.unregister(key.fileobj)
                    elif not data:
                        return self._ended()
                    elif (outcome := self._heard(data)) is not None:
                        return outcome
                if time.monotonic() > watched + 0.1:
                    watched = time.monotonic()
                    if outcome := self._too_much():
                        return outcome
        return Outcome("timed out", f"more than {self.sandbox.limits.seconds:.0f} s")

    def _too_much(self) -> Outcome | None:
        assert self.process is not None
        count, memory = held(self.process.pid)
        if count > self.sandbox.limits.processes:
            return Outcome("too much", f"{count} processes at a time, {self.sandbox.limits.processes} are allowed")
        if memory > self.sandbox.limits.memory:
            return Outcome("too much", f"{memory >> 20} MB of memory, {self.sandbox.limits.memory >> 20} are allowed")
        return None

    def _heard(self, data: bytes) -> Outcome | None:
        self.kept += data
        if len(self.kept) > SAID:
            return Outcome("broken", "it floods the grader's pipe")
        *lines, self.kept = self.kept.split(b"\n")
        for line in lines:
            try:
                said = json.loads(line)
                outcome = self._said(str(said["stage"]), str(said.get("message", "")), said)
            except (ValueError, KeyError, TypeError, RecursionError):
                return Outcome("broken", "it writes to the grader's pipe")
            if outcome is not None:
                return outcome
        return None

    def _said(self, stage: str, message: str, said: dict) -> Outcome | None:
        if stage == "setup failed":
            return Outcome("not asked", f"the teacher's cells fail: {message}")
        if stage == "answered" and self.stage == "answer":
            if message and "NotImplementedError" not in message and not self._is_task(message):
                return Outcome("broken", message)
            self.problem = message
            defined = sorted(names(self.question.solution)[0])
            self._send({"check": self.question.check, "word": self.word, "defines": defined})
        elif stage == "verdict":
            if said.get("word") != self.word or self.stage != "answered":
                return Outcome("broken", "it forges a verdict")
            return Outcome("done" if said.get("done") is True else "not yet", self.problem or message)
        elif stage not in ("setup", "answer"):
            return Outcome("broken", "it writes to the grader's pipe")
        self.stage = stage
        return None

    def _is_task(self, message: str) -> bool:
        return bool(message) and message[:60] in self.question.task

    def _ended(self) -> Outcome:
        assert self.process is not None
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        code = self.process.returncode
        if self.stage in ("start", "setup"):
            last = self.said.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
            return Outcome("not asked", f"the process ended with {code} before the answer ran: {last[0][:200]}")
        return Outcome("broken", f"the process ended with {code} before it was judged")

    def end(self) -> None:
        """Kill whatever still runs."""
        if self.process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        for stream in (self.process.stdin, self.process.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
