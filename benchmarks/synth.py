"""How many finished lines a second one core draws: ``.venv/bin/python benchmarks/synth.py``.

Lines are drawn as training asks for them: as many of each group as fit into a batch, group after group, with the
default widths and degradation. A round is one era, so that the shaping of its new writers counts with the share that
it has in training. Figures are per second of processor time, so that waiting for other work on the machine does not
count; the best round is shown.

The peer is the generator that PyPI has under the name trdg (1.8.0): it sets text in font files, skews, blurs and
noises it. It needs old libraries, so it lives in an environment of its own:

    python3 -m venv peer && peer/bin/pip install trdg "pillow<10" "numpy<2" "opencv-python-headless<4.12"
    .venv/bin/python benchmarks/synth.py --peer peer/bin/python
"""

from __future__ import annotations

import argparse
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
from rich.console import Console
from rich.table import Table

from text_recognizer.data.synthetic_lines import SyntheticBatches, SyntheticLines
from text_recognizer.synth.effects import REAL_PAGES
from text_recognizer.synth.lines import ERA, LineSynthesiser, SyntheticLine
from text_recognizer.synth.sources import font_hand, writer

TARGETS = {"fonts": 400.0, "strokes": 250.0, "real pages": 250.0}
"""Lines a second that each source is to reach; real pages: handwriting with all effects, of `make fonts` if there."""

PEER = """
import random, sys, time
from trdg.generators import GeneratorFromStrings
texts = sys.stdin.read().splitlines()
lines = GeneratorFromStrings(texts, count=2 * len(texts), size=40, skewing_angle=1, random_skew=True, blur=1,
                             random_blur=True, distorsion_type=0, background_type=0)
random.seed(0)
for _ in texts:
    next(lines)
begun = time.process_time(), time.perf_counter()
width = sum(next(lines)[0].size[0] for _ in texts)
now = time.process_time(), time.perf_counter()
print(len(texts) / (now[0] - begun[0]), len(texts) / (now[1] - begun[1]), width / len(texts))
"""


@dataclass(frozen=True)
class Speed:
    """Lines per second of one core's time and by the clock, their mean width in pixels, lines in batches per second."""

    of_core: float
    by_clock: float
    width: float
    in_batches: float | None = None


class TimedLines(LineSynthesiser):
    """A synthesiser that sums up the time it takes and the lines it draws."""

    def restart(self) -> None:
        """Forget the writers that were shaped and what was summed up."""
        writer.cache_clear()
        font_hand.cache_clear()
        self.core_s, self.clock_s, self.drawn, self.pixels = 0.0, 0.0, 0, 0

    def line(self, index: int, width: float | None = None) -> SyntheticLine:
        core, clock = time.process_time(), time.perf_counter()
        line = super().line(index, width)
        self.core_s += time.process_time() - core
        self.clock_s += time.perf_counter() - clock
        self.drawn += 1
        self.pixels += line.image_HW.shape[1]
        return line


def default_batches(lines: LineSynthesiser) -> SyntheticBatches:
    """Return the batches that default training makes of `lines`."""
    data = SyntheticLines()
    return SyntheticBatches(lines, data.charset, data.pixels, data.max_lines)


def speed_of(source: str, groups: int, rounds: int) -> Speed:
    """Return the speed of the best of `rounds`, each of the same `groups`, after one that fills the caches of faces."""
    if source == "real pages":
        fonts = Path("data/fonts")
        lines = TimedLines(handwriting=1.0, fonts=fonts if fonts.is_dir() else None, effects=REAL_PAGES)
    else:
        lines = TimedLines(handwriting=float(source == "strokes"))
    if source == "strokes":
        lines.sources.strokes = 1.0
    batches = default_batches(lines)
    speeds = []
    for _ in range(rounds + 1):
        lines.restart()
        begun = time.process_time()
        kept = sum(len(batches[number].texts) for number in range(groups))
        in_batches = kept / (time.process_time() - begun)
        width = lines.pixels / lines.drawn
        speeds.append(Speed(lines.drawn / lines.core_s, lines.drawn / lines.clock_s, width, in_batches))
    return max(speeds[1:], key=lambda speed: speed.of_core)


def peer_speed(python: Path, groups: int) -> Speed:
    """Return the speed of the peer in its own environment, on the texts of our print lines.

    Raises:
        SystemExit: it does not run there.
    """
    batches = default_batches(LineSynthesiser(handwriting=0.0))
    texts = "\n".join(text for number in range(groups) for text in batches[number].texts)
    done = subprocess.run([python, "-c", PEER], input=texts, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{python}: trdg does not run there ({(done.stderr.splitlines() or ['?'])[-1]}); install it")
    return Speed(*map(float, done.stdout.split()[-3:]))


def report(speeds: dict[str, Speed], peer: Speed | None) -> Table:
    """Return the table of speeds and targets, and how many times the peer's ours are."""
    table = Table(
        "lines of", "a second of one core", "target", "by the clock", "in batches", "mean width", "to the peer"
    )
    for name, speed in speeds.items():
        row = (name, f"{speed.of_core:.0f}", f"{TARGETS[name]:.0f}", f"{speed.by_clock:.0f}")
        ratio = f"{speed.of_core / peer.of_core:.1f}" if peer else "-"
        table.add_row(*row, f"{speed.in_batches:.0f}", f"{speed.width:.0f} px", ratio)
    if peer:
        table.add_row("trdg", f"{peer.of_core:.1f}", "", f"{peer.by_clock:.1f}", "", f"{peer.width:.0f} px", "1.0")
    return table


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--groups", type=int, default=ERA, help="groups of lines in a round")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--peer", type=Path, help="a Python that has trdg")
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    speeds = {name: speed_of(name, options.groups, options.rounds) for name in TARGETS}
    peer = peer_speed(options.peer, max(1, options.groups // 8)) if options.peer else None
    Console(width=100).print(report(speeds, peer))
    missed = [name for name, speed in speeds.items() if speed.of_core < TARGETS[name]]
    if missed:
        print(f"below the target: {', '.join(missed)}")
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
