"""Letters with marks."""

import numpy as np
import pytest

from text_recognizer.charset import LATIN
from text_recognizer.synth.marks import PARTS
from text_recognizer.synth.writer import Writer


@pytest.mark.parametrize(("character", "parts"), [("é", ("e", "acute")), ("ï", ("ı", "diaeresis")), ("ß", None)])
def test_a_letter_is_its_base_and_its_mark(character, parts):
    assert PARTS.get(character) == parts


@pytest.mark.parametrize("identity", [3, 4, 5, 6, 1_000_003])
def test_a_mark_lies_where_it_belongs_on_the_writers_own_letter(identity):
    writer = Writer(identity)
    for character in "éèêëàçůžąŻÀ":
        base = writer.glyph(PARTS[character][0], 0.99)
        points = writer.glyph(character, 0.99).points[:, :2]
        letter, mark = points[: len(base.points)], points[len(base.points) :]
        assert np.array_equal(letter, base.points[:, :2])
        if character in "çą":
            assert mark[:, 1].mean() < 0.1
        else:
            assert mark[:, 1].min() > letter[:, 1].max()
        assert letter[:, 0].min() - 0.5 < mark[:, 0].mean() < letter[:, 0].max() + 0.5


def test_marked_letters_are_joined_like_bare_ones():
    for identity in range(20):
        writer = Writer(identity)
        bare, worn = writer.glyph("e", 0.99), writer.glyph("é", 0.99)
        assert (worn.entry, worn.exit) == (bare.entry, bare.exit)


def test_accents_of_a_letter_differ():
    writer = Writer(7)
    assert len({writer.glyph(c, 0.99).points.tobytes() for c in "éèêëęě"}) == 6


def test_writers_of_small_capitals_write_all_of_latin():
    writer = next(Writer(i) for i in range(500) if Writer(i).style.capitals_only)
    assert all(len(writer.glyph(c, 0.99).points) for c in LATIN if c != " ")
