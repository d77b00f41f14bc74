"""The model in text_recognizer/weights, as a user meets it."""

import csv
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from text_recognizer.image import open_image
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.inference.page_reader import PageReader
from text_recognizer.metrics.error_rate import character_error_rate
from text_recognizer.synth.pages import PageSynthesiser

FROZEN = Path(__file__).parents[1] / "data" / "lines"
WEIGHTS = Path(str(files("text_recognizer"))) / "weights" / "best"


@pytest.fixture(scope="module")
def recognizer():
    return LineRecognizer.load(threads=1)


def frozen(kind, count=100):
    with (FROZEN / kind / "truth.tsv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))[:count]
    return [open_image(FROZEN / kind / row["file"]) for row in rows], [row["text"] for row in rows]


def test_it_is_small_and_its_card_says_what_it_is():
    assert sum(path.stat().st_size for path in WEIGHTS.iterdir()) < 8_000_000
    card = (WEIGHTS / "card.md").read_text()
    assert "CC-BY 4.0" in card and "CER" in card


@pytest.mark.parametrize(("kind", "floor"), [("handwriting", 0.12), ("print", 0.03)])
def test_it_reads_the_frozen_lines(recognizer, kind, floor):
    images, truths = frozen(kind)
    read = [reading.text for reading in recognizer.read(images)]
    assert character_error_rate(read, truths).rate < floor


def test_a_lines_text_does_not_depend_on_the_lines_it_is_read_with(recognizer):
    images, _ = frozen("print", 24)
    together = [reading.text for reading in recognizer.read(images)]
    assert together == [recognizer.read([image])[0].text for image in images]


def test_it_reads_a_printed_page_with_its_own_line_finding(recognizer):
    page = PageSynthesiser(seed=3, split="validation", handwriting=0.0, strength=0.0).page(1)
    read = PageReader(recognizer).read(page.image_HW)
    assert len(read.lines) == len(page.lines)
    assert character_error_rate([read.text], [page.text]).rate < 0.05


def test_a_blank_page_gives_an_empty_result(recognizer):
    assert PageReader(recognizer).read(np.full((300, 500), 240, np.uint8)).lines == ()
