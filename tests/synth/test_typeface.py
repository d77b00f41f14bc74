"""Lines drawn with font files."""

from string import ascii_letters

import numpy as np
import pytest

from text_recognizer.errors import UserError
from text_recognizer.synth.counter import rng
from text_recognizer.synth.fonts import dependency_faces, folder_faces
from text_recognizer.synth.typeface import draw_type

from .built_fonts import build_font

FACES = sorted({face.family: face for face in dependency_faces()}.values())


@pytest.mark.parametrize("unevenness", [0.0, 0.6, 1.3])
@pytest.mark.parametrize("face", FACES, ids=lambda face: face.family)
def test_centres_run_forward_inside_the_ink_one_for_each_character(face, unevenness):
    text = "".join(c for c in "Hello, World (AVA) 1.5" if c in face.characters)
    line = draw_type(text, face, rng(1), 18, unevenness)
    assert len(line.centres) == len(text)
    assert (np.diff(line.centres) > 0).all()
    assert line.centres.min() >= 0
    assert line.centres.max() < line.ink_HW.shape[1]
    assert line.ink_HW.max() > 200


@pytest.mark.parametrize("unevenness", [0.0, 1.0])
def test_a_centre_lies_on_its_character(tmp_path, unevenness):
    build_font(tmp_path / "boxes.ttf", "Boxes")
    (face,) = folder_faces(tmp_path)
    line = draw_type("a b ccc", face, rng(2), 20, unevenness)
    for character, x in zip("a b ccc", line.centres, strict=True):
        assert (line.ink_HW[:, int(x)].max() > 128) == (character != " ")


@pytest.mark.parametrize("unevenness", [0.0, 1.0])
def test_letters_of_a_face_in_two_files_are_drawn_with_both(tmp_path, unevenness):
    build_font(tmp_path / "boxes-latin-400.ttf", "Boxes", characters=f" {ascii_letters}")
    build_font(tmp_path / "boxes-latin-ext-400.ttf", "Boxes", characters="čŁ ")
    (face,) = folder_faces(tmp_path)
    line = draw_type("ač Ła", face, rng(2), 20, unevenness)
    for character, x in zip("ač Ła", line.centres, strict=True):
        assert (line.ink_HW[:, int(x)].max() > 128) == (character != " ")


def test_ink_stands_on_the_baseline_at_the_wanted_height(tmp_path):
    build_font(tmp_path / "boxes.ttf", "Boxes")
    (face,) = folder_faces(tmp_path)
    line = draw_type("xxx", face, rng(2), 24)
    assert line.ink_HW.shape[0] == pytest.approx(24, abs=2)
    assert line.baseline == pytest.approx(line.ink_HW.shape[0], abs=1)
    assert line.x_height == pytest.approx(24, abs=1.5)


def test_the_same_generator_draws_the_same():
    one, two = (draw_type("uneven words", FACES[0], rng(5), 16, 0.8) for _ in range(2))
    assert np.array_equal(one.ink_HW, two.ink_HW)
    assert np.array_equal(one.centres, two.centres)


@pytest.mark.parametrize("text", ["naq\u00efve", "   ", ""])
def test_what_the_face_cannot_draw_is_named(tmp_path, text):
    build_font(tmp_path / "boxes.ttf", "Boxes", empty=" q")
    (face,) = folder_faces(tmp_path)
    with pytest.raises(UserError, match="boxes.ttf: no ink for") as caught:
        draw_type(text, face, rng(0))
    assert all(repr(c) in str(caught.value) for c in "q\u00ef" if c in text)
