"""Searchable PDF files by the real OCRmyPDF with our reader: text at its place, upright pages, PDF/A.

Needs the layer `ocrmypdf` and no Debian package: Tesseract and Ghostscript are kept out of sight on purpose.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image, ImageDraw

from tests.inference.drawn_pages import WORDS, font
from text_recognizer.image import opened_pages
from text_recognizer.inference.boxes import box_of, words_of
from text_recognizer.inference.quarters import quarter_turns
from text_recognizer.inference.result import Page
from text_recognizer.inference.text_layer import kept_page

pytestmark = pytest.mark.real

DPI, SIZE, PX = 150.0, (1240, 1754), 34
OCRMYPDF = Path(sys.executable).with_name("ocrmypdf")
PLUGIN = "text_recognizer.searchable_pdf.plugin"


@dataclass(frozen=True)
class Drawn:
    """A page and the words on it with the boxes of their ink."""

    picture: Image.Image
    words: list[tuple[str, tuple[float, float, float, float]]]


def drawn(seed: int, rows: int = 8) -> Drawn:
    dice, picture = np.random.default_rng(seed), Image.new("L", SIZE, 245)
    pen, face, words = ImageDraw.Draw(picture), font("DejaVuSerif", PX), []
    for row in range(rows):
        x = 100.0
        for word in dice.choice(WORDS, 7):
            place = (x, 150 + 3.2 * PX * row)
            if x + pen.textlength(word, font=face) > SIZE[0] - 100:
                break
            pen.text(place, word, fill=30, font=face)
            words.append((str(word), pen.textbbox(place, word, font=face)))
            x += pen.textlength(f"{word} ", font=face)
    return Drawn(picture, words)


def pdf_of(pictures: list[Image.Image], path: Path) -> Path:
    pictures[0].save(path, save_all=True, append_images=pictures[1:], resolution=DPI)
    return path


def run(*arguments: object, model: str = "fast") -> subprocess.CompletedProcess[str]:
    """Run OCRmyPDF where it can see no other program than Python."""
    command = [OCRMYPDF, "--plugin", PLUGIN, "--text-recognizer-model", model, "--jobs", 1, *arguments]
    environment = {**os.environ, "PATH": str(Path(__file__).parent / "no programs")}
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment, check=False)


def layer(path: Path, number: int) -> Page:
    with opened_pages(path, dpi=DPI) as pages:
        page = kept_page(pages, number, path.name)
    assert page is not None, f"page {number} has no text layer"
    return page


@pytest.fixture(scope="module")
def pages() -> list[Drawn]:
    return [drawn(1), drawn(2), drawn(3, rows=1)]


@pytest.fixture(scope="module")
def searchable(pages, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("searchable")
    blank = Image.new("L", SIZE, 250)
    path = pdf_of([*(page.picture for page in pages), blank], folder / "in.pdf")
    done = run(
        "--output-type", "pdfa", "--pdfa-backend", "internal", "--sidecar", folder / "out.txt", path, folder / "out.pdf"
    )
    assert done.returncode == 0, done.stderr
    assert "PDF/A-2b" in done.stderr
    return folder / "out.pdf"


def test_every_word_is_found_at_its_place(pages, searchable):
    for number, page in enumerate(pages, start=1):
        found = [
            (word.text, box_of(word.corners, SIZE))
            for line in layer(searchable, number).lines
            for word in words_of(line)
        ]
        right = [text for (text, _), (read, _) in zip(page.words, found, strict=True) if text == read]
        assert len(right) >= 0.9 * len(page.words)
        for (text, ink), (_, box) in zip(page.words, found, strict=True):
            sides = max(ink[0], box[0]), max(ink[1], box[1]), min(ink[2], box[2]), min(ink[3], box[3])
            shared = max(0, sides[2] - sides[0]) * max(0, sides[3] - sides[1])
            assert shared > 0.7 * (ink[2] - ink[0]) * (ink[3] - ink[1]), f"{text} at {ink} was found at {box}"
            assert abs(box[0] - ink[0]) < PX / 2 and abs(box[2] - ink[2]) < PX / 2


def test_the_pictures_look_as_before_and_the_text_is_invisible(pages, searchable):
    with opened_pages(searchable, dpi=DPI) as opened:
        for number, page in enumerate(pages, start=1):
            shown = opened.page(number)[: SIZE[1], : SIZE[0]]  # PDFium rounds sizes up
            assert np.abs(shown.astype(int) - np.asarray(page.picture)).mean() < 4


def test_a_blank_page_stays_blank_and_the_text_beside_it_is_whole(pages, searchable):
    document = pypdfium2.PdfDocument(searchable)
    assert len(document) == 4 and document[3].get_textpage().count_chars() == 0
    words = searchable.with_name("out.txt").read_text(encoding="utf-8").split()
    truth = [word for page in pages for word, _ in page.words]
    assert sum(a == b for a, b in zip(words, truth, strict=True)) >= 0.9 * len(truth)


def test_it_is_pdf_a_and_says_who_read_it(searchable):
    import pikepdf
    from pikepdf.pdfa import validate_written

    report = validate_written(searchable, "2b")
    assert report.verdict == "pass", [str(finding) for finding in report.findings]
    with pikepdf.open(searchable) as pdf:
        assert "text-recognizer" in str(pdf.docinfo["/Creator"]) and "esseract" not in str(pdf.docinfo["/Creator"])


def test_pages_are_turned_and_straightened_on_request(pages, tmp_path):
    first = pages[0].picture
    shown = [first.rotate(turn, expand=True, fillcolor=245) for turn in (90, 180, 270)]
    shown += [first.rotate(turn, fillcolor=245) for turn in (5, -5)]
    done = run("--rotate-pages", "--deskew", pdf_of(shown, tmp_path / "in.pdf"), tmp_path / "out.pdf")
    assert done.returncode == 0, done.stderr
    truth = [word for word, _ in pages[0].words]
    for number in range(1, 6):
        lines = layer(tmp_path / "out.pdf", number).lines
        assert [quarter_turns(line.baseline) for line in lines] == [0] * len(lines)
        slopes = [(y1 - y0) / (x1 - x0) for (x0, y0), (x1, y1) in (line.baseline for line in lines)]
        assert abs(np.median(slopes)) < 0.01
        read = [word.text for line in lines for word in words_of(line)]
        assert sum(word in read for word in truth) >= 0.9 * len(truth)


def test_text_of_turned_and_leaning_pages_lies_on_its_ink(pages, tmp_path):
    first = pages[2].picture
    shown = [first.rotate(turn, expand=True, fillcolor=245) for turn in (90, 180, 270)]
    shown += [first.rotate(turn, fillcolor=245) for turn in (8, -8)]
    done = run(pdf_of(shown, tmp_path / "in.pdf"), tmp_path / "out.pdf")
    assert done.returncode == 0, done.stderr
    for number, picture in enumerate(shown, start=1):
        (line,) = layer(tmp_path / "out.pdf", number).lines
        rows, columns = np.nonzero(np.asarray(picture) < 120)
        ink, box = (columns.min(), rows.min(), columns.max(), rows.max()), line.box
        assert np.abs(np.array(ink) - box).max() < PX, f"page {number}: the ink is at {ink}, the text at {box}"


@pytest.mark.parametrize(
    ("arguments", "model", "said"),
    [
        ([], "fsat", "--text-recognizer-model fsat: .*did you mean fast"),
        (["--ocr-engine", "tesseract"], "fast", "leave out one of the two"),
        (["--pdf-renderer", "sandwich"], "fast", "sandwich is Tesseract's own"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(arguments, model, said, pages, tmp_path):
    path = pdf_of([pages[2].picture], tmp_path / "in.pdf")
    done = run(*arguments, path, tmp_path / "out.pdf", model=model)
    assert done.returncode != 0 and not (tmp_path / "out.pdf").exists()
    import re

    assert re.search(said, done.stderr) and "Traceback" not in done.stderr


def test_text_that_was_there_is_kept_or_read_anew(searchable, tmp_path):
    refused = run(searchable, tmp_path / "again.pdf")
    assert refused.returncode == 6, "OCRmyPDF's code for a file that has text already"
    kept = run("--mode", "skip", searchable, tmp_path / "kept.pdf")
    redone = run("--mode", "redo", searchable, tmp_path / "redone.pdf")
    assert (kept.returncode, redone.returncode) == (0, 0), kept.stderr + redone.stderr
    texts = [layer(path, 1).text for path in (searchable, tmp_path / "kept.pdf", tmp_path / "redone.pdf")]
    assert texts[0] == texts[1] and len(texts[2].split()) == len(texts[0].split())


def test_several_threads_write_what_one_writes(pages, searchable, tmp_path):
    done = run("--jobs", 3, searchable.with_name("in.pdf"), tmp_path / "out.pdf")
    assert done.returncode == 0, done.stderr
    assert json.dumps(layer(tmp_path / "out.pdf", 2).text) == json.dumps(layer(searchable, 2).text)
