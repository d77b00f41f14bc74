"""The picture of what was read where."""

import numpy as np
from PIL import Image, ImageDraw

from text_recognizer.charset import LATIN
from text_recognizer.inference.draw import _font, draw_page
from text_recognizer.inference.result import Line, Page


def drawn(character: str) -> bytes:
    picture = Image.new("L", (60, 60), 255)
    ImageDraw.Draw(picture).text((10, 10), character, font=_font(30.0))
    return picture.tobytes()


def test_every_character_that_is_read_can_be_drawn():
    missing = drawn("\u4e00")
    assert [c for c in LATIN if c != " " and drawn(c) == missing] == []
    assert drawn("é") != drawn("e") and drawn("ß") != drawn("ø")


def test_lines_are_framed_and_their_texts_stand_beside_them():
    corners = ((10.0, 20.0), (90.0, 20.0), (90.0, 50.0), (10.0, 50.0))
    line = Line("Œuvre", 0.9, (10, 20, 90, 50), corners, ((10.0, 45.0), (90.0, 45.0)))
    picture = np.asarray(draw_page(np.full((100, 200), 255, np.uint8), Page((line,), 200, 100)))
    assert picture.shape == (100, 400, 3)
    assert (picture[20, 10:90] != 255).any(axis=-1).all()
    beside = (picture[20:50, 210:390] != 255).any(axis=-1)
    assert beside.any() and not (picture[60:, 210:390] != 255).any()
