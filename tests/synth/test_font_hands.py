"""People who write the letters of a typeface."""

import numpy as np
import pytest

from text_recognizer.synth.counter import rng
from text_recognizer.synth.font_hands import FontHand, is_joined, letter
from text_recognizer.synth.fonts import dependency_faces, folder_faces
from text_recognizer.synth.strokes import draw_strokes

from .built_fonts import build_font

FACES = {face.family: face for face in dependency_faces()}
INTUITIVE = FACES["Intuitive"]
TEXT = "Quick brown foxes, 1234"


def draw(identity: int = 1, instance: int = 0, faces=(INTUITIVE,), text: str = TEXT):
    return draw_strokes(text, FontHand(faces, identity), rng(instance, "hand"), 16)


def test_a_letter_stands_on_the_baseline_at_the_height_of_a_small_x():
    x = letter(INTUITIVE, "x").points
    assert x[:, 1].min() == pytest.approx(0, abs=0.2)
    assert x[:, 1].max() == pytest.approx(1, abs=0.2)
    assert letter(INTUITIVE, "p").points[:, 1].min() < -0.25
    assert letter(INTUITIVE, "l").points[:, 1].max() > 1.2
    assert letter(INTUITIVE, "x").advance == pytest.approx(np.ptp(x[:, 0]), rel=0.5)


def test_places_where_letters_join_are_ends_of_strokes():
    for character in "abcdefghijklmnopqrstuvwxyz":
        form = letter(INTUITIVE, character)
        ends = [*(form.starts[1:] - 1), len(form.points) - 1]
        assert form.entry in {-1, *form.starts}
        assert form.exit in {-1, *ends}
    assert letter(INTUITIVE, "A").entry == letter(INTUITIVE, "A").exit == -1


@pytest.mark.parametrize("identity", range(12))
def test_centres_run_forward_inside_the_picture_one_for_each_character(identity):
    line = draw(identity)
    assert len(line.centres) == len(TEXT)
    assert (np.diff(line.centres) > 0).all()
    assert line.centres.min() >= 0 and line.centres.max() < line.ink_HW.shape[1]
    assert line.ink_HW.max() > 150


def test_people_differ_and_each_keeps_a_style():
    assert len({draw(identity).ink_HW.tobytes() for identity in range(20)}) == 20
    assert draw(3).ink_HW.tobytes() == draw(3).ink_HW.tobytes()
    widths = np.array([[draw(w, i).ink_HW.shape[1] for i in range(3)] for w in range(12)])
    assert widths.std(axis=1).mean() < 0.3 * widths.mean(axis=1).std()


def test_some_letters_are_borrowed_from_a_second_face():
    other = FACES["DejaVu Sans"]
    one, two = FontHand((INTUITIVE,), 5), FontHand((INTUITIVE, other), 5)
    letters = "abcdefghijklmnopqrstuvwxyz"
    lengths = [(len(one.glyph(c, 0.5).points), len(two.glyph(c, 0.5).points)) for c in letters]
    assert 2 < sum(a != b for a, b in lengths) < 22


def test_a_face_whose_letters_overlap_is_joined(tmp_path):
    build_font(tmp_path / "boxes.ttf", "Boxes")
    (face,) = folder_faces(tmp_path)
    assert not is_joined(face)
    assert not is_joined(INTUITIVE)


def test_a_glyph_that_is_a_speck_is_still_drawn(tmp_path):
    (face,) = folder_faces(build_font(tmp_path / "boxes.ttf", "Boxes").parent)
    assert draw(1, faces=(face,), text=".").ink_HW.max() > 100
