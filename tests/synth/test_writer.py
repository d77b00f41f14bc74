"""Writers and the letterforms that they choose from."""

import subprocess
import sys

import numpy as np
import pytest

from text_recognizer.charset import ASCII, LATIN
from text_recognizer.errors import UserError
from text_recognizer.synth.marks import PARTS
from text_recognizer.synth.skeletons import Stroke, alphabet, collect, parse_form
from text_recognizer.synth.writer import Writer


def test_every_latin_character_has_forms_of_our_own_or_is_put_together_of_such():
    own = {c for c, forms in alphabet().items() if any("hershey" not in form.tags for form in forms)}
    assert own >= {part for parts in PARTS.values() for part in parts}
    assert own | PARTS.keys() >= set(LATIN) - {" "}
    assert not own & PARTS.keys()


def test_forms_of_ascii_keep_their_numbers_when_others_are_added():
    numbers = [form.number for c in ASCII if c in alphabet() for form in alphabet()[c]]
    assert sorted(numbers) == list(range(len(numbers)))


def test_there_are_many_forms_and_lower_case_letters_have_several_each():
    own = [form for forms in alphabet().values() for form in forms if "hershey" not in form.tags]
    assert len(own) >= 400
    assert min(sum(form.character == c for form in own) for c in "abcdefghijklmnopqrstuvwxyz") >= 5


def test_every_form_stays_near_its_control_points():
    for forms in alphabet(school=True).values():
        for form in forms[::4]:
            shape = form.shape
            m = len(shape.control)
            for basis in shape.bases.reshape(5, -1, m)[:4]:
                assert np.allclose(basis.sum(1), 1.0), "a curve moves with its control points"
                path = basis @ shape.control
                assert (path.min(0) > shape.control.min(0) - 0.3).all(), form
                assert (path.max(0) < shape.control.max(0) + 0.3).all(), form


def test_joins_leave_and_enter_at_the_ends_of_strokes():
    for forms in alphabet(school=True).values():
        for form in forms[1::3]:
            ends = {*(form.shape.starts[1:] - 1), form.shape.outside.shape[1] - 1}
            assert form.shape.entry in {-1, *form.shape.starts}
            assert form.shape.exit in {-1, *ends}


def test_a_smooth_form_passes_through_its_control_points():
    form = collect([parse_form("x p 1 : 0,0 50,80 100,0* 120,40")])["x"][0]
    path = form.shape.bases[1].reshape(-1, 4) @ form.shape.control
    assert all(np.hypot(*(path - point).T).min() < 1e-9 for point in form.shape.control)


def test_forms_can_come_from_another_source():
    forms = collect([("é", ("p",), 1.0, [Stroke(np.array([[0.0, 0.0], [1.0, 1.0]]))])])
    assert forms["é"][0].shape.entry == -1


@pytest.mark.parametrize(
    "line",
    [
        "a p 1",  # no strokes
        "a p : 0,0 1,1",  # no weight
        "a p 1 : 0,0 1;1",  # a point that is none
    ],
)
def test_a_broken_skeleton_line_is_named(line):
    with pytest.raises(UserError, match="skeleton line 12"):
        parse_form(line, 12)


def test_equal_numbers_are_the_same_hand_in_any_order_of_letters():
    one, two = Writer(5), Writer(5)
    forward = {c: one.glyph(c, 0.99).points for c in "abcxyz"}
    backward = {c: two.glyph(c, 0.99).points for c in "zyxcba"}
    assert all(np.array_equal(forward[c], backward[c]) for c in forward)


def test_another_process_has_the_same_hand():
    program = (
        "from text_recognizer.synth.writer import Writer\n"
        "print(sum(float(Writer(i).glyph('g', 0.5).points.sum()) for i in range(20)).hex())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


def test_different_numbers_are_different_hands():
    slants = [Writer(i).style.slant for i in range(50)]
    kinds = {Writer(i).style.kind for i in range(50)}
    assert len(set(slants)) == 50
    assert kinds == {"print", "mixed", "cursive"}


def test_a_character_without_a_skeleton_is_named():
    with pytest.raises(UserError, match="'д'"):
        Writer(1).glyph("д", 0.5)
