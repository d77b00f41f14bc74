"""A run over thousands of pages, killed again and again and resumed, against one that is left alone.

    .venv/bin/python benchmarks/any_amount.py --pages 2000 --kills 20

Pages are drawn into a folder: as pictures, in a zip and a compressed tar archive, as one PDF and one TIFF of many
pages. They are read with `text-recognizer read FOLDER --out DIR --jobs 2`; all processes of the second run are killed
with SIGKILL at random moments. Memory is that of all processes of a run, shared pages counted once (PSS on Linux).
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import random
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from PIL import Image, ImageDraw, ImageFont

from text_recognizer.errors import UserError, check_range

WORDS = ("river", "stone", "winter", "letter", "harbour", "morning", "silver", "garden", "window", "paper", "summer")
SHARES = {"zip": 0.15, "tar.gz": 0.1, "pdf": 0.1, "tiff": 0.1}
"""Of the pages; the others are pictures of their own."""

SAMPLED_EVERY = 0.25
"""Seconds between two looks at the memory."""

WATCHED_EVERY = 0.03
"""Seconds between two looks at a run that is to be killed."""

Picture = Callable[[int], np.ndarray]


@dataclass
class Run:
    """One run of the program.

    Attributes:
        seconds: from its start to its end.
        peak: MB of all its processes.
        code: its exit code, None if it was killed.
    """

    seconds: float
    peak: float
    code: int | None


@dataclass
class Kill:
    """When a run is killed.

    Attributes:
        pages: that the journal must call begun before, those of earlier runs among them.
        seconds: after that, or after the start where no page is asked for.
    """

    pages: int
    seconds: float


@dataclass
class Reads:
    """How often pages were begun and read, by the journal."""

    begun: Counter[tuple[str, int]] = field(default_factory=Counter)
    read: Counter[tuple[str, int]] = field(default_factory=Counter)

    @property
    def twice(self) -> int:
        """Pages that were read more than once."""
        return sum(1 for count in self.read.values() if count > 1)

    @property
    def again(self) -> int:
        """Readings that a kill cut off, so that they were begun again."""
        return self.begun.total() - self.read.total()


def three_lines(number: int) -> np.ndarray:
    """Return a small page of three short printed lines, different ones for each number, uint8 [H, W]."""
    dice = random.Random(number)
    page = Image.new("L", (460, 170), 245)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size=26)
    for row, text in enumerate([f"page {number}", *(" ".join(dice.sample(WORDS, 3)) for _ in range(2))]):
        pen.text((24, 18 + 46 * row), text, fill=25, font=font)
    return np.asarray(page)


def draw_pages(folder: Path, count: int, picture: Picture = three_lines) -> None:
    """Draw `count` different pages into a folder, in files of many kinds."""
    numbers = iter(range(count))
    taken = {kind: [next(numbers) for _ in range(int(share * count))] for kind, share in SHARES.items()}
    (folder / "single").mkdir(parents=True)
    with zipfile.ZipFile(folder / "scans.zip", "w") as packed:
        for number in taken["zip"]:
            packed.writestr(f"box/{number:05}.png", _png(picture(number)))
    with tarfile.open(folder / "scans.tar.gz", "w:gz") as packed_tar:
        for number in taken["tar.gz"]:
            member, content = tarfile.TarInfo(f"{number:05}.png"), _png(picture(number))
            member.size = len(content)
            packed_tar.addfile(member, io.BytesIO(content))
    for kind, options in (("pdf", {"resolution": 100}), ("tiff", {"compression": "tiff_lzw"})):
        first, *others = [Image.fromarray(picture(number)) for number in taken[kind]]
        first.save(folder / f"book.{kind}", save_all=True, append_images=others, **options)
    for number in numbers:
        (folder / "single" / f"{number:05}.png").write_bytes(_png(picture(number)))


def _png(grey_HW: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(grey_HW).save(stream, format="PNG")
    return stream.getvalue()


def read(folder: Path, out: Path, model: str, jobs: int, kill: Kill | None = None) -> Run:
    """Run the program, and kill it with all its processes if it has not ended by then."""
    command = [sys.executable, "-m", "text_recognizer.inference.cli", "read", str(folder), "--out", str(out)]
    command += ["--model", model, "--jobs", str(jobs), "--threads", "1", "--dpi", "100"]
    start, peak, due = time.monotonic(), 0.0, math.inf
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, cwd=Path(__file__).parents[1])
    while process.poll() is None:
        if kill and math.isinf(due) and reads_of(out).begun.total() >= kill.pages:
            due = time.monotonic() + kill.seconds
        if time.monotonic() >= due:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return Run(time.monotonic() - start, peak, None)
        peak = max(peak, memory(process.pid))
        time.sleep(WATCHED_EVERY if kill else SAMPLED_EVERY)
    said = process.communicate()[1].decode("utf-8", "replace")
    if process.returncode:
        raise UserError(f"{' '.join(command)}: it ended with {process.returncode} and said {said.strip()!r}")
    return Run(time.monotonic() - start, peak, process.returncode)


def memory(number: int) -> float:
    """Return the MB that a process and its descendants hold, what they share counted once where that is known."""
    total = 0
    with suppress(psutil.Error):
        for process in [psutil.Process(number), *psutil.Process(number).children(recursive=True)]:
            with suppress(psutil.Error):
                about = process.memory_full_info()
                total += getattr(about, "pss", about.rss)
    return total / 1e6


def read_with_kills(folder: Path, out: Path, model: str, jobs: int, kills: int, pages: int) -> Iterator[Run]:
    """Yield the runs of which all but the last are killed: some as they start, most after some more pages.

    Args:
        folder, out, model, jobs: see `read`.
        kills: how often.
        pages: in the folder; moments follow them, not the clock, which a busy machine would outrun.
    """
    dice = random.Random(kills)
    for _ in range(kills):
        more = dice.uniform(0.1, 1.6 * pages / (kills + 1)) if dice.random() < 0.8 else 0.0
        begun = reads_of(out).begun.total() + math.ceil(more) if more else 0
        yield read(folder, out, model, jobs, Kill(begun, dice.uniform(0.0, 0.2) if more else dice.uniform(0.0, 1.0)))
    yield read(folder, out, model, jobs)


def reads_of(out: Path) -> Reads:
    """Return what the journal of a folder of results says of its pages; nothing where it is not there yet."""
    reads, journal = Reads(), out / ".reading" / "journal.jsonl"
    for line in journal.read_bytes().splitlines() if journal.exists() else ():
        with suppress(ValueError):
            row = json.loads(line)
            if row[0] in ("begun", "read"):
                (reads.begun if row[0] == "begun" else reads.read)[row[1], row[2]] += 1
    return reads


def results_of(out: Path) -> dict[str, bytes]:
    """Return the results in a folder by their relative paths."""
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*.txt"))}


def rows(home: Path, pages: int, kills: int, model: str, picture: Picture = three_lines) -> Iterator[str]:
    """Yield the table's rows, each as soon as it is known.

    Raises:
        UserError: a run failed.
    """
    few = max(20, pages // 10)
    draw_pages(home / "few", few, picture)
    draw_pages(home / "all", pages, picture)
    yield f"| {model}, {pages:,} pages | pages/s | peak MB | read once | read twice | begun again | results |"
    yield "|---|---:|---:|---:|---:|---:|---|"
    for jobs in (1, 2):
        run = read(home / "few", home / f"few{jobs}", model, jobs)
        yield _row(f"{few} pages, --jobs {jobs}", few, run.seconds, run.peak, reads_of(home / f"few{jobs}"), "")
    calm = read(home / "all", home / "calm", model, 2)
    yield _row("undisturbed, --jobs 2", pages, calm.seconds, calm.peak, reads_of(home / "calm"), "")
    runs = list(read_with_kills(home / "all", home / "killed", model, 2, kills, pages))
    same = results_of(home / "calm") == results_of(home / "killed")
    told = f"{'the same text' if same else 'ANOTHER TEXT'} in {len(results_of(home / 'killed'))} files"
    seconds, peak = sum(run.seconds for run in runs), max(run.peak for run in runs)
    killed = sum(run.code is None for run in runs)
    yield _row(f"killed {killed} times, --jobs 2", pages, seconds, peak, reads_of(home / "killed"), told)
    before = time.monotonic()
    read(home / "all", home / "killed", model, 2)
    yield f"\nOnce everything is read, the same command takes {time.monotonic() - before:.1f} s."


def _row(name: str, pages: int, seconds: float, peak: float, reads: Reads, told: str) -> str:
    once = sum(1 for count in reads.read.values() if count == 1)
    return f"| {name} | {pages / seconds:.1f} | {peak:.0f} | {once} | {reads.twice} | {reads.again} | {told} |"


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", type=int, default=2_000, help="how many are drawn and read (default 2000)")
    parser.add_argument("--kills", type=int, default=20, help="how often the second run is killed (default 20)")
    parser.add_argument("--model", default="fast", help="name or folder of the model (default fast)")
    options = parser.parse_args(arguments)
    try:
        check_range("--pages", options.pages, 20, 20_000)
        check_range("--kills", options.kills, 0, 1_000)
        with tempfile.TemporaryDirectory() as home:
            for row in rows(Path(home), options.pages, options.kills, options.model):
                print(row, flush=True)
    except UserError as error:
        print(f"any_amount: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
