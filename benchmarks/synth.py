"""How many finished lines a second one core draws: ``.venv/bin/python benchmarks/synth.py``.

Lines are drawn as training asks for them, group after group of the default widths with the default degradation. Each
figure is lines per second of processor time, so that other work on the machine does not count; the second column is
by the clock. The best of several rounds is shown.

The peer is the generator that PyPI has under the name trdg (1.8.0), which sets lines in font files and skews, blurs,
warps and noises them. It has old pins, so it lives in an environment of its own:

    python3 -m venv peer && peer/bin/pip install trdg
    .venv/bin/python benchmarks/synth.py --peer peer/bin/python
"""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
from rich.console import Console
from rich.table import Table

from text_recognizer.charset import ASCII, Charset
from text_recognizer.data.synthetic_lines import SyntheticBatches
from text_recognizer.synth.lines import LineSynthesiser

TARGETS = {"fonts": 400.0, "strokes": 250.0}
"""Lines a second that each source is to reach."""

PEER = """
import random, sys, time
from trdg.generators import GeneratorFromStrings
count, texts = int(sys.argv[1]), sys.stdin.read().splitlines()
lines = GeneratorFromStrings(texts, count=count + 20, size=40, skewing_angle=2, random_skew=True, blur=1,
                             random_blur=True, distorsion_type=3, background_type=0)
random.seed(0)
for _ in range(20):
    next(lines)
begun = time.perf_counter(), time.process_time()
for _ in range(count):
    next(lines)
print(count / (time.process_time() - begun[1]), count / (time.perf_counter() - begun[0]))
"""


@dataclass(frozen=True)
class Speed:
    """Lines per second of one core's time, and by the clock."""

    of_core: float
    by_clock: float


def batches(handwriting: float, fonts: Path | None = None) -> SyntheticBatches:
    """Return batches of the default data, all handwritten (1: by the stroke writers, mostly) or all printed (0)."""
    lines = LineSynthesiser(handwriting=handwriting, fonts=fonts)
    if handwriting:
        lines.sources.strokes = 1.0
    return SyntheticBatches(lines, Charset(ASCII), pixels=7500, max_lines=48)


def measure(draw: Callable[[int], int], warm_up: int, count: int, rounds: int) -> Speed:
    """Return the best speed of `rounds` times `count` batches, after `warm_up` others that fill the caches.

    Args:
        draw: draws the batch of a number and returns how many lines it has.
    """
    for number in range(warm_up):
        draw(number)
    speeds = []
    for first in range(warm_up, warm_up + rounds * count, count):
        clock, core = time.perf_counter(), time.process_time()
        lines = sum(draw(number) for number in range(first, first + count))
        speeds.append(Speed(lines / (time.process_time() - core), lines / (time.perf_counter() - clock)))
    return max(speeds, key=lambda speed: speed.of_core)


def peer_speed(python: Path, count: int) -> Speed:
    """Return the speed of the peer in its own environment, on texts like those of our print lines.

    Raises:
        SystemExit: it does not run there.
    """
    lines = LineSynthesiser(handwriting=0.0)
    texts = "\n".join(lines.line(i * 64).text for i in range(100))
    done = subprocess.run([python, "-c", PEER, str(count)], input=texts, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{python}: trdg does not run there ({(done.stderr.splitlines() or ['?'])[-1]}); install it")
    return Speed(*map(float, done.stdout.split()[-2:]))


def report(speeds: dict[str, Speed], peer: Speed | None) -> Table:
    """Return the table of our speeds, their targets and the ratio to the peer's."""
    table = Table("lines of", "a second of one core", "by the clock", "target", "trdg", "ratio")
    for name, speed in speeds.items():
        theirs, ratio = (f"{peer.of_core:.0f}", f"{speed.of_core / peer.of_core:.1f}") if peer else ("-", "-")
        table.add_row(name, f"{speed.of_core:.0f}", f"{speed.by_clock:.0f}", f"{TARGETS[name]:.0f}", theirs, ratio)
    return table


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--batches", type=int, default=12, help="per round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--warm-up", type=int, default=12, help="batches drawn before the first round")
    parser.add_argument("--fonts", type=Path, help="a folder of font files, data/fonts after make fonts")
    parser.add_argument("--peer", type=Path, help="a Python that has trdg")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    speeds = {}
    for name, handwriting in (("fonts", 0.0), ("strokes", 1.0)):
        drawn = batches(handwriting, options.fonts)
        speeds[name] = measure(lambda k, of=drawn: len(of[k].texts), options.warm_up, options.batches, options.rounds)
    peer = peer_speed(options.peer, 20 * options.batches) if options.peer else None
    Console().print(report(speeds, peer))
    return int(any(speed.of_core < TARGETS[name] for name, speed in speeds.items()))


if __name__ == "__main__":
    raise SystemExit(main())
