"""How well lines of whole pages are found, and what that costs in reading: the learned finder and the classical one.

    .venv/bin/python benchmarks/pages.py --pages data/copiste/val --fonts data/fonts

One row per set and finder: recall and precision of lines (a found line is right if its baseline stays within 0.4
x-heights of the true one over 70 % of both), lines cut in two and lines run together, the share of neighbours in
reading order, CER of the whole pages, and milliseconds per page. The sets are transcribed pages and synthetic pages of
each kind by writers and in families that no training has seen.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from classical.line_finder import find_lines as find_classically
from rapidfuzz.distance import Levenshtein

from text_recognizer.data.page_maps import LinePlace
from text_recognizer.data.page_xml import read_pages
from text_recognizer.data.real_page_lines import labelled
from text_recognizer.data.transcription import without_marks
from text_recognizer.image import open_image
from text_recognizer.inference.line_finder import find_lines
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.inference.segmenter import Segmenter
from text_recognizer.synth.counter import rng
from text_recognizer.synth.layouts import KINDS, Kind
from text_recognizer.synth.scenes import SceneSynthesiser

NEAR, OVER = 0.4, 0.7
"""x-heights between the baselines of a pair, and share of either's length over which they must be that near."""


@dataclass(frozen=True)
class TruePage:
    """A page, what stands on it in reading order, and above which row there may be more that nobody transcribed.

    `turn` counts the quarter turns clockwise by which it is shown; `lines` are those of the upright page.
    """

    name: str
    grey_HW: np.ndarray
    lines: Sequence[LinePlace]
    texts: Sequence[str]
    known_from: float = 0.0
    turn: int = 0


@dataclass
class Score:
    """Sums over the pages of a set."""

    true: int = 0
    found: int = 0
    right: int = 0
    split: int = 0
    merged: int = 0
    in_order: int = 0
    neighbours: int = 0
    edits: int = 0
    characters: int = 0
    seconds: list[float] = field(default_factory=list)

    def row(self) -> str:
        """Return the columns of the table."""
        shares = (
            self.right / max(1, self.true),
            self.right / max(1, self.found),
            self.in_order / max(1, self.neighbours),
        )
        recall, precision, order = (f"{100 * share:5.1f}" for share in shares)
        cer = f"{100 * self.edits / self.characters:5.2f}" if self.characters else "    -"
        ms = 1000 * float(np.median(self.seconds)) if self.seconds else 0.0
        return f"{recall} | {precision} | {self.split} | {self.merged} | {order} | {cer} | {ms:5.0f}"


def real_pages(folder: Path) -> Iterator[TruePage]:
    """Yield the transcribed pages of a folder."""
    for page in read_pages(folder):
        known = labelled(page, reduce=1)
        if known is not None:
            texts = [without_marks(line.text, "drop") for line in page.lines if len(line.baseline_N2) >= 2]
            yield TruePage(page.image.name, open_image(page.image), known.lines, texts, known.known_from)


def drawn_pages(kind: Kind, count: int, fonts: Path | None, split: str, handwriting: float) -> Iterator[TruePage]:
    """Yield synthetic pages of one kind with 1 to 3 million pixels, those of dense pages with about 200 lines."""
    scenes = SceneSynthesiser(11, split, handwriting, fonts, kind=kind)
    for index in range(count):
        dice = rng(11, "page size", index)
        height = int(dice.integers(1100, 2000))
        size = (height, int(height * float(dice.uniform(0.65, 0.85))))
        x_height = float(dice.uniform(12, 24)) if kind != "dense" else 6.0 * height / 1500
        if kind == "dense":
            size = (2 * size[0], 2 * size[1])
            x_height *= 1.6
        scene = scenes.scene(index, size, x_height)
        lines = [LinePlace(line.baseline_N2, line.x_height) for line in scene.lines]
        yield TruePage(f"{kind}-{index}", scene.image_HW, lines, [line.text for line in scene.lines], 0.0, scene.turn)


