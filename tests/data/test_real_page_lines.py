from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.inference.drawn_pages import font
from text_recognizer.data.page_xml import Page, TextLine
from text_recognizer.data.real_page_lines import labelled, x_height_of


def page(folder: Path, lines: int) -> Page:
    """Write a page of print at 30 px and say where its lines stand, the first one a short title."""
    picture = Image.new("L", (700, 80 * lines + 80), 240)
    pen, found = ImageDraw.Draw(picture), []
    for number in range(lines):
        y, text = 80 * number + 80, "a title" if not number else "some more words on one long line"
        pen.text((40, y), text, fill=20, font=font("DejaVuSans", 30), anchor="ls")
        right = 40 + pen.textlength(text, font=font("DejaVuSans", 30))
        outline = np.array([(40, y - 28), (right, y - 28), (right, y + 8), (40, y + 8)], float)
        found.append(TextLine(text, np.array([(40.0, y), (right, y)]), outline, "", str(number)))
    picture.save(folder / "page.png")
    return Page(folder / "page.png", picture.size, found)


def test_the_x_height_is_measured_from_the_ink(tmp_path):
    source = page(tmp_path, 3)
    grey_HW = np.asarray(Image.open(source.image))
    left, top, right, bottom = font("DejaVuSans", 30).getbbox("x", anchor="ls")
    assert x_height_of(grey_HW, source.lines[1]) == pytest.approx(-top, abs=3)
    assert x_height_of(np.full_like(grey_HW, 240), source.lines[1]) == 0


def test_a_page_is_labelled_at_half_its_scale_from_its_first_long_line_on(tmp_path):
    known = labelled(page(tmp_path, 4))
    assert known is not None and known.grey_HW.shape == (200, 350)
    assert [line.baseline_N2[0, 1] for line in known.lines] == [40, 80, 120, 160]
    assert 40 < known.known_from < 80


def test_a_page_with_hardly_any_line_is_left_out(tmp_path):
    assert labelled(page(tmp_path, 2)) is None
