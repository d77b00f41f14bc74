"""How soon monitoring notices that traffic has changed, and how often it cries wolf.

    .venv/bin/python benchmarks/drift.py --fonts data/fonts

The traffic is small pages of three handwritten lines, drawn by the synthesiser and read as `text-recognizer read` does;
what is recorded of them is what a server records. Some pages make the reference, others pass by unchanged, and then
every page is blurred, inverted, noisy, printed instead of written, or in another script (Cyrillic, printed in the
families of data/fonts that have it; the row is left out where none does).

- *False alarms* are the shares of pages, of clean traffic in shuffled orders, after which some feature is in alarm.
- *Delay* is how many changed pages had passed by when the first feature was in alarm: the median and the longest of
  many streams, each of clean pages followed by changed ones in another order. *Detected* is the share of the streams
  in which that happened at all.

Windows and thresholds (text_recognizer/monitoring/drift.py) were chosen with this program. Windows of 8, 32 and 128
are asked together, because 8 readings suffice for what changes a feature altogether, and only 128 for what shifts it by
half its spread. With 14 features, three windows and a question after every page, the threshold has to be far below the
usual one; what others would cost in false alarms is printed. Real pages of one document resemble each other more than
these do: a reference has to hold many documents, or a long one is an alarm by itself.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from fontTools.ttLib import TTFont
from PIL import Image, ImageFilter

from text_recognizer.inference.page_reader import PageReader
from text_recognizer.inference.page_settings import PageSettings
from text_recognizer.inference.shipped import weights_folder
from text_recognizer.monitoring.drift import ALPHA, SHIFTED, WINDOWS, alarms, findings
from text_recognizer.monitoring.features import features_of
from text_recognizer.monitoring.picture_features import sample
from text_recognizer.monitoring.recorder import LANGUAGE_MODEL
from text_recognizer.monitoring.records import Reading
from text_recognizer.monitoring.reference import Reference
from text_recognizer.monitoring.surprise import Surprise
from text_recognizer.synth.fonts import Face, folder_faces
from text_recognizer.synth.pages import PageSynthesiser

CYRILLIC = (
    "время человек рука дело жизнь день слово место город конец вода сторона голова земля друг книга вечер стол окно"
    " дорога письмо работа улица ночь утро поле река лес снег ветер голос дверь мать отец старый новый большой белый"
)
ALPHAS = (1e-2, 1e-3, 1e-4, ALPHA)
"""Thresholds whose false alarms are told; the last is ours."""

LINES = (3, 3)
WIDTH = 700


class WideFace(Face):
    """A face of whose letters more than the Latin ones are asked for."""

    def lacks(self, text: str) -> set[str]:
        return {character for character in text if ord(character) not in letters_of(self.path)}


@cache
def letters_of(path: Path) -> frozenset[int]:
    """Return the code points that a font file maps."""
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap() or {})


@dataclass(frozen=True)
class OneFace:
    """Stands in for the synthesiser's sources: always one of these faces."""

    faces: list[WideFace]

    def pick(self, dice: np.random.Generator, era: int) -> Face:
        return self.faces[era % len(self.faces)]


class Pages:
    """Draws the pages of the traffic; page i of a kind is always the same.

    Args:
        fonts: folder of font files; None leaves out what needs them.
    """

    def __init__(self, fonts: Path | None) -> None:
        self.hands = PageSynthesiser(17, "validation", 1.0, fonts, width=WIDTH, lines=LINES)
        self.print = PageSynthesiser(17, "validation", 0.0, fonts, width=WIDTH, lines=LINES)
        faces = folder_faces(fonts) if fonts and fonts.is_dir() else ()
        wide = (WideFace(face.path, face.family, face.kind) for face in faces)
        self.cyrillic = sorted(face for face in wide if not face.lacks(CYRILLIC))
        self.script = PageSynthesiser(17, "validation", 0.0, fonts, width=WIDTH, lines=LINES)
        self.script.sources = OneFace(self.cyrillic)  # type: ignore[assignment]

    def written(self, index: int) -> np.ndarray:
        return self.hands.page(index).image_HW

    def printed(self, index: int) -> np.ndarray:
        return self.print.page(index).image_HW

    def in_another_script(self, index: int) -> np.ndarray:
        words = np.random.default_rng(index).choice(CYRILLIC.split(), 14)
        return self.script.page(index, " ".join(words)).image_HW


def blurred(grey_HW: np.ndarray, radius: float) -> np.ndarray:
    return np.asarray(Image.fromarray(grey_HW).filter(ImageFilter.GaussianBlur(radius)))


def noisy(grey_HW: np.ndarray, levels: float, index: int) -> np.ndarray:
    grain = np.random.default_rng(index).normal(0, levels, grey_HW.shape)
    return (grey_HW + grain).clip(0, 255).astype(np.uint8)


def changes(pages: Pages) -> dict[str, Callable[[int], np.ndarray]]:
    """Return what may happen to traffic: how page i then looks."""
    found = {
        "blur of 1 px": lambda i: blurred(pages.written(i), 1.0),
        "blur of 2 px": lambda i: blurred(pages.written(i), 2.0),
        "inversion": lambda i: 255 - pages.written(i),
        "noise of 10 levels": lambda i: noisy(pages.written(i), 10.0, i),
        "noise of 25 levels": lambda i: noisy(pages.written(i), 25.0, i),
        "print instead of hands": pages.printed,
    }
    return {**found, "another script": pages.in_another_script} if pages.cyrillic else found


