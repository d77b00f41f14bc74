"""Time of writing 350 characters: the end-to-end reader with its cache and without it, and the CTC reader beside them.

    .venv/bin/python benchmarks/decode.py

All arms run in one process on one thread, in turns; a figure is the median of the turns, in CPU time, so that what
else the machine does counts as little as it can. The ResnetTransformer has the sizes of its constructor and random
weights: its time does not depend on them. It writes exactly as many tokens as are asked for, and both ways must write
the same ones. The CTC reader is the default LineCTC with best-path decoding, on synthetic lines of as many characters.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
sys.path.insert(0, str(Path(__file__).parents[1]))  # for benchmarks.reading, when run as a file

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.reading.environment import cpu, load
from text_recognizer.charset import ASCII, Charset
from text_recognizer.data.base import Sample, collate
from text_recognizer.decoding.best_path import best_path
from text_recognizer.errors import UserError, check_range
from text_recognizer.line_batch import LineBatch
from text_recognizer.models.greedy import write, write_without_cache
from text_recognizer.models.line_ctc import LineCTC
from text_recognizer.models.resnet_transformer import ResnetTransformer
from text_recognizer.synth.lines import GROUP, LineSynthesiser

Arm = Callable[[], object]


@dataclass(frozen=True)
class Timed:
    """Seconds of CPU time of one arm's turns, for `pages` pages."""

    name: str
    pages: int
    seconds: list[float]

    @property
    def per_page(self) -> float:
        """Median seconds per page."""
        return statistics.median(self.seconds) / self.pages


def timed(arms: dict[str, tuple[int, Arm]], repeats: int) -> dict[str, Timed]:
    """Run all arms in turns, `repeats` times, after one short turn each to warm up."""
    taken: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(repeats):
        for name, (_, arm) in arms.items():
            begun = time.process_time()
            arm()
            taken[name].append(time.process_time() - begun)
    return {name: Timed(name, pages, taken[name]) for name, (pages, _) in arms.items()}


def transformer_arms(
    characters: int, batches: list[int], model: ResnetTransformer | None = None
) -> dict[str, tuple[int, Arm]]:
    """Return the arms of the end-to-end reader; refuse a cache that changes what is written.

    Args:
        characters: that are written for each page.
        batches: pages that are read at a time, an arm with the cache and one without it for each.
        model: the reader; the course's sizes if left out.

    Raises:
        UserError: the tokens with the cache are not those without it.
    """
    torch.manual_seed(0)
    model = (model or ResnetTransformer("\n" + ASCII)).eval()
    model = nn.Module.to(model, memory_format=torch.channels_last)  # type: ignore[call-overload]  # as in training
    arms: dict[str, tuple[int, Arm]] = {}
    for pages in batches:
        x_BCHW = torch.rand(pages, 1, model.height, model.image_width)
        few = min(20, characters)
        with torch.inference_mode():
            same = torch.equal(
                write(model, x_BCHW, length=few, stop=False)[0],
                write_without_cache(model, x_BCHW, length=few, stop=False)[0],
            )
        if not same:
            raise UserError("the cache changes what is written; run tests/models/test_transformer_decoder.py")
        for way, name in ((write, "with"), (write_without_cache, "without")):
            arms[f"{name} {pages}"] = (pages, _writing(way, model, x_BCHW, characters))
    return arms


def _writing(way: Callable, model: ResnetTransformer, x_BCHW: Tensor, characters: int) -> Arm:
    def arm() -> object:
        with torch.inference_mode():
            return way(model, x_BCHW, length=characters, stop=False)

    return arm


def ctc_arm(characters: int) -> Arm:
    """Return what reads about as many characters, line by line, with the default CTC reader."""
    drawn = LineSynthesiser(seed=9, split="validation", height=40, handwriting=0.0)
    samples: list[Sample] = []
    for number in range(characters):
        line = drawn.line(number * GROUP)
        samples.append(Sample(line.image_HW, line.text, None, line.source))
        if sum(len(sample.text) for sample in samples) >= characters:
            break
    torch.manual_seed(0)
    model, charset = LineCTC(ASCII).eval(), Charset(ASCII)
    batches = [collate([sample], charset, 40) for sample in samples]

    def arm() -> object:
        return [_read(model, charset, batch) for batch in batches]

    return arm


def _read(model: LineCTC, charset: Charset, batch: LineBatch) -> str:
    with torch.inference_mode():
        log_probs_TC: np.ndarray = model(batch.x_BCHW, batch.widths_B)[0][0].log_softmax(-1).numpy()
    return charset.decode(best_path(log_probs_TC).labels.tolist())


def rows(taken: dict[str, Timed], batches: list[int], characters: int) -> list[str]:
    """Return the table: pages read at a time, ms per page with and without the cache, their ratio, and CTC's."""
    head = f"| {characters} characters of a page | pages at a time | ms per page | x of the cache |"
    lines = [head, "|---|---:|---:|---:|"]
    for pages in batches:
        cached, naive = taken[f"with {pages}"], taken[f"without {pages}"]
        ratio = naive.per_page / cached.per_page
        lines.append(f"| ResnetTransformer, with the cache | {pages} | {_cell(cached)} | 1 |")
        lines.append(f"| ResnetTransformer, without it | {pages} | {_cell(naive)} | {ratio:.1f} |")
    ctc, cached = taken["ctc"], taken[f"with {batches[0]}"]
    lines.append(f"| LineCTC, best path | 1 | {_cell(ctc)} | {ctc.per_page / cached.per_page:.2f} |")
    return lines


def _cell(timed: Timed) -> str:
    low, high = (1000 * bound / timed.pages for bound in (min(timed.seconds), max(timed.seconds)))
    return f"{1000 * timed.per_page:,.0f} ({low:,.0f}-{high:,.0f})"


def main(arguments: list[str] | None = None) -> int:
    """Print the table; a user's mistake is one sentence and an exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--characters", type=int, default=350)
    parser.add_argument("--pages", type=int, nargs="+", default=[1, 8], help="pages read at a time")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args(arguments)
    try:
        check_range("--characters", options.characters, 1, 682)
        check_range("--pages", min(options.pages), 1)
        check_range("--repeats", options.repeats, 1)
        torch.set_num_threads(1)
        begun = load()
        arms = {**transformer_arms(options.characters, options.pages), "ctc": (1, ctc_arm(options.characters))}
        arms["ctc"][1]()
        taken = timed(arms, options.repeats)
    except UserError as error:
        print(f"decode: {error}", file=sys.stderr)
        return error.exit_code
    print(*rows(taken, options.pages, options.characters), sep="\n")
    print(f"\nCPU: {cpu()}. One thread; load at the beginning {begun:.1f}, at the end {load():.1f};", end=" ")
    print(f"medians of {options.repeats} turns (fastest-slowest), CPU time, the encoder of the page included.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
