"""A process that has everything imported and prepares sets in children of its own, which a test may kill.

It reads rows of JSON, ``[class, options]``, forks and prints the child's process id; at the next row it waits for the
child and prints its exit status.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Preparer:
    """The other end of such a process, for tests; use it as a context."""

    def __enter__(self) -> Preparer:
        command = [sys.executable, "-m", "tests.data.preparing"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._row() == "ready"
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(20)

    def start(self, kind: str, **options: object) -> int:
        """Begin to prepare a set and return the process id."""
        self._tell(json.dumps([kind, options]))
        return int(self._row())

    def ended(self) -> int:
        """Wait for the end and return the exit status, negative for a signal."""
        self._tell("reap")
        return int(self._row())

    def prepare(self, kind: str, **options: object) -> float:
        """Prepare a set undisturbed and return the seconds it took."""
        begin = time.monotonic()
        self.start(kind, **options)
        assert self.ended() == 0
        return time.monotonic() - begin

    def kill_after(self, seconds: float, kind: str, **options: object) -> int:
        """Prepare a set, end it with SIGKILL after some seconds and return its exit status."""
        pid = self.start(kind, **options)
        time.sleep(seconds)
        os.kill(pid, signal.SIGKILL)
        return self.ended()

    def _tell(self, row: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(row + "\n")
        self.process.stdin.flush()

    def _row(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()


def main() -> None:
    from text_recognizer.data.__main__ import _kinds, _plain

    kinds = _kinds()
    import_module("scipy.io")
    print("ready", flush=True)
    while row := sys.stdin.readline():
        name, options = json.loads(row)
        child = os.fork()
        if not child:
            _prepare(kinds[_plain(name)], options)
        print(child, flush=True)
        sys.stdin.readline()  # until then the child's number is its own, even when it has ended
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _prepare(kind: type, options: dict) -> None:
    try:
        options["folder"] = Path(options["folder"])
        kind(**options).prepare_data()
        code = 0
    except BaseException:
        traceback.print_exc()
        code = 1
    os._exit(code)


if __name__ == "__main__":
    main()
