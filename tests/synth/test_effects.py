"""What real pages show beside text, one effect at a time."""

from dataclasses import fields, replace

import numpy as np
import pytest

from text_recognizer.charset import LATIN
from text_recognizer.errors import UsageError
from text_recognizer.synth.corrections import struck_out, underlined, with_false_start, without
from text_recognizer.synth.counter import rng
from text_recognizer.synth.degrade import Bend, Warp, random_bend
from text_recognizer.synth.effects import NONE, REAL_PAGES, Effects
from text_recognizer.synth.inkline import InkLine
from text_recognizer.synth.lines import GROUP, LineSynthesiser
from text_recognizer.synth.photographs import at_an_angle, light, shaken
from text_recognizer.synth.rules import random_rules
from text_recognizer.synth.writer import Writer

NAMES = [field.name for field in fields(Effects)]


def bars(text: str = "one two three") -> InkLine:
    """Return a bar for each letter of a text, 20 px apart, an x-height of 20 px above the baseline."""
    centres = (np.arange(len(text)) + 0.5) * 20
    ink_HW = np.zeros((30, 20 * len(text)), np.uint8)
    for x, character in zip(centres.astype(int), text, strict=True):
        ink_HW[10:, x - 1 : x + 2] = 255 * (character != " ")
    return InkLine(ink_HW, 30.0, 20.0, centres)


def flat(height: int = 40, width: int = 300) -> Bend:
    return random_bend(InkLine(np.zeros((height, width), np.uint8), 30.0, 15.0, np.zeros(0)), 40, Warp(), rng(0))


def test_no_effect_draws_the_line_of_old():
    old, new = LineSynthesiser(seed=2), LineSynthesiser(seed=2, effects=Effects())
    for i in range(5):
        assert np.array_equal(old.line(i).image_HW, new.line(i).image_HW)


@pytest.mark.parametrize("effects", [replace(NONE, **{name: 1.0}) for name in NAMES] + [REAL_PAGES], ids=str)
def test_a_line_with_effects_is_a_pure_function_of_its_number(effects):
    numbers = [i * GROUP for i in range(4)]
    forward, backward = (LineSynthesiser(seed=1, effects=effects, characters=LATIN) for _ in range(2))
    lines = {i: forward.line(i) for i in numbers}
    for i in reversed(numbers):
        again = backward.line(i)
        assert np.array_equal(again.image_HW, lines[i].image_HW)
        assert again.text == lines[i].text


@pytest.mark.parametrize("height", [32, 40, 64])
def test_lines_with_all_effects_have_a_centre_for_each_character_of_the_text(height):
    lines = LineSynthesiser(seed=4, height=height, characters=LATIN, effects=replace(REAL_PAGES, struck_out=0.5))
    for i in range(12):
        line = lines.line(i * GROUP)
        assert line.image_HW.shape[0] == height
        assert line.image_HW.dtype == np.uint8
        assert len(line.centres) == len(line.text) > 0
        assert (np.diff(line.centres) >= 0).all()
        assert line.centres.min() >= 0 and line.centres.max() <= line.image_HW.shape[1]


@pytest.mark.parametrize("name", NAMES)
def test_one_effects_share_does_not_change_where_another_is_drawn(name):
    alone, together = Effects(**{name: 0.5}), replace(Effects(*[0.5] * len(NAMES)), **{name: 0.5})
    drawn = [(alone.drawn(rng(i)), together.drawn(rng(i))) for i in range(200)]
    assert all(getattr(a, name) == getattr(b, name) for a, b in drawn)
    assert 60 < sum(getattr(a, name) for a, _ in drawn) < 140


def test_a_share_beyond_1_is_refused():
    with pytest.raises(UsageError, match=r"effect ruled: 1.5 is no share"):
        Effects(ruled=1.5)


