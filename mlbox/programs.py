"""The only module that starts programs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import IO, Any

from mlbox.faults import ABSENT, Fault

Process = subprocess.Popen[bytes]
PIPE = subprocess.PIPE


def call(argv: Sequence[str], stdin: bytes = b"", capture: bool = False) -> tuple[int, str]:
    """Run a program to its end.

    Returns:
        Its exit code, and what it printed where `capture` is set.

    Raises:
        Fault: it is not installed.
    """
    try:
        done = subprocess.run(argv, input=stdin, stdout=subprocess.PIPE if capture else None)
    except FileNotFoundError:
        raise Fault(f"{argv[0]}: not installed on this machine; install it", ABSENT) from None
    return done.returncode, (done.stdout or b"").decode("utf-8", "replace")


def start(
    argv: Sequence[str],
    stdin: IO[bytes] | int = subprocess.DEVNULL,
    stdout: IO[bytes] | None = None,
    stderr: IO[bytes] | None = None,
    keep_open: Sequence[int] = (),
    variables: Mapping[str, str] | None = None,
) -> Process:
    """Start a program in a session of its own, so that Ctrl-C reaches it only through us.

    Args:
        keep_open: file descriptors that it inherits.
    """
    options: dict[str, Any] = {"pass_fds": tuple(keep_open), "start_new_session": True}
    environ = {**os.environ, **(variables or {})}
    return subprocess.Popen(argv, stdin=stdin, stdout=stdout, stderr=stderr, env=environ, **options)
