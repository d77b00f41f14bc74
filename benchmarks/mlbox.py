"""mlbox against the bare command and against mlcube: describe, a local run, and what it imports.

    .venv/bin/python benchmarks/mlbox.py [--repeats 10] [--mlcube PROGRAM]

ssh and Slurm are timed by the tests that start them (instructions/platforms.md). mlcube wants an environment of its
own, with pip < 23.3; name its program by --mlcube.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGETS = {"describe": 0.15, "overhead of a run": 0.1}
"""Seconds."""
PEER = """\
name: hello_world
docker: {image: "hello_world:1"}
tasks:
  hello:
    parameters:
      inputs: {name: {type: file, default: sergey.txt}}
      outputs: {greeting: {type: file, default: greet_sergey.txt}}
"""
"""The same task in mlcube's words."""


def seconds(command: list[str], repeats: int) -> tuple[float, float]:
    """Return the median and the least seconds of a command."""
    times = []
    usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(repeats):
        begun = time.perf_counter()
        quiet = subprocess.DEVNULL
        subprocess.run(command, cwd=ROOT, env=usual, check=True, stdout=quiet, stderr=quiet)
        times.append(time.perf_counter() - begun)
    return statistics.median(times), min(times)


def main(arguments: list[str] | None = None) -> int:
    """Print a table and return 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--mlcube", metavar="PROGRAM", help="mlcube of its own environment")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        box = Path(folder) / "box"
        shutil.copytree(ROOT / "examples/hello_world", box, ignore=shutil.ignore_patterns(".mlbox"))
        ours = [sys.executable, "-m", "mlbox"]
        code, out = box / "implementation/src/hello.py", box / "workspace/bare.txt"
        bare = [
            sys.executable,
            str(code),
            "--mlbox_task=hello",
            f"--name={box}/workspace/sergey.txt",
            f"--greeting={out}",
        ]
        rows = {
            "python -c pass": seconds([sys.executable, "-c", "pass"], options.repeats),
            "describe": seconds([*ours, "describe", str(box)], options.repeats),
            "the bare command": seconds(bare, options.repeats),
            "run": seconds([*ours, "run", "--force", f"{box}:hello/sergey"], options.repeats),
            "run, nothing due": seconds([*ours, "run", f"{box}:hello/sergey"], options.repeats),
        }
        if options.mlcube:
            (Path(folder) / "mlcube.yaml").write_text(PEER, encoding="utf-8")
            rows["mlcube describe"] = seconds([options.mlcube, "describe", f"--mlcube={folder}"], options.repeats)
    gained = tuple(rows["run"][index] - rows["the bare command"][index] for index in (0, 1))
    rows["overhead of a run"] = (gained[0], gained[1])
    if options.mlcube:
        ratio = rows["mlcube describe"][0] / rows["describe"][0]
        print(f"mlcube describe takes {ratio:.1f} times as long as ours")
    print(f"load {os.getloadavg()[0]:.1f}\n\n| what | median s | least s | target s |\n|---|---|---|---|")
    for name, (median, least) in rows.items():
        print(f"| {name} | {median:.3f} | {least:.3f} | {TARGETS.get(name, '')} |")
    return int(any(rows[name][1] > limit for name, limit in TARGETS.items()))


if __name__ == "__main__":
    raise SystemExit(main())