def test_print_is_never_struck_out_or_written_on_ruled_paper():
    plain = LineSynthesiser(seed=1, handwriting=0.0, effects=replace(NONE, ruled=1e-9))
    ruled = LineSynthesiser(seed=1, handwriting=0.0, effects=Effects(ruled=1.0, struck_out=1.0))
    assert all(np.array_equal(plain.line(i).image_HW, ruled.line(i).image_HW) for i in range(4))


@pytest.mark.parametrize("seed", range(8))
def test_a_struck_out_word_is_drawn_and_not_in_the_text(seed):
    longer, word = with_false_start("one two three", "slip", rng(seed))
    assert longer[: word[0]] + longer[word[1] + 1 :] == "one two three"
    line = bars(longer)
    struck = struck_out(line, word, rng(seed, "pen"))
    added = struck.ink_HW.astype(int).sum() - line.ink_HW.astype(int).sum()
    assert added > 255 * 15
    kept = without(struck, word)
    assert len(kept.centres) == len("one two three")
    assert struck.x_height == line.x_height


@pytest.mark.parametrize("seed", range(8))
def test_a_line_is_drawn_below_the_letters_and_moves_none(seed):
    line = bars()
    under = underlined(line, "one two three", rng(seed))
    assert under.ink_HW.shape[0] > line.ink_HW.shape[0]
    assert under.ink_HW[33:].max() > 150
    shift = under.centres[0] - line.centres[0]
    assert np.allclose(under.centres - shift, line.centres)
    assert under.baseline >= line.baseline


@pytest.mark.parametrize("seed", range(20))
def test_rules_are_faint_lines_one_of_them_near_the_baseline(seed):
    bend = flat()
    rules_HW = random_rules(bend, 30.0, 15.0, rng(seed))
    assert rules_HW.shape == bend.map_x.shape
    assert rules_HW.min() >= 0 and rules_HW.max() <= 0.5
    rows = rules_HW.mean(1)
    near = np.abs(bend.map_y[:, 150] - 30.0) < 8
    assert rows[near].max() >= 0.5 * rows.max() > 0
    assert (rules_HW < 0.5 * rules_HW.max()).mean() > 0.5


@pytest.mark.parametrize("seed", range(10))
def test_a_photograph_keeps_the_line_in_the_picture(seed):
    bend = flat()
    seen = at_an_angle(bend, rng(seed))
    assert seen.map_y.shape == bend.map_y.shape
    assert np.abs(seen.map_y[20] - bend.map_y[20]).max() < 10
    light_HW = light((40, 300), rng(seed))
    assert light_HW.shape == (40, 300)
    assert light_HW.min() >= 0.3 and light_HW.max() <= 1.25
    grey_HW = np.full((40, 300), 200, np.uint8)
    assert np.array_equal(shaken(grey_HW, rng(seed)), grey_HW), "even paper stays even"


def test_neighbours_reach_into_the_picture_at_its_edges_only():
    alone = LineSynthesiser(seed=3, handwriting=1.0, strength=0.0, effects=replace(NONE, ruled=1e-9))
    beside = LineSynthesiser(seed=3, handwriting=1.0, strength=0.0, effects=Effects(neighbours=1.0))
    edge, middle = 0, 0
    for i in range(16):
        a, b = alone.line(i).image_HW.astype(int), beside.line(i).image_HW.astype(int)
        assert a.shape == b.shape
        more = (a - b).clip(0)
        edge += more[:10].sum() + more[-10:].sum()
        middle += more[15:25].sum()
    assert edge > 10 * 255
    assert middle < 0.15 * edge


def test_school_hands_are_the_same_people_with_other_forms():
    before = [Writer(i).glyph("r", 0.99).points.shape for i in range(60)]
    after = [Writer(i, school=True).glyph("r", 0.99).points.shape for i in range(60)]
    assert sum(a != b for a, b in zip(before, after, strict=True)) > 15
    assert np.mean([Writer(i, True).style.kind == "cursive" for i in range(60)]) > 0.6
