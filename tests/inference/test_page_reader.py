import json

import numpy as np
import pytest

from tests.inference.drawn_pages import draw_page as draw_text_page
from tests.inference.tiny_model import draw_flag_page, draw_flags
from text_recognizer.inference.draw import draw_page
from text_recognizer.inference.formats import TSV_COLUMNS, as_json, as_text, as_tsv
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.inference.page_reader import PageReader
from text_recognizer.inference.result import Character, Line, Page
from text_recognizer.metrics.error_rate import character_error_rate

TEXTS = ["abcdeabcde", "ddccbbaaee", "eeaeeaeebe"]


@pytest.fixture
def page(recognizer, segmenter):
    return PageReader(recognizer, segmenter=segmenter).read(draw_flag_page(TEXTS), source="flags.png")


def test_a_page_is_read_line_by_line(page):
    assert page.text.splitlines() == TEXTS
    assert (page.source, page.frame, page.width, page.height) == ("flags.png", 0, 328, 240)


def test_light_text_on_dark_paper_is_read_the_same(recognizer, segmenter):
    assert PageReader(recognizer, segmenter=segmenter).read(255 - draw_flag_page(TEXTS)).text.splitlines() == TEXTS


@pytest.mark.parametrize("angle", [-4.0, 3.0])
def test_a_tilted_page_is_read_and_its_places_are_those_of_the_tilted_page(angle):
    drawn = draw_text_page(7, 5, angle=angle, text_px=26)
    page = PageReader(LineRecognizer.load(threads=1)).read(drawn.grey_HW)
    assert len(page.lines) == 5
    assert character_error_rate([line.text for line in page.lines], drawn.texts).rate < 0.1
    for line, (left, top, right, bottom) in zip(page.lines, drawn.boxes, strict=True):
        (x0, y0), (x1, y1) = line.baseline
        assert np.degrees(np.arctan2(y1 - y0, x1 - x0)) == pytest.approx(angle, abs=0.5)
        start, end = drawn.untilted(np.array(line.baseline))
        assert abs(start[0] - left) < 20 and abs(end[0] - right) < 20 and top < start[1] < bottom + 6
        assert 0 <= line.box[0] < line.box[2] <= page.width and 0 <= line.box[1] < line.box[3] <= page.height


def test_boxes_and_characters_stand_where_the_ink_is(page):
    for number, line in enumerate(page.lines):
        left, top, right, bottom = line.box
        assert abs(left - 38) <= 8 and abs(top - (30 + 60 * number)) <= 4 and abs(bottom - top - 34) <= 4
        assert line.baseline[0][1] == pytest.approx(60 + 60 * number, abs=3)
        assert [character.x for character in line.characters] == pytest.approx(
            [38 + 26 * place + 11 for place in range(10)], abs=8
        )
        assert "".join(character.text for character in line.characters) == line.text


@pytest.mark.parametrize("shape", [(1, 1), (500, 700), (1, 30_000), (30_000, 3)])
def test_a_blank_page_gives_an_empty_result(shape, recognizer, segmenter):
    page = PageReader(recognizer, segmenter=segmenter).read(np.full(shape, 250, np.uint8))
    assert (page.lines, page.text, page.width, page.height) == ((), "", shape[1], shape[0])


@pytest.mark.parametrize("inverted", [False, True])
def test_a_single_line_is_read_whole(inverted, recognizer):
    line = draw_flags("abcde")
    page = PageReader(recognizer, single_line=True).read(255 - line if inverted else line)
    assert page.text == "abcde"
    assert page.lines[0].box == (0, 0, line.shape[1], line.shape[0])


def test_the_result_tree_survives_json(page):
    assert Page.from_dict(json.loads(json.dumps(page.to_dict()))) == page


def test_pages_as_text_have_titles_only_when_there_are_several(page):
    assert "".join(as_text([page])) == "\n".join(TEXTS) + "\n"
    titled = "".join(as_text([page, page], titled=True))
    assert titled.count("==> flags.png <==\n") == 2


def test_pages_as_json_are_one_document(page):
    tree = json.loads("".join(as_json([page, page])))
    assert [Page.from_dict(item).text for item in tree["pages"]] == [page.text] * 2
    assert json.loads("".join(as_json([]))) == {"format": 1, "pages": []}


def test_pages_as_tsv_have_a_row_per_line(page):
    header, *rows = "".join(as_tsv([page])).splitlines()
    assert tuple(header.split("\t")) == TSV_COLUMNS
    assert [row.split("\t")[-1] for row in rows] == TEXTS
    assert {len(row.split("\t")) for row in rows} == {len(TSV_COLUMNS)}


def line_saying(text: str) -> Line:
    corners = ((5.0, 5.0), (95.0, 5.0), (95.0, 25.0), (5.0, 25.0))
    return Line(text, 0.5, (5, 5, 95, 25), corners, ((5.0, 20.0), (95.0, 20.0)), (Character("x", 7.0, 20.0, 0.5),))


def test_quotes_and_tabs_in_a_text_keep_the_table_whole():
    page = Page((line_saying('say "a\tb"'),), 100, 30, "odd\tname.png")
    import csv

    _, row = csv.reader("".join(as_tsv([page])).splitlines(), dialect="excel-tab")
    assert (row[0], row[-1]) == ("odd\tname.png", 'say "a\tb"')


def test_drawing_shows_the_page_and_the_text_beside_it(page):
    picture = np.asarray(draw_page(draw_flag_page(TEXTS), page))
    assert picture.shape == (240, 2 * 328, 3)
    left, right = picture[:, :328].astype(int), picture[:, 330:].astype(int)
    assert np.count_nonzero(np.ptp(left, axis=2) > 40) > 500  # coloured frames
    assert np.count_nonzero(right.sum(axis=2) < 600) > 200  # written text


@pytest.mark.parametrize("text", ["", " ", "w" * 500, "ß€"])
def test_drawing_copes_with_any_text(text):
    assert draw_page(np.full((30, 100), 255, np.uint8), Page((line_saying(text),), 100, 30)).size == (200, 30)


def test_a_large_page_is_drawn_smaller():
    assert draw_page(np.full((100, 4_800), 255, np.uint8), Page((), 4_800, 100)).size == (4_800, 50)


def test_below_its_threshold_a_reader_abstains_but_says_where(recognizer, segmenter):
    picture = draw_flag_page(TEXTS)
    page = PageReader(recognizer, segmenter=segmenter).read(picture)
    silent = PageReader(recognizer, segmenter=segmenter, abstain=1.0).read(picture)
    assert silent.text == ""
    assert [line.box for line in silent.lines] == [line.box for line in page.lines]
    assert [line.confidence for line in silent.lines] == [line.confidence for line in page.lines]
    least = min(line.confidence for line in page.lines)
    assert PageReader(recognizer, segmenter=segmenter, abstain=least).read(picture).text == page.text
