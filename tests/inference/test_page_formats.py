"""ALTO, PAGE and hOCR, read back by the reader of training data and by a plain XML parser."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from text_recognizer.data.page_xml import read_page
from text_recognizer.errors import UserError
from text_recognizer.inference.boxes import box_of, character_boxes, words_of
from text_recognizer.inference.formats import FORMATS
from text_recognizer.inference.result import Page

from .result_pages import SIZE, line


@pytest.fixture
def page(tmp_path) -> Page:
    Image.new("L", SIZE, 255).save(tmp_path / "scan.png")
    lines = (line('He said "A & B <c>"', 50, 60), line("Ångström’s œuvre", 60, 150, 8), line("down", 500, 60, 90))
    return Page(lines, *SIZE, "scan.png")


def written(page: Page, name: str, folder: Path) -> Path:
    path = folder / "scan.xml"
    path.write_text("".join(FORMATS[name]([page])), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["alto", "page"])
def test_what_was_read_can_be_trained_on(name, page, tmp_path):
    found = read_page(written(page, name, tmp_path))
    assert (found.size, found.image.name) == (SIZE, "scan.png")
    assert [read.text for read in found.lines] == [line.text for line in page.lines]
    for read, line_ in zip(found.lines, page.lines, strict=True):
        assert np.abs(read.baseline_N2 - np.array(line_.baseline)).max() <= 0.5
        assert np.abs(read.polygon_M2 - np.array(line_.corners)).max() <= 0.5


@pytest.mark.parametrize("name", ["alto", "page", "hocr"])
def test_every_word_and_character_has_its_place(name, page, tmp_path):
    root = ElementTree.parse(written(page, name, tmp_path)).getroot()
    word = {"alto": "String", "page": "Word", "hocr": "ocrx_word"}[name]
    glyph = {"alto": "Glyph", "page": "Glyph", "hocr": "ocrx_cinfo"}[name]
    kinds = [part.get("class") or part.tag.rpartition("}")[2] for part in root.iter()]
    texts = " ".join(line_.text for line_ in page.lines)
    assert kinds.count(word) == len(texts.split())
    assert kinds.count(glyph) == len(texts.replace(" ", ""))


def test_hocr_says_where_the_baseline_runs(page, tmp_path):
    root = ElementTree.parse(written(page, "hocr", tmp_path)).getroot()
    titles = [part.get("title", "") for part in root.iter() if part.get("class") == "ocr_line"]
    assert "baseline 0.0000 -6.0" in titles[0]
    assert "baseline 0.1405" in titles[1]  # the tangent of 8 degrees
    assert "textangle 270" in titles[2]


def test_characters_of_a_line_stand_side_by_side():
    level = character_boxes(line("abc", 100, 100))
    assert [box_of(corners, SIZE) for corners in level] == [
        (100, 80, 110, 106),
        (110, 80, 120, 106),
        (120, 80, 130, 106),
    ]
    upright = character_boxes(line("ab", 100, 100, 90))
    assert [box_of(corners, SIZE) for corners in upright] == [(94, 100, 120, 110), (94, 110, 120, 120)]
    assert [box_of(corners, SIZE) for corners in character_boxes(line("a", 100, 100))] == [(100, 80, 110, 106)]
    assert character_boxes(line("", 100, 100)) == []


def test_words_are_what_spaces_separate():
    words = words_of(line("ab  c ", 100, 100))
    assert [(word.text, box_of(word.corners, SIZE)[::2]) for word in words] == [("ab", (100, 120)), ("c", (140, 150))]
    assert words[0].confidence == pytest.approx(0.9)


@pytest.mark.parametrize("name", ["alto", "page", "hocr"])
def test_a_blank_page_and_an_odd_file_name_are_well_formed(name):
    pages = [Page((), 10, 10, 'a "b" <c>\x07\ud800.png')]
    content = "".join(FORMATS[name](pages))
    assert ElementTree.fromstring(content.encode("utf-8")) is not None
    assert ElementTree.fromstring("".join(FORMATS[name]([])).encode("utf-8")) is not None


def test_page_xml_refuses_a_second_page(page):
    with pytest.raises(UserError, match="one page only; give --out a folder"):
        "".join(FORMATS["page"]([page, page]))
