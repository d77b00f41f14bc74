"""Sets of pages that headless Chromium prints in the test families, and of the lines cut out of them."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from fontTools.ttLib import TTFont
from PIL import Image

from benchmarks.reading.environment import bench_python, program_version
from benchmarks.reading.sets import About, BenchmarkSet, Drawn, Script, frozen_set, write_set
from benchmarks.reading.synthetic_sets import TEXTS
from text_recognizer.errors import UserError
from text_recognizer.synth.counter import rng
from text_recognizer.synth.fonts import Face, Kind, faces_of, folder_faces
from text_recognizer.synth.text import bundled_text

CHROMIUM = "chromium"
PAGES = 40
FRENCH_PAGES = 16
ROOM = (0.12, 0.04)
"""Room left and right and above and below a cut line, as shares of its height."""


class BrowserSets:
    """The sets of printed pages, printed once and only where one of them is missing.

    Args:
        sets: where the sets are kept.
        fonts: what ``make fonts`` fetched.
    """

    names = ("browser-handwriting", "browser-print", "browser-french", "browser-pages")

    def __init__(self, sets: Path, fonts: Path) -> None:
        self.sets, self.fonts = sets, fonts

    def read(self, name: str) -> BenchmarkSet:
        """Return the set `name`.

        Raises:
            UserError: it is not the frozen one, or the browser, the fonts or the benchmark layer is missing.
        """
        return frozen_set(self.sets, name, partial(self._make, name))

    def _make(self, name: str, folder: Path) -> None:
        script: Script = {"browser-handwriting": "handwriting", "browser-print": "print"}.get(name, "mixed")  # type: ignore[assignment]
        languages = "fra+eng" if name == "browser-french" else "eng"
        if name == "browser-pages":
            write_set(folder, About("page", script, languages, self._made_with), self._whole())
        else:
            write_set(folder, About("line", script, languages, self._made_with), self._lines(name))

    @cached_property
    def _made_with(self) -> str:
        ask = "import importlib.metadata as m; print(*(m.version(n) for n in ('augraphy', 'numpy', 'opencv-python')))"
        augraphy, numpy, opencv = program_version(str(bench_python()), "-c", ask).split()
        return f"{program_version(CHROMIUM)}, augraphy {augraphy}, numpy {numpy}, opencv-python {opencv}"

    @cached_property
    def _printed(self) -> dict[str, list[tuple[np.ndarray, list[dict[str, Any]], str]]]:
        """Pages by the set of their lines: picture, lines with boxes, family."""
        plans = page_plans(self.fonts)
        with tempfile.TemporaryDirectory() as folder:
            pages = [{**plan, "font": str(browser_font(Path(plan["font"]), Path(folder)))} for plan in _all(plans)]
            run_browser({"folder": folder, "chromium": f"/usr/bin/{CHROMIUM}", "pages": pages})
            done = iter([(*_page(Path(folder), k), plan["family"]) for k, plan in enumerate(pages)])
            return {name: [next(done) for _ in group] for name, group in plans.items()}

    def _whole(self) -> Iterator[Drawn]:
        for name in ("browser-handwriting", "browser-print"):
            for picture, lines, family in self._printed[name][: PAGES // 2]:
                yield picture, " ".join(line["text"] for line in lines), family

    def _lines(self, name: str) -> Iterator[Drawn]:
        for picture, lines, family in self._printed[name]:
            for line in lines:
                yield cut(picture, line["box"]), line["text"], family


def browser_font(path: Path, folder: Path) -> Path:
    """Return a font that browsers accept: they refuse a compact font whose name has a space in its CFF table."""
    with TTFont(path) as font:
        if "CFF " not in font:
            return path
        table = font["CFF "].cff
        table.fontNames = [re.sub(r"[^A-Za-z0-9-]", "", name) for name in table.fontNames]
        font.save(folder / path.name)
    return folder / path.name


def cut(picture_HWC: np.ndarray, box: list[float]) -> np.ndarray:
    """Return a line of a page with a little room round its box (left, top, right, bottom)."""
    left, top, right, bottom = box
    aside, above = ((bottom - top) * share for share in ROOM)
    rows = slice(max(0, round(top - above)), round(bottom + above))
    return picture_HWC[rows, max(0, round(left - aside)) : round(right + aside)]


def page_plans(fonts: Path) -> dict[str, list[dict[str, Any]]]:
    """Return what is printed: by set, a plan for each page; families take turns.

    Raises:
        UserError: the folder holds no font of the test families.
    """
    faces = folder_faces(fonts)
    english, french = (
        bundled_text("us-constitution.txt"),
        " ".join((TEXTS / "declaration-1789.txt").read_text(encoding="utf-8").split()),
    )
    groups: dict[str, tuple[tuple[Kind, ...], int, str]] = {
        "browser-handwriting": (("handwriting",), PAGES, english),
        "browser-print": (("print",), PAGES, english),
        "browser-french": (("handwriting", "print"), FRENCH_PAGES, french),
    }
    plans: dict[str, list[dict[str, Any]]] = {}
    for name, (kinds, count, text) in groups.items():
        usable = [able for kind in kinds if (able := _able(faces_of("test", kind, faces).values(), text))]
        if len(usable) < len(kinds):
            raise UserError(f"{fonts}: holds none of the test families for {name}; run make fonts")
        turns = [(usable[k % len(usable)], k // len(usable)) for k in range(count)]
        plans[name] = [_plan(name, k, able[turn % len(able)], text) for k, (able, turn) in enumerate(turns)]
    return plans


def _able(families: Iterable[tuple[Face, ...]], text: str) -> list[list[Face]]:
    """Return the faces of each family that have ink for all of `text`, families without any left out."""
    able = ([face for face in family if not face.lacks(text)] for family in families)
    return [family for family in able if family]


def _all(plans: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [plan for group in plans.values() for plan in group]


def _plan(name: str, number: int, family: list[Face], text: str) -> dict[str, Any]:
    dice = rng(2027, name, number)
    face = family[int(dice.integers(len(family)))]
    columns = 2 if face.kind == "print" and dice.random() < 0.2 else 1
    return {
        "font": str(face.path),
        "family": face.family,
        "size": round(float(dice.uniform(7.5, 10)) / face.x_height, 1),
        "leading": round(float(dice.uniform(1.25, 1.7)), 2),
        "width": int(dice.integers(520, 660) * (1.4 if columns == 2 else 1.0)),
        "margin": int(dice.integers(30, 70)),
        "align": "justify" if dice.random() < 0.4 else "left",
        "ink": ("#000", "#111", "#223", "#1b2f7a")[int(dice.integers(4 if face.kind == "handwriting" else 3))],
        "columns": columns,
        "gap": round(float(dice.uniform(0.2, 1.2)), 2),
        "indent": float(dice.integers(3)),
        "heading": bool(dice.random() < 0.4),
        "paragraphs": _paragraphs(text, dice),
        "scale": round(float(dice.uniform(1.6, 2.4)), 2),
        "seed": int(dice.integers(2**31)),
    }


def _paragraphs(text: str, dice: np.random.Generator) -> list[str]:
    """Return a heading of a few words and two or three paragraphs, all consecutive text from somewhere in `text`."""
    words = text.split()
    lengths = [int(dice.integers(3, 7)), *(int(n) for n in dice.integers(50, 110, size=int(dice.integers(2, 4))))]
    start = int(dice.integers(max(1, len(words) - sum(lengths))))
    paragraphs = []
    for length in lengths:
        paragraphs.append(" ".join(words[start : start + length]).replace("&", "and").replace("<", ""))
        start += length
    return [paragraph for paragraph in paragraphs if paragraph]


def run_browser(job: dict[str, Any]) -> None:
    """Print the pages of a job with the Python of the benchmark layer.

    Raises:
        UserError: it or the browser does not run.
    """
    script = Path(__file__).with_name("browser_pages.py")
    command = [str(bench_python()), str(script)]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["?"])[-1][:200]
        raise UserError(f"{CHROMIUM}: the pages could not be printed ({reason}); install Debian's chromium")


def _page(folder: Path, number: int) -> tuple[np.ndarray, list[dict[str, Any]]]:
    with Image.open(folder / f"{number}.png") as picture:
        return np.array(picture.convert("RGB")), json.loads((folder / f"{number}.json").read_text(encoding="utf-8"))
