"""Drafts by the real Tesseract, from the command line to a folder that fine-tuning takes.

Needs the Debian packages tesseract-ocr (which brings tesseract-ocr-eng) and tesseract-ocr-fra.
"""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from tests.inference.drawn_pages import font
from text_recognizer.data.own_data import read_own_data
from text_recognizer.inference.labelling.agreement import edits
from text_recognizer.inference.labelling.tesseract import ONE_LINE, ProgramFailed, Tesseract, texts_of_files
from text_recognizer.metrics.error_rate import character_error_rate

pytestmark = pytest.mark.real

PAGES = {
    "letter": ["The quick brown fox jumps over", "a lazy dog while seven wizards", "brew potent ginger ale."],
    "lettre": ["Le garçon a déjà mangé la crêpe", "où l'été finit près de la forêt."],
}


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scans")
    for name, texts in PAGES.items():
        page = Image.new("L", (900, 120 + 80 * len(texts)), 248)
        for number, text in enumerate(texts):
            ImageDraw.Draw(page).text((60, 60 + 80 * number), text, 25, font("DejaVuSerif", 36))
        page.save(folder / f"{name}.png")
    return folder


def label(scans: Path, out: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "text_recognizer.inference.cli", "label", str(scans), "--out", str(out)]
    words = ("--teacher", "tesseract", "--model", "fast", *words)
    return subprocess.run([*command, *words], capture_output=True, text=True, check=False)


def test_drafts_of_two_languages_are_read_as_own_data_and_stay_corrected(scans, tmp_path):
    done = label(scans, tmp_path, "--language", "fra+eng")
    assert (done.returncode, done.stderr) == (0, "") and done.stdout.startswith("5 lines of 2 pages: 5 drafts")
    data = read_own_data(tmp_path)
    drafts = {line.name: line.text for line in data.lines}
    truth = {f"{name}-{at:03d}.png": text for name, texts in PAGES.items() for at, text in enumerate(texts, 1)}
    assert (data.layout, data.faults, drafts.keys()) == ("pairs", [], truth.keys())
    assert character_error_rate([drafts[name] for name in truth], list(truth.values())).rate < 0.03
    (tmp_path / "lettre-002.gt.txt").write_text("où l’été finit")
    assert "5 texts kept as they were" in label(scans, tmp_path, "--language", "fra+eng").stdout
    assert "où l’été finit" in {line.text for line in read_own_data(tmp_path).lines}
    with (tmp_path / "drafts.tsv").open(newline="") as stream:
        rows = {row["file"]: row for row in csv.DictReader(stream, dialect="excel-tab")}
    assert rows["lettre-002"]["state"] == "kept" and edits(rows["lettre-002"]["teacher"], truth["lettre-002.png"]) < 3


def test_lines_that_agree_need_no_correction(scans, tmp_path):
    done = label(scans, tmp_path, "--language", "eng", "--agreed", "0")
    assert done.returncode == 0
    truth = {text for texts in PAGES.values() for text in texts}
    kept = [line.text for line in read_own_data(tmp_path).lines]
    assert len(kept) >= 2 and sum(text in truth for text in kept) >= len(kept) - 1


def test_a_language_that_is_not_installed_is_named_with_those_that_are(scans, tmp_path):
    done = label(scans, tmp_path, "--language", "eng+xyz")
    assert done.returncode == 1 and done.stdout == ""
    assert "Tesseract has no xyz here, it has eng" in done.stderr and "tesseract-ocr-xyz," in done.stderr


def test_each_picture_of_a_batch_has_its_own_answer_even_if_there_is_no_text():
    def line(text: str) -> bytes:
        picture, stream = Image.new("L", (500, 60), 255), io.BytesIO()
        ImageDraw.Draw(picture).text((10, 10), text, 0, font("DejaVuSans", 30))
        picture.save(stream, "PNG")
        return stream.getvalue()

    first, _, third, _ = Tesseract("eng").read([line("first line"), line(""), line("third line"), line("")])
    assert (first.strip(), third.strip()) == ("first line", "third line")


def test_a_picture_that_cannot_be_read_costs_the_others_nothing(tmp_path):
    path = tmp_path / "line.png"
    picture = Image.new("L", (500, 60), 255)
    ImageDraw.Draw(picture).text((10, 10), "a whole line", 0, font("DejaVuSans", 30))
    picture.save(path)
    with pytest.raises(ProgramFailed):
        texts_of_files([str(path), str(tmp_path / "none.png")], "eng", ONE_LINE)
    texts = Tesseract("eng").read([path.read_bytes(), b"no picture", path.read_bytes()])
    assert [text.strip() for text in texts] == ["a whole line", "", "a whole line"]
