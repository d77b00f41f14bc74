import numpy as np
import pytest

from text_recognizer.errors import UserError
from text_recognizer.synth.pages import PageSynthesiser, SyntheticPage

KINDS = pytest.mark.parametrize("handwriting", [1.0, 0.0], ids=["handwriting", "print"])


def clean_page(handwriting: float, text: str | None = None, number: int = 0) -> SyntheticPage:
    """Return a page of black ink on white."""
    return PageSynthesiser(seed=5, split="train", handwriting=handwriting, strength=0).page(number, text)


@KINDS
@pytest.mark.parametrize("number", range(3))
def test_the_boxes_hold_all_ink_and_no_box_is_empty(handwriting, number):
    page = clean_page(handwriting, number=number)
    boxed_HW = np.zeros(page.image_HW.shape, bool)
    for line in page.lines:
        left, top, right, bottom = map(int, line.box)
        assert page.image_HW[top:bottom, left:right].min() < 128
        boxed_HW[top:bottom, left:right] = True
    assert (page.image_HW[~boxed_HW] == 255).all()


@KINDS
def test_the_first_line_box_touches_ink_on_all_sides(handwriting):
    page = clean_page(handwriting, "Hxg")  # one line, so that no other line's ink lies in its box
    rows, columns = np.nonzero(page.image_HW < 200)
    found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert np.abs(np.subtract(found, page.lines[0].box)).max() <= 2


@KINDS
@pytest.mark.parametrize("number", range(3))
def test_baselines_and_centres_lie_in_their_boxes(handwriting, number):
    for line in clean_page(handwriting, number=number).lines:
        left, top, right, bottom = line.box
        (x0, y0), (x1, y1) = line.baseline
        assert (x0, x1, y0) == (left, right, y1)
        assert top < y0 <= bottom + 1
        assert len(line.centres) == len(line.text)
        assert (line.centres >= left - 1).all() and (line.centres <= right + 1).all()


@KINDS
def test_letters_without_descender_end_at_the_baseline(handwriting):
    (line,) = clean_page(handwriting, "nnnn").lines
    height = line.box[3] - line.box[1]
    assert abs(line.box[3] - line.baseline[0][1]) < 0.3 * height


@KINDS
def test_a_text_of_ones_own_is_written_whole(handwriting):
    words = " ".join(f"word{i}" for i in range(150))  # more than a page of its own would hold
    page = clean_page(handwriting, words)
    assert " ".join(line.text for line in page.lines) == words
    assert page.text.split() == words.split()
    assert len(page.lines) > 10


def test_a_word_wider_than_the_page_gets_a_wider_page():
    page = clean_page(0.0, "w" * 150)
    assert page.image_HW.shape[1] > 900
    assert page.lines[0].box[2] <= page.image_HW.shape[1]


@KINDS
def test_characters_that_cannot_be_drawn_are_named(handwriting):
    with pytest.raises(UserError, match="д"):
        clean_page(handwriting, "Straдe")


@pytest.mark.parametrize("text", ["", "  \n "])
def test_a_blank_text_is_refused(text):
    with pytest.raises(UserError, match="at least one word"):
        clean_page(1.0, text)


def test_page_i_is_a_pure_function_of_seed_and_i():
    pages = PageSynthesiser(seed=3)
    later = pages.page(7)
    again = PageSynthesiser(seed=3).page(7)
    assert np.array_equal(later.image_HW, again.image_HW)
    assert (later.text, later.source) == (again.text, again.source)
    assert pages.page(8).text != later.text
    assert PageSynthesiser(seed=4).page(7).text != later.text


def test_a_degraded_page_has_the_same_lines_as_the_clean_one():
    degraded = PageSynthesiser(seed=5, split="train", handwriting=1.0).page(0)
    clean = clean_page(1.0)
    assert degraded.image_HW.shape == clean.image_HW.shape
    assert [line.box for line in degraded.lines] == [line.box for line in clean.lines]
    assert not np.array_equal(degraded.image_HW, clean.image_HW)
