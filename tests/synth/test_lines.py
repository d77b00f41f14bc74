"""Finished synthetic lines."""

import numpy as np
import pytest

from text_recognizer.charset import ASCII
from text_recognizer.errors import UserError
from text_recognizer.synth.fonts import folder_faces
from text_recognizer.synth.lines import GROUP, LineSynthesiser
from text_recognizer.synth.sources import drawable
from text_recognizer.synth.splits import WRITERS, split_of_family

from .built_fonts import build_font


def same(one, other) -> bool:
    return (
        np.array_equal(one.image_HW, other.image_HW)
        and np.array_equal(one.centres, other.centres)
        and (one.text, one.kind, one.source) == (other.text, other.kind, other.source)
    )


def test_line_i_is_a_pure_function_of_seed_and_i():
    lines = LineSynthesiser(seed=4)
    forward = [lines.line(i) for i in (0, 1, 700, 65)]
    again = LineSynthesiser(seed=4)
    backward = [again.line(i) for i in (65, 700, 1, 0)][::-1]
    assert all(map(same, forward, backward))


def test_other_seeds_and_splits_draw_other_lines():
    one = LineSynthesiser(seed=4).line(3)
    assert not same(one, LineSynthesiser(seed=5).line(3))
    assert not same(one, LineSynthesiser(seed=4, split="validation").line(3))


@pytest.mark.parametrize("split", ["train", "validation"])
def test_lines_are_dark_on_light_and_centres_run_forward_inside_them(split):
    lines = LineSynthesiser(seed=1, split=split)
    for i in range(0, 60 * 31, 31):
        line = lines.line(i)
        assert line.image_HW.dtype == np.uint8
        assert line.image_HW.shape[0] == 40
        assert len(line.centres) == len(line.text) > 0
        assert set(line.text) <= set(ASCII)
        assert (np.diff(line.centres) >= 0).all()
        assert line.centres.min() >= 0
        assert line.centres.max() < line.image_HW.shape[1]
        border = np.percentile(line.image_HW, 90)
        assert np.median(line.image_HW) > (float(line.image_HW.min()) + border) / 2.2


def test_lines_of_a_group_have_about_the_same_width():
    lines = LineSynthesiser(seed=1)
    groups = [[lines.line(g * GROUP + i).image_HW.shape[1] for i in range(12)] for g in range(8)]
    medians = np.median(groups, axis=1)
    assert medians.max() > 2 * medians.min()
    assert (
        np.median([np.abs(np.array(group) / median - 1).max() for group, median in zip(groups, medians, strict=True)])
        < 0.6
    )


def test_sources_are_of_the_split():
    for split in ("train", "validation"):
        lines = LineSynthesiser(seed=2, split=split)
        for i in range(0, 640, 16):
            line = lines.line(i)
            if line.source.startswith("writer "):
                assert int(line.source.split()[1]) in WRITERS[split]
            else:
                assert split_of_family(line.source) == split


def test_a_folder_of_fonts_is_used_beside_the_others_in_its_split_only(tmp_path):
    build_font(tmp_path / "handwriting" / "a.ttf", "Box Hand")
    build_font(tmp_path / "handwriting" / "b.ttf", "Zeyada")
    train = LineSynthesiser(handwriting=1.0, fonts=tmp_path, strokes=0.0)
    assert "Zeyada" not in {train.line(i).source for i in range(40)}
    test = LineSynthesiser(split="test", handwriting=1.0, fonts=tmp_path, strokes=0.0)
    assert {test.line(i).source for i in range(10)} == {"Zeyada"}


def test_strength_0_is_clean():
    lines = LineSynthesiser(seed=3, strength=0.0)
    for i in range(0, 640, 64):
        image_HW = lines.line(i).image_HW
        assert image_HW.max() == 255
        assert (image_HW == 255).mean() > 0.5


def test_the_height_is_free():
    assert LineSynthesiser(height=64).line(0).image_HW.shape[0] == 64


def test_the_share_of_handwriting_is_kept():
    for share in (0.0, 1.0):
        lines = LineSynthesiser(seed=1, handwriting=share)
        assert {lines.line(i).kind for i in range(0, 640, 32)} == {"handwriting" if share else "print"}


def test_print_of_a_split_without_print_families_is_refused():
    with pytest.raises(UserError, match="no print family is left for test"):
        LineSynthesiser(split="test", handwriting=0.5)


def test_an_empty_folder_of_fonts_is_refused(tmp_path):
    with pytest.raises(UserError, match="holds no .ttf or .otf file"):
        LineSynthesiser(fonts=tmp_path)


def test_characters_without_ink_are_left_out_of_the_text_and_never_asked_for(tmp_path):
    build_font(tmp_path / "a.ttf", "Boxes", empty=" ae")
    (face,) = folder_faces(tmp_path)
    letters = frozenset(ASCII)
    assert drawable("a bale", face, letters) == "bl"
    assert drawable("aea", face, letters) in letters - set(" ae")
    with pytest.raises(UserError, match="a.ttf: has no ink for any of the 3 characters"):
        drawable("ae", face, frozenset("ae "))


def test_a_charset_that_cannot_be_drawn_is_refused():
    with pytest.raises(UserError, match="'\u0434'"):
        LineSynthesiser(characters="ab\u0434")


def test_a_charset_of_digits_draws_digits():
    lines = LineSynthesiser(characters="0123456789 ")
    assert all(set(lines.line(i).text) <= set("0123456789 ") for i in range(0, 640, 32))
