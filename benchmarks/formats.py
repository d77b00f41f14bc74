"""Every format that results are written in, on real and on drawn pages: validated, read back and compared.

    make pages                                                   # once: the transcribed pages, data/copiste
    .venv/bin/python benchmarks/formats.py                       # 100 real and 100 drawn pages, one row per format
    .venv/bin/python benchmarks/formats.py --pdf                 # memory for reading 20, 100 and 200 pages of a PDF

Every page is read once, by the model `fast`. A row tells how many files are valid (ALTO 4.4 and PAGE 2019 by their
schemas, hOCR by the rules of its specification 1.2), how many come back with all their texts, the largest differences
of a line's box, of its corners, of its baseline and of a word's box in px, and what writing and reading back costs. The
rows `training/...` read ALTO and PAGE with their pictures beside them, as training does.

What a format cannot tell is not counted against it: ALTO and hOCR know words, with single spaces between them, and no
lines without text; TSV knows the boxes of lines only. ALTO, PAGE and hOCR round to whole pixels, and hOCR tells a
tilted rectangle by the upright one around it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # for tests.inference, when run as a file

import numpy as np
from PIL import Image

from tests.inference import hocr_rules, schemas
from text_recognizer.data.page_xml import read_page, read_pages
from text_recognizer.errors import UserError, check_range
from text_recognizer.image import open_image
from text_recognizer.inference.boxes import box_of, words_of
from text_recognizer.inference.formats import FORMATS, SUFFIX_OF
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.inference.page_reader import PageReader
from text_recognizer.inference.reading_back import read_back
from text_recognizer.inference.result import Line, Page
from text_recognizer.inference.segmenter import Segmenter
from text_recognizer.synth.pages import PageSynthesiser

BACK = ("json", "tsv", "hocr", "alto", "page")
TRAINING = ("alto", "page")
ROUNDED = {"boxes": 1.0, "corners": 0.51, "baselines": 0.51, "words": 8.0}
TOLERANCES = {
    "json": {"boxes": 0.0, "corners": 0.0001, "baselines": 0.0001, "words": 1.0},
    "tsv": {"boxes": 0.0},
    "hocr": {"boxes": 0.0, "words": 12.0},
    "alto": {**ROUNDED, "boxes": 0.0},
    "page": ROUNDED,
    "training/alto": ROUNDED,
    "training/page": ROUNDED,
}
"""Pixels. Whole ones are written; the boxes of words are made anew from characters, whose own boxes were rounded, along
a baseline that may bend; hOCR tells upright boxes of leaning characters, and so the least."""

COUNTS = (20, 100, 200)
"""Pages of the PDF that are read."""

READING = """
import re, sys
from text_recognizer.inference.cli import main
code = main(sys.argv[1:])
status = open("/proc/self/status").read()  # ru_maxrss would count the process that this one was forked from
print(int(re.search(r"VmHWM:\\s*(\\d+) kB", status)[1]) / 1024, file=sys.stderr)
sys.exit(code)
"""


@dataclass
class Score:
    """What was found of one format.

    Attributes:
        pages, valid, equal: files, those without a fault, those that came back with the same texts.
        boxes, corners, baselines, words: largest differences in px.
        size: of all files together, in bytes.
        writing, reading: seconds.
        faults: what is wrong with files, each with its name.
    """

    pages: int = 0
    valid: int = 0
    equal: int = 0
    boxes: float = 0.0
    corners: float = 0.0
    baselines: float = 0.0
    words: float = 0.0
    size: int = 0
    writing: float = 0.0
    reading: float = 0.0
    faults: list[str] = field(default_factory=list)

    def check(self, name: str) -> None:
        """Add the differences that are larger than the format excuses to the faults."""
        for place, most in TOLERANCES[name].items():
            if getattr(self, place) > most:
                self.faults.append(
                    f"{name}: {place} differ by {getattr(self, place):.2f} px, at most {most} are excused"
                )

    def row(self, name: str, validated: bool, places: Sequence[str]) -> str:
        """Return the columns of the table; a dash for what the format does not tell or nobody checks."""
        values = {name: getattr(self, name) for name in ("boxes", "corners", "baselines", "words")}
        apart = (f"{value:.2f}" if name in places else "-" for name, value in values.items())
        cells = (name, self.pages, self.valid if validated else "-", self.equal, *apart)
        costs = f"{self.size / 1e6:.1f}", f"{self.writing:.1f}", f"{self.reading:.1f}"
        return f"| {' | '.join(map(str, (*cells, *costs)))} |"


def real_pictures(folder: Path, count: int) -> Iterator[Path]:
    """Yield pictures of transcribed pages, those of validation first."""
    splits = [folder / split for split in ("val", "train")]
    if not any(split.is_dir() for split in splits):
        raise UserError(f"{folder}: there are no transcribed pages; fetch them with make pages, or give --count-real 0")
    pages = chain.from_iterable(read_pages(split) for split in splits if split.is_dir())
    return islice((page.image for page in pages), count)


def drawn_pictures(folder: Path, count: int, fonts: Path | None) -> Iterator[Path]:
    """Draw pages, half of them handwritten, by writers and in families that no training has seen."""
    pages = PageSynthesiser(7, "validation", fonts=fonts if fonts and fonts.is_dir() else None)
    for number in range(count):
        path = folder / f"drawn-{number:03}.png"
        Image.fromarray(pages.page(number).image_HW).save(path)
        yield path


def measured(pictures: Iterable[Path], reader: PageReader) -> dict[str, Score]:
    """Return the score of each format over pages; `training/alto` and `training/page` are how training reads them."""
    scores = {name: Score() for name in (*BACK, *(f"training/{name}" for name in TRAINING))}
    with tempfile.TemporaryDirectory() as folder:
        for picture in pictures:
            here = Path(folder) / picture.name
            here.symlink_to(picture.resolve())
            page = reader.read(open_image(picture), here.name)
            for name in BACK:
                path = here.with_suffix(f".{name}{SUFFIX_OF[name]}")
                judge(name, page, path, scores[name])
                if name in TRAINING:
                    _judge_training(page, path, scores[f"training/{name}"])
                path.unlink()
            here.unlink()
    return scores


def judge(name: str, page: Page, path: Path, score: Score) -> None:
    """Write a page, validate it, read it back and add what was found to the score of its format."""
    started = time.perf_counter()
    path.write_text("".join(FORMATS[name]([page])), encoding="utf-8", errors="replace")
    score.writing += time.perf_counter() - started
    content = path.read_bytes()
    score.pages, score.size = score.pages + 1, score.size + len(content)
    faults = hocr_rules.faults(content) if name == "hocr" else schemas.faults(name, content) if name in TRAINING else []
    score.valid += not faults
    score.faults += [f"{page.source}: {fault}" for fault in faults[:3]]
    started = time.perf_counter()
    (back,) = read_back(path) or [Page((), page.width, page.height, page.source)]
    score.reading += time.perf_counter() - started
    lines = [line for line in page.lines if name in ("json", "page") or words_of(line)]
    wanted = [_single(line.text) if name in ("alto", "hocr") else line.text for line in lines]
    if [line.text for line in back.lines] != wanted:
        score.faults.append(f"{page.source}: its texts came back changed")
        return
    score.equal += 1
    for line, found in zip(lines, back.lines, strict=True):
        _compare(name, line, found, (page.width, page.height), score)


def _compare(name: str, line: Line, found: Line, size: tuple[int, int], score: Score) -> None:
    """Add the differences of a line to the largest ones; what lies off the page is compared where it leaves it."""
    box = line.box if name in ("json", "tsv") else box_of(line.corners, size)
    score.boxes = max(score.boxes, _apart(box, found.box))
    if name == "tsv":
        return
    inside = name == "json" or np.array_equal(_on_page(line.corners, size), np.array(line.corners))
    if name != "hocr" or inside:  # of a rectangle that the page cuts off hOCR tells the rest only
        score.corners = max(score.corners, _apart(_on_page(line.corners, size), _on_page(found.corners, size)))
        score.baselines = max(score.baselines, _apart(_on_page(line.baseline, size), _on_page(found.baseline, size)))
    for word, again in zip(words_of(line), words_of(found), strict=True):
        score.words = max(score.words, _apart(box_of(word.corners, size), box_of(again.corners, size)))


def _judge_training(page: Page, path: Path, score: Score) -> None:
    """Read a page as training does: texts, and outlines and baselines in px of the picture beside it."""
    started = time.perf_counter()
    found = read_page(path).lines
    score.reading += time.perf_counter() - started
    score.pages += 1
    lines = [line for line in page.lines if words_of(line) or path.name.endswith(".page.xml")]
    if [line.text for line in found] != [_single(line.text) for line in lines]:
        score.faults.append(f"{page.source}: training reads other texts")
        return
    score.equal += 1
    size = (page.width, page.height)
    for line, again in zip(lines, found, strict=True):
        score.corners = max(score.corners, _apart(_on_page(line.corners, size), again.polygon_M2))
        score.baselines = max(score.baselines, _apart(_on_page(line.baseline, size), again.baseline_N2))


def _single(text: str) -> str:
    return " ".join(text.split())


def _on_page(points: Sequence[tuple[float, float]], size: tuple[int, int]) -> np.ndarray:
    return np.clip(np.array(points), 0, size)


def _apart(a: Sequence | np.ndarray, b: Sequence | np.ndarray) -> float:
    return float(np.abs(np.array(a, float) - np.array(b, float)).max())


def print_table(name: str, pictures: Iterable[Path], reader: PageReader) -> bool:
    """Print the rows of a set; return whether every file is valid and came back."""
    scores = measured(pictures, reader)
    columns = "format | pages | valid | texts equal | box | corners | baseline | words | MB | write s | read s"
    print(f"\n{name}\n\n| {columns} |\n|{'---|' * 11}")
    for kind, score in scores.items():
        places = {"tsv": ("boxes",), "json": ("boxes", "corners", "baselines", "words")}.get(kind)
        places = places or (
            ("corners", "baselines") if "training" in kind else ("boxes", "corners", "baselines", "words")
        )
        print(score.row(kind, kind in ("hocr", *TRAINING), places))
        score.check(kind)
    faults = [fault for score in scores.values() for fault in score.faults]
    print(*faults[:20], sep="\n")
    return not faults


def print_memory(folder: Path, model: str, fonts: Path | None, name: str, counts: Sequence[int]) -> bool:
    """Print what reading some pages of a PDF takes; return whether more pages take no more memory."""
    pictures = (Image.open(path).convert("L") for path in drawn_pictures(folder, max(counts), fonts))
    book = folder / "book.pdf"
    next(pictures).save(book, save_all=True, append_images=pictures, resolution=100)
    print(f"\nA PDF of {max(counts)} pages, {book.stat().st_size / 1e6:.1f} MB, read into one {name} file\n")
    print("| pages | MB of memory at most | MB written | seconds |\n|---|---|---|---|")
    peaks = []
    for count in counts:
        out = folder / f"out{SUFFIX_OF[name]}"
        words = ["read", str(book), "--pages", f"1-{count}", "--dpi", "100", "--model", model, "--threads", "1"]
        command = [sys.executable, "-c", READING, *words, "--format", name, "--out", str(out)]
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UserError(f"{book}: reading failed ({done.stderr.strip()[-300:]}); read it alone to see why")
        peaks.append(float(done.stderr.split()[-1]))
        spent = time.perf_counter() - started
        print(f"| {count} | {peaks[-1]:.0f} | {out.stat().st_size / 1e6:.1f} | {spent:.0f} |", flush=True)
    return peaks[-1] <= 1.1 * peaks[0]


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; the exit code is 1 if a file is not valid, came back changed, or memory grows with pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=Path("data/copiste"), help="transcribed pages, in train and val")
    parser.add_argument("--fonts", type=Path, default=Path("data/fonts"), help="font files, as after make fonts")
    parser.add_argument("--count-real", type=int, default=100, metavar="N")
    parser.add_argument("--count-drawn", type=int, default=100, metavar="N")
    parser.add_argument("--model", default="fast")
    parser.add_argument("--pdf", action="store_true", help="measure memory instead")
    parser.add_argument("--pdf-format", default="alto", choices=[name for name in FORMATS if name != "page"])
    parser.add_argument("--pdf-pages", type=int, nargs="+", default=COUNTS, metavar="N")
    options = parser.parse_args(arguments)
    try:
        check_range("--count-real", options.count_real, 0)
        check_range("--count-drawn", options.count_drawn, 0)
        with tempfile.TemporaryDirectory() as folder:
            if options.pdf:
                return not print_memory(
                    Path(folder), options.model, options.fonts, options.pdf_format, options.pdf_pages
                )
            reader = PageReader(LineRecognizer.load(options.model), segmenter=Segmenter.load(options.model))
            fine = True
            if options.count_real:
                fine &= print_table("Real pages", real_pictures(options.pages, options.count_real), reader)
            if options.count_drawn:
                drawn = drawn_pictures(Path(folder), options.count_drawn, options.fonts)
                fine &= print_table("Drawn pages", drawn, reader)
            return not fine
    except UserError as error:
        print(f"formats: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
