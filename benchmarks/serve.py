"""Our server under load, beside a plain FastAPI endpoint around Tesseract and around RapidOCR, in one run.

    make bench-env                                         # once; and Debian's tesseract-ocr
    .venv/bin/python benchmarks/serve.py                   # about 3 minutes
    .venv/bin/python benchmarks/serve.py --soak 50000      # hours: whether memory stays flat

All servers have the same number of processes, one thread each; another process drives them over loopback. Printed are
pages per second with as many clients as processes and two more (closed loop), then at 70 % of that rate (open loop) the
median and the 99th percentile of the answers' times, at three times that rate what is read and what is refused, and
after that the memory.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # for benchmarks.serving, when run as a file

import numpy as np

from benchmarks.reading.environment import cpu, load
from benchmarks.serving.driver import CUT_OFF, Job, Sample, drive
from benchmarks.serving.servers import Server, ours, plain
from text_recognizer.errors import UserError, check_range
from text_recognizer.inference.worker_pool import usable_cores
from text_recognizer.synth.pages import PageSynthesiser

LINES, SOAK_LINES = 8, 2
PAGES = 12
SHARE, OVERLOAD = 0.7, 3.0
Cell = tuple[str, object]
"""Name and content of a cell of the table."""

WINDOWS = 10
"""Parts of a soak after each of which the memory is taken."""

WARM = 0.2
"""Part of a soak that is not counted: caches fill."""

SMALL_LIMIT = "2000000"
"""Bytes that the soak's server takes: its huge requests are larger."""


def pages(folder: Path, lines: int) -> list[str]:
    """Draw pages of so many lines that no training has seen, print and handwriting in turns; return their files."""
    from PIL import Image

    files = []
    for share in (0.0, 1.0):
        drawn = PageSynthesiser(seed=9, split="validation", handwriting=share, lines=(lines, lines))
        for page in map(drawn.page, range(PAGES // 2)):
            files.append(str(folder / f"{len(files)}.png"))
            Image.fromarray(page.image_HW).save(files[-1])
    return files


def quantile(samples: list[Sample], share: float) -> float:
    """Return the time in ms within which that share of the good answers came."""
    taken = [seconds for _, status, seconds, _ in samples if status == 200]
    return 1000 * float(np.quantile(taken, share)) if taken else float("nan")


def per_second(samples: list[Sample]) -> float:
    """Return the pages that were read per second, from the first answer to the last."""
    ends = [end for _, status, _, end in samples if status == 200]
    return len(ends) / max(ends) if ends else 0.0


def measured(
    server: Server, files: list[str], seconds: float, workers: int, is_ours: bool
) -> Iterator[tuple[str, object]]:
    """Yield the columns of a server's row by name."""
    drive(Job(server.port, server.path, files, min(5.0, seconds), clients=workers))  # warms up
    closed = drive(Job(server.port, server.path, files, seconds, clients=workers + 2))
    rate = per_second(closed)
    yield "pages/s", rate
    calm = drive(Job(server.port, server.path, files, seconds, rate=SHARE * rate))
    yield "p50 ms", quantile(calm, 0.5)
    yield "p99 ms", quantile(calm, 0.99)
    if is_ours:
        storm = drive(Job(server.port, server.path, files, seconds, rate=OVERLOAD * rate))
        statuses = Counter(status for _, status, _, _ in storm)
        yield "3x: pages/s", per_second(storm)
        yield "3x: p99 ms", quantile(storm, 0.99)
        yield "3x: answers", ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
        closed = closed + storm
    yield "5xx", sum(status >= 500 or status == CUT_OFF for _, status, _, _ in closed + calm)
    yield "MB", server.megabytes()


def table(options: argparse.Namespace, files: list[str]) -> None:
    """Measure all servers and print a row for each."""
    rows: dict[str, dict[str, object]] = {}
    for name in options.servers:
        running: AbstractContextManager[Server]
        own = name not in ("tesseract", "rapidocr")
        running = ours(name, options.workers, options.queue) if own else plain(name, options.workers)
        with running as server:
            rows[server.name] = dict(measured(server, files, options.seconds, options.workers, own))
            print(f"{server.name}: {rows[server.name]}", file=sys.stderr, flush=True)
    fastest = max(float(str(row["pages/s"])) for row in rows.values())
    print("| server | pages/s | x | p50 ms at 70 % | p99 ms | 5xx | MB |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, row in rows.items():
        rate = float(str(row["pages/s"]))
        cells = f"{rate:.2f} | {fastest / rate:.1f} | {row['p50 ms']:.0f} | {row['p99 ms']:.0f}"
        print(f"| {name} | {cells} | {row['5xx']} | {row['MB']:.0f} |")
    for name, row in rows.items():
        if "3x: pages/s" in row:
            told = f"{row['3x: pages/s']:.2f} pages/s, p99 {row['3x: p99 ms']:.0f} ms, answers {row['3x: answers']}"
            print(f"\n{name} at three times its rate: {told}")


def soak(options: argparse.Namespace, files: list[str]) -> None:
    """Send mixed requests and print how the memory grows."""
    name = next(name for name in options.servers if name not in ("tesseract", "rapidocr"))
    each, taken, statuses = options.soak // WINDOWS, [], Counter[tuple[str, int]]()
    with ours(name, options.workers, options.queue, LAB_MAX_BODY=SMALL_LIMIT) as server:
        for window in range(WINDOWS):
            job = Job(server.port, server.path, files, 1e9, clients=options.workers + 2, mixed=True, most=each)
            statuses.update((kind, status) for kind, status, _, _ in drive(job))
            taken.append(server.megabytes())
            print(f"{(window + 1) * each} requests: {taken[-1]:.1f} MB", file=sys.stderr, flush=True)
        crashed = server.process.poll() is not None
    kept = range(round(WARM * WINDOWS), WINDOWS)
    slope = np.polyfit([each * (window + 1) for window in kept], [taken[window] for window in kept], 1)[0]
    print(f"\n{name}: {each * WINDOWS} mixed requests; memory {taken[0]:.1f} to {taken[-1]:.1f} MB,", end=" ")
    print(f"{10_000 * slope:+.2f} MB per 10,000 after warm-up; {'CRASHED' if crashed else '0 crashes'}")
    print(", ".join(f"{kind} {status}: {count}" for (kind, status), count in sorted(statuses.items())))


def main(arguments: list[str] | None = None) -> int:
    """Print the table; a user's mistake is one sentence and an exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = ["best", "fast", "tesseract", "rapidocr"]
    parser.add_argument("--servers", nargs="+", default=default, help="models of ours, tesseract, rapidocr")
    parser.add_argument("--seconds", type=float, default=12, help="of each loop (default 12)")
    parser.add_argument("--workers", type=int, default=usable_cores(), help="processes of each server")
    parser.add_argument("--queue", type=int, default=8, help="pictures that may wait at our server")
    parser.add_argument(
        "--soak", type=int, default=0, metavar="N", help="only send N mixed requests to our first server"
    )
    options = parser.parse_args(arguments)
    try:
        check_range("--seconds", options.seconds, 1)
        check_range("--workers", options.workers, 1)
        begun = load()
        with tempfile.TemporaryDirectory() as folder:
            lines = SOAK_LINES if options.soak else LINES
            (soak if options.soak else table)(options, pages(Path(folder), lines))
    except UserError as error:
        print(f"serve: {error}", file=sys.stderr)
        return error.exit_code
    print(f"\nCPU: {cpu()}. {options.workers} processes of one thread each; pages of {lines} lines;", end=" ")
    print(f"load at the beginning {begun:.1f}, at the end {load():.1f}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
