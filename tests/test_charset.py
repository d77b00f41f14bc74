import unicodedata

import pytest

from text_recognizer.charset import ASCII, Charset
from text_recognizer.errors import UserError


def test_ascii_is_the_95_printable_characters_in_code_point_order():
    assert len(ASCII) == 95
    assert (ASCII[0], ASCII[-1]) == (" ", "~")
    assert list(ASCII) == sorted(ASCII)


def test_the_blank_is_label_0_and_characters_follow():
    charset = Charset("ab")
    assert (charset.blank, charset.classes, charset.encode("ba")) == (0, 3, [2, 1])


def test_what_is_encoded_decodes_to_the_same_text():
    assert Charset(ASCII).decode(Charset(ASCII).encode(ASCII)) == ASCII


def test_decoding_drops_blanks_and_keeps_repeats():
    assert Charset("ab").decode([0, 1, 1, 0, 2]) == "aab"


def test_text_is_composed_before_it_is_looked_up():
    assert Charset("é").encode(unicodedata.normalize("NFD", "é")) == [1]


def test_unknown_characters_are_named_with_their_code_points():
    with pytest.raises(UserError, match=r"'ß' \(U\+00DF\), '€' \(U\+20AC\) not among the 95 characters"):
        Charset(ASCII).encode("5 € für Maße".replace("ü", "u"))


def test_many_unknown_characters_are_counted_instead_of_listed():
    with pytest.raises(UserError, match="and 16 more"):
        Charset("a").encode("bcdefghijklmnopqrstuvwxyzABC"[:26])


def test_unknown_lists_each_character_once():
    assert Charset("ab").unknown("abcac!") == ["!", "c"]


@pytest.mark.parametrize(
    ("characters", "complaint"),
    [
        ("", "holds no characters"),
        ("aba", "'a' .* more than once"),  # two labels for one character
        ("a\u212b", "change under NFC"),  # the Angstrom sign would never be found again
    ],
)
def test_a_charset_that_cannot_work_is_refused(characters, complaint):
    with pytest.raises(UserError, match=complaint):
        Charset(characters)


def test_charsets_with_the_same_characters_are_equal():
    assert Charset("ab") == Charset("ab") != Charset("ba")
    assert len({Charset("ab"), Charset("ab")}) == 1
