import numpy as np
from PIL import Image, ImageDraw

from tests.inference.drawn_pages import font
from text_recognizer.inference.polarity import dark_on_light, light_lines
from text_recognizer.inference.tracing import Trace


def page_with_a_dark_band() -> tuple[np.ndarray, list[Trace]]:
    """Return a light page whose first line stands in white on a black band."""
    page = Image.new("L", (500, 200), 235)
    pen = ImageDraw.Draw(page)
    pen.rectangle((10, 10, 490, 56), fill=15)
    lines = []
    for y, ink in ((44, 240), (100, 20), (150, 20)):
        pen.text((30, y), "a heading and some lines", fill=ink, font=font("DejaVuSans", 26), anchor="ls")
        lines.append(Trace(np.arange(30.0, 360, 4), np.full(83, float(y)), 14.0, 1.0))
    return np.asarray(page), lines


def test_a_line_can_have_another_polarity_than_its_page():
    page, lines = page_with_a_dark_band()
    assert light_lines(page, lines).tolist() == [True, False, False]
    assert light_lines(255 - page, lines).tolist() == [False, True, True]


def test_all_lines_are_made_dark_on_light():
    page, lines = page_with_a_dark_band()
    for shown in (page, 255 - page):
        dark = dark_on_light(shown, lines, light_lines(shown, lines), 1.0)
        for line in lines:
            band = dark[int(line.y_N[0]) - 14 : int(line.y_N[0]), 30:340]
            assert np.median(band) > 180 and band.min() < 60


def test_the_page_itself_is_left_as_it_was():
    page, lines = page_with_a_dark_band()
    before = page.copy()
    dark_on_light(page, lines, light_lines(page, lines), 1.0)
    assert np.array_equal(page, before)
