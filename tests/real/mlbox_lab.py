"""What the tests of mlbox's platforms share: running it as a user does, the seed's lines, a table of what was run."""

from __future__ import annotations

import functools
import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.mlbox.boxes import ROOT, small_box

TABLE = ROOT / "outputs" / "platforms.json"
WEIGHTS = ROOT / "outputs" / "platforms_weights.json"
FAREWELL = "You said: Hello, Xinyuan! Goodbye, Xinyuan.\n"
EXITS = "import pathlib, sys\nprint('last words', flush=True)\nsys.exit(int(sys.argv[-1].split('=')[1]))\n"
BOTH = """\
  exits:
    params: {code: 37}
"""
IMPLEMENTATIONS = """\
  docker:
    type: docker
    image: mlbox/small:0.1
    dockerfile: Dockerfile
    entrypoint: implementation/src/task.py
  singularity:
    type: apptainer
    from: docker
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str
    seconds: float


def mlbox(*words: str | Path, variables: Mapping[str, str] | None = None, cwd: Path = ROOT) -> Ended:
    """Run `python -m mlbox` and return how it ended."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), **(variables or {})}
    begun = time.monotonic()
    command = [sys.executable, "-m", "mlbox", *map(str, words)]
    done = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=900)
    return Ended(done.returncode, done.stdout, done.stderr, time.monotonic() - begun)


def well(ended: Ended) -> Ended:
    """Return what ended with 0; an AssertionError shows what it said otherwise."""
    assert ended.code == 0, ended.out[-3000:] + ended.err[-6000:]
    return ended


def exits_box(folder: Path) -> Path:
    """Write a box whose task ends with the exit code that it is given, on any platform."""
    box = small_box(folder, BOTH, EXITS, IMPLEMENTATIONS)
    (box / "Dockerfile").write_text("ARG BASE=python:3.11-slim-bookworm\nFROM ${BASE}\n")
    return box


def hello_and_goodbye(box: str | Path, *platform: str, variables: Mapping[str, str] | None = None) -> float:
    """Configure, run hello and goodbye as the seed does, and return the seconds that hello took.

    Args:
        box: with its implementation, as in `hello_world/docker`.
        platform: FILE:NAME, or nothing.
    """
    root = Path(box).parent if not Path(box).is_dir() else Path(box)
    well(mlbox("configure", *platform, box, variables=variables))
    hello = well(mlbox("run", *platform, f"{box}:hello/xinyuan", variables=variables))
    assert hello.out == "Hello, Xinyuan!\n"
    well(mlbox("run", *platform, f"{box}:goodbye/xinyuan", variables=variables))
    farewell = root / "workspace/farewell_xinyuan.txt"
    assert farewell.read_text() == FAREWELL
    assert farewell.stat().st_uid == os.geteuid()
    again = well(mlbox("run", *platform, f"{box}:goodbye/xinyuan", variables=variables))
    assert again.err.count("not run again") == 2, again.err
    return hello.seconds


def timed(command: list[str], variables: Mapping[str, str] | None = None) -> float:
    """Return the seconds that a bare command takes, the better of two."""
    times = []
    for _ in range(2):
        begun = time.monotonic()
        done = subprocess.run(command, env={**os.environ, **(variables or {})}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        times.append(time.monotonic() - begun)
    return min(times)


def record(place: str, environment: str, seconds: float, bare: float) -> None:
    """Note that hello and goodbye ran on a platform, for instructions/platforms.md."""
    _note(TABLE, f"{place} + {environment}", [seconds, bare])


def record_weights(place: str, seconds: float, digest: str) -> None:
    """Note how long the smoke training took on a platform and which weights it made."""
    _note(WEIGHTS, place, [seconds, digest])


def _note(file: Path, name: str, row: list[float | str]) -> None:
    file.parent.mkdir(exist_ok=True)
    rows = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**rows, name: row}, indent=1, sort_keys=True))


def table() -> str:
    """Return what was noted as tables of Markdown."""
    lines = [
        "| place + environment | hello and goodbye | seconds of hello | the bare command | overhead |",
        "|---|---|---|---|---|",
    ]
    for name, (seconds, bare) in json.loads(TABLE.read_text()).items():
        lines.append(f"| {name} | ran | {seconds:.2f} | {bare:.2f} | {seconds - bare:.2f} |")
    if WEIGHTS.exists():
        lines += ["", "| place | seconds of `train/smoke` | SHA-256 of its weights |", "|---|---|---|"]
        lines += [
            f"| {name} | {took:.1f} | `{sha[:16]}` |" for name, (took, sha) in json.loads(WEIGHTS.read_text()).items()
        ]
    return "\n".join(lines)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder and give its address, which containers reach too."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{own_address()}:{server.server_port}"
        server.shutdown()


def own_address() -> str:
    """Return this machine's address on its network; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "10.214.0.1"  # no network: the bridge of podman's own


def run_named(ended: Ended) -> str:
    """Return the name of the run that goes on alone."""
    found = re.search(r"(\S+) goes on; mlbox status", ended.err)
    assert found, ended.err
    return found[1]


if __name__ == "__main__":
    print(table())
