"""How long the notebooks of the course take from top to bottom, and how much memory they hold.

    .venv/bin/python benchmarks/course.py                  # as students run them
    .venv/bin/python benchmarks/course.py --fast lab03     # with LAB_FAST=1; those whose names begin so

Each is executed once in a process of its own with its exercises solved, as the repository has them; memory is the most
that the process and all that it starts hold together. Exits with 1 if a notebook does not reach its end or holds 4 GB.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1]))  # for benchmarks.any_amount, when run as a file

from benchmarks.any_amount import SAMPLED_EVERY, memory
from benchmarks.reading.environment import cpu, load

ROOT = Path(__file__).parents[1]
LIMIT = 4000.0
"""MB that no notebook may hold."""


def executed(notebook: Path, fast: bool) -> tuple[float, float, str]:
    """Execute a notebook as a student's *Run all* does.

    Args:
        notebook: its file, which stays as it is.
        fast: with LAB_FAST.

    Returns:
        Seconds, the peak in MB, and what was said if it did not reach its end.
    """
    program = Path(sys.executable).with_name("jupyter-execute")
    with TemporaryDirectory() as folder:
        environment = {**os.environ, "LAB_RUNS": folder}
        environment.pop("LAB_FAST", None)
        environment |= {"LAB_FAST": "1"} if fast else {}
        said, began, peak = Path(folder) / "said", time.monotonic(), 0.0
        with said.open("w") as stream:
            process = subprocess.Popen([program, notebook], env=environment, stdout=stream, stderr=stream)
            while process.poll() is None:
                peak = max(peak, memory(process.pid))
                time.sleep(SAMPLED_EVERY)
        return time.monotonic() - began, peak, said.read_text() if process.returncode else ""


def main(arguments: list[str] | None = None) -> int:
    """Execute the notebooks one after another and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="beginnings of notebooks' names; all of the course if left out")
    parser.add_argument("--fast", action="store_true", help="with LAB_FAST=1")
    options = parser.parse_args(arguments)
    names = tuple(options.names or ("overview", "lab"))
    notebooks = sorted(path for path in (ROOT / "notebooks").glob("*.ipynb") if path.name.startswith(names))
    if not notebooks:
        parser.error(f"no notebook's name begins with {' or '.join(names)}")
    rows, before, wrong = [], load(), 0
    for notebook in notebooks:
        seconds, peak, said = executed(notebook, options.fast)
        end = "reached" if not said else "not reached"
        wrong += bool(said) or peak >= LIMIT
        rows.append(f"| {notebook.stem} | {seconds / 60:.1f} | {peak:,.0f} | {end} |")
        print(f"{rows[-1]}{said[-3000:]}", file=sys.stderr, flush=True)
    print("\n".join(["| notebook | minutes | peak MB | end |", "|---|---:|---:|---|", *rows]))
    print(f"\nCPU: {cpu()}; load at the beginning {before:.1f}, at the end {load():.1f}.")
    return int(bool(wrong))


if __name__ == "__main__":
    raise SystemExit(main())
