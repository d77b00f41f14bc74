"""How training scales over processes: ``.venv/bin/python benchmarks/ddp.py``.

The same global batches are trained by 1, 2, ... processes of torchrun; each takes its share of the lines of every
batch, so that the losses are those of one process. The table shows steps per second, the ratio to one process, that
ratio as a share of the number of processes, and the largest relative difference of a loss.

With a GPU each process takes one. On a CPU each gets one thread, and hyperthreads of one core are not two cores: the
line below the table says what the machine has.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]

OPTIONS = [
    *("--model.norm", "group", "--data.validation_lines", "2", "--data.num_workers", "1", "--logger", "none"),
    *("--precision", "32-true", "--threads", "1", "--checkpoint_every", "1000000", "--lit_model.lr", "0.0001"),
]


@dataclass(frozen=True)
class Trained:
    """What a run of some processes gave.

    Attributes:
        rate: steps per second, from the tenth step to the last.
        losses: of every tenth step.
    """

    rate: float
    losses: tuple[float, ...]


def trained(processes: int, steps: int, more: Sequence[str] = ()) -> Trained:
    """Train `steps` steps with torchrun."""
    with tempfile.TemporaryDirectory() as folder:
        torchrun = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", str(processes)]
        program = [str(ROOT / "training" / "run_experiment.py"), *OPTIONS, "--max_steps", str(steps), *more]
        process = subprocess.Popen(
            [*torchrun, *program, "--runs", folder],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        seen: dict[int, float] = {}
        while process.poll() is None:
            for path in Path(folder).glob("*/metrics.csv"):
                for step, _ in losses_of(path):
                    seen.setdefault(step, time.monotonic())
            time.sleep(0.02)
        if process.returncode:
            raise SystemExit(f"{processes} processes ended with {process.returncode}: {process.stderr.read()[-2000:]}")
        (path,) = Path(folder).glob("*/metrics.csv")
        losses = tuple(loss for _, loss in losses_of(path))
    first, last = min(seen), max(seen)
    return Trained((last - first) / (seen[last] - seen[first]), losses)


def losses_of(path: Path) -> list[tuple[int, float]]:
    """Return the steps and losses in a table of metrics, which may still be being written."""
    with path.open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["metric"] == "train/loss" and row["value"]]
    return [(int(row["step"]), float(row["value"])) for row in rows]


def machine() -> str:
    """Return what the processes run on."""
    if torch.cuda.is_available():
        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name()}"
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    siblings = {
        path.read_text().strip()
        for number in usable
        if (path := Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list")).exists()
    }
    cores = len(siblings) or len(usable)
    told = "a core each" if cores >= len(usable) else "hyperthreads that share a core are no second core"
    return f"{len(usable)} CPUs on {cores} core{'s' if cores > 1 else ''}: {told}"


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return 1 if a loss differs by more than 1e-5 from one process's."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--processes", type=int, nargs="*", default=[1, 2], help="numbers to try, beginning with 1")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--options", nargs=argparse.REMAINDER, default=[], help="more options of run_experiment.py")
    options = parser.parse_args(arguments)
    found = {number: trained(number, options.steps, options.options) for number in options.processes}
    one = found[options.processes[0]]
    table = Table("processes", "steps/s", "ratio", "share of ideal", "largest difference of a loss")
    worst = 0.0
    for number, run in found.items():
        apart = max(abs(a - b) / abs(b) for a, b in zip(run.losses, one.losses, strict=True))
        ratio, worst = run.rate / one.rate, max(worst, apart)
        ideal = ratio * options.processes[0] / number
        table.add_row(str(number), f"{run.rate:.2f}", f"{ratio:.2f}", f"{100 * ideal:.0f} %", f"{apart:.1e}")
    Console(width=100).print(table)
    print(machine())
    return int(worst > 1e-5)


if __name__ == "__main__":
    raise SystemExit(main())