@dataclass(frozen=True)
class Recorded:
    """Reads pages and keeps their features in a file, so that a run that was stopped goes on.

    Args:
        reader, surprise: what reads and scores.
        cache: rows of JSON.
        known: what it holds.
    """

    reader: PageReader
    surprise: Surprise
    cache: Path
    known: dict[str, dict[str, float]]

    def readings(self, kind: str, numbers: range, draw: Callable[[int], np.ndarray]) -> list[Reading]:
        """Return the readings of pages of a kind."""
        return [Reading(float(i), "", "", kind, self._features(f"{kind} {i}", i, draw)) for i in numbers]

    def _features(self, name: str, index: int, draw: Callable[[int], np.ndarray]) -> dict[str, float]:
        if name not in self.known:
            grey_HW = draw(index)
            found = features_of([self.reader.read(grey_HW)], sample(grey_HW), self.surprise)
            self.known[name] = {**found, "megapixels": grey_HW.size / 1e6}
            with self.cache.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps([name, self.known[name]]) + "\n")
        return self.known[name]


def cached(path: Path) -> dict[str, dict[str, float]]:
    """Return what a file of an earlier run holds."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        return {}
    return dict(json.loads(row) for row in path.read_text(encoding="utf-8").splitlines())


def orders(readings: list[Reading], count: int) -> Iterator[list[Reading]]:
    """Yield the readings in shuffled orders."""
    for seed in range(count):
        yield [readings[i] for i in np.random.default_rng(seed).permutation(len(readings))]


def false_alarms(reference: Reference, clean: list[Reading], count: int) -> tuple[dict[float, float], Counter[str]]:
    """Return for some thresholds the share of clean pages after which there is an alarm, and who gave those of ours."""
    asked, features = 0, Counter[str]()
    raised = dict.fromkeys(ALPHAS, 0)
    for stream in orders(clean, count):
        for end in range(WINDOWS[0], len(stream) + 1):
            found = findings(reference, stream[:end])
            least = min((one.p_value for one in found if one.psi >= SHIFTED), default=1.0)
            asked += 1
            for alpha in ALPHAS:
                raised[alpha] += least < alpha
            features.update(one.feature for one in alarms(found))
    return {alpha: times / asked for alpha, times in raised.items()}, features


def delays(
    reference: Reference, clean: list[Reading], changed: list[Reading], count: int
) -> tuple[list[int], Counter[str]]:
    """Return the delay of each stream in which the change was noticed, and the features that noticed it first."""
    found, features = [], Counter[str]()
    for before, after in zip(orders(clean, count), orders(changed, count), strict=True):
        for seen in range(1, len(after) + 1):
            raised = alarms(findings(reference, before[-max(WINDOWS) :] + after[:seen]))
            if raised:
                found.append(seen)
                features[raised[0].feature] += 1
                break
    return found, features


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=Path, help="a folder of font files, data/fonts after make fonts")
    parser.add_argument("--model", default="best", help="name or folder of the recogniser")
    parser.add_argument("--reference", type=int, default=200, help="pages of the reference")
    parser.add_argument("--clean", type=int, default=200, help="pages of clean traffic")
    parser.add_argument("--changed", type=int, default=40, help="pages of each change")
    parser.add_argument("--streams", type=int, default=10, help="orders in which they pass by")
    parser.add_argument("--cache", type=Path, default=Path("data/benchmark/drift.jsonl"), help="numbers of pages read")
    options = parser.parse_args()
    pages = Pages(options.fonts)
    if not pages.cyrillic:
        print("no family of --fonts has Cyrillic letters: another script is left out (make fonts, --fonts data/fonts)")
    reader = PageSettings(model=options.model, threads=1).reader()
    recorded = Recorded(reader, Surprise(weights_folder() / LANGUAGE_MODEL), options.cache, cached(options.cache))
    first, last = options.reference, options.reference + options.clean
    reference = Reference.of(recorded.readings("clean", range(first), pages.written))
    clean = recorded.readings("clean", range(first, last), pages.written)
    kinds = {
        kind: recorded.readings(kind, range(last, last + options.changed), draw)
        for kind, draw in changes(pages).items()
    }
    shares, features = false_alarms(reference, clean, options.streams)
    told = ", ".join(f"{name} {count}" for name, count in features.most_common(3)) or "none"
    print(f"clean: {options.streams} orders of {len(clean)} pages; pages after which there is an alarm ({told}):")
    print(", ".join(f"{100 * share:.2f} % at p < {alpha:g}" for alpha, share in shares.items()) + "\n", flush=True)
    print("| change | detected | delay in pages, median | longest | noticed first by |\n|---|---:|---:|---:|---|")
    for kind, changed in kinds.items():
        found, features = delays(reference, clean, changed, options.streams)
        middle, longest = (f"{np.median(found):.0f}", str(max(found))) if found else ("-", "-")
        told = ", ".join(name for name, _ in features.most_common(2))
        print(f"| {kind} | {100 * len(found) / options.streams:.0f} % | {middle} | {longest} | {told} |", flush=True)


if __name__ == "__main__":
    main()