def baselines(page: TruePage, finder: Callable) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return the crops that a finder cuts out, and the baseline of each on the upright page."""
    found = finder(page.grey_HW)
    points = [line.along_baseline(np.linspace(0, line.crop_HW.shape[1], 40)) for line in found]
    return [line.crop_HW for line in found], [_upright(p, page) for p in points]


def _upright(points_N2: np.ndarray, page: TruePage) -> np.ndarray:
    x, y = points_N2.T
    height, width = page.grey_HW.shape
    for _ in range(page.turn):
        x, y, width, height = y, width - x, height, width
    return np.stack([x, y], axis=1)


def shared(true: LinePlace, found_N2: np.ndarray) -> tuple[float, float]:
    """Return the shares of a true and of a found line over which their baselines are near each other."""
    (x0, y0), (x1, y1) = true.baseline_N2.T[:, 0], true.baseline_N2.T[:, -1]
    along = np.array([x1 - x0, y1 - y0]) / max(1.0, float(np.hypot(x1 - x0, y1 - y0)))
    across = np.array([-along[1], along[0]])
    t, f = true.baseline_N2 @ along, found_N2 @ along
    if f[-1] <= f[0]:
        return 0.0, 0.0
    at = np.linspace(t[0], t[-1], 200)
    apart = np.interp(at, f, found_N2 @ across) - np.interp(at, t, true.baseline_N2 @ across)
    near = (np.abs(apart) <= NEAR * true.x_height) & (at >= f[0]) & (at <= f[-1])
    length = float(near.mean()) * (t[-1] - t[0])
    return length / max(1.0, t[-1] - t[0]), length / max(1.0, f[-1] - f[0])


def judge(page: TruePage, found: Sequence[np.ndarray], score: Score) -> tuple[dict[int, int], list[int]]:
    """Add a page's lines to the score; return which true line each found one is, and the found lines that count."""
    shares = np.array([[shared(true, line) for line in found] for true in page.lines])
    shares = shares.reshape(len(page.lines), len(found), 2)
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for at in np.argsort(-shares.min(axis=2), axis=None) if shares.size else ():
        i, j = np.unravel_index(at, shares.shape[:2])
        if shares[i, j].min() >= OVER and i not in taken and j not in pairs:
            pairs[int(j)] = int(i)
            taken.add(int(i))
    unknown = {
        j for j, line in enumerate(found) if j not in pairs and line[:, 1].mean() < page.known_from
    }  # what stands above the transcribed part is neither right nor wrong
    counted = [j for j in range(len(found)) if j not in unknown]
    score.true += len(page.lines)
    score.found += len(counted)
    score.right += len(pairs)
    if shares.size:
        score.split += int(((shares[:, :, 1] >= OVER).sum(axis=1) > 1).sum())
        score.merged += int(((shares[:, :, 0] >= OVER).sum(axis=0) > 1).sum())
    order = [pairs[j] for j in counted if j in pairs]
    score.in_order += sum(b == a + 1 for a, b in zip(order, order[1:], strict=False))
    score.neighbours += max(0, len(page.lines) - 1)
    return pairs, counted


def measured(pages: Sequence[TruePage], finder: Callable, recognizer: LineRecognizer | None, worst: bool) -> Score:
    """Return the score of a finder over pages."""
    score = Score()
    for page in pages:
        started = time.perf_counter()
        crops, found = baselines(page, finder)
        score.seconds.append(time.perf_counter() - started)
        before = (score.right, score.edits, score.found)
        _, counted = judge(page, found, score)
        if recognizer is not None:
            readings = recognizer.read([crops[j] for j in counted])
            read, truth = "\n".join(r.text for r in readings if r.text), "\n".join(text for text in page.texts if text)
            score.edits += Levenshtein.distance(read, truth)
            score.characters += len(truth)
        if worst:
            right, new = score.right - before[0], score.found - before[2]
            print(f"  {page.name}: {right} of {len(page.lines)} true, {new} found, {score.edits - before[1]} edits")
    return score


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, help="a folder of transcribed pages")
    parser.add_argument("--fonts", type=Path, help="a folder of font files, data/fonts after make fonts")
    parser.add_argument("--kinds", nargs="*", default=[kind for kind in KINDS if kind != "any"], choices=KINDS)
    parser.add_argument("--count", type=int, default=10, help="synthetic pages of each kind")
    parser.add_argument("--handwriting", type=float, default=0.5)
    parser.add_argument("--split", default="validation")
    parser.add_argument("--segmenter", type=Path, help="an ONNX file instead of the shipped one")
    parser.add_argument("--model", type=Path, help="folder of the recogniser; the shipped one if left out")
    parser.add_argument("--no-reading", action="store_true", help="find lines only")
    parser.add_argument("--no-control", action="store_true", help="leave the classical finder out")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--each", action="store_true", help="print every page")
    options = parser.parse_args()
    segmenter = (
        Segmenter(options.segmenter, options.threads) if options.segmenter else Segmenter.shipped(options.threads)
    )
    recognizer = None if options.no_reading else LineRecognizer.load(options.model, options.threads)
    finders: dict[str, Callable] = {"learned": lambda grey: find_lines(grey, segmenter)}
    if not options.no_control:
        finders["classical"] = find_classically
    sets: list[tuple[str, list[TruePage]]] = []
    if options.pages:
        sets.append((str(options.pages), list(real_pages(options.pages))))
    for kind in options.kinds:
        sets.append((kind, list(drawn_pages(kind, options.count, options.fonts, options.split, options.handwriting))))
    print("| set | lines | finder | recall % | precision % | split | merged | order % | CER % | ms a page |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, pages in sets:
        for finder in finders:
            score = measured(pages, finders[finder], recognizer, options.each)
            print(f"| {name} | {score.true} | {finder} | {score.row()} |", flush=True)


if __name__ == "__main__":
    main()
