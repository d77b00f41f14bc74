"""Plainer spellings."""

import pytest

from text_recognizer.charset import ASCII, LATIN
from text_recognizer.synth.folding import folded


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Où êtes-vous, ça naïf ?", "Ou etes-vous, ca naif ?"),  # accents are lost
        ("l’œuvre… “oui” – non — «si»", 'l\'oeuvre... "oui" - non - "si"'),  # typographic marks become plain
        ("groß, Łódź, Øre, Þór", "gross, Lodz, Ore, Thor"),  # letters that Unicode does not take apart
        ("Nº 5, 20°", "No 5, 20o"),  # plainer in two steps
        ("12 € ou 5 §", "12 ou 5"),  # what has no plainer form is left out with its space
    ],
)
def test_a_text_is_spelt_in_ascii(text, plain):
    assert folded(text, frozenset(ASCII)) == plain


def test_what_can_be_drawn_is_kept():
    assert folded("déjà vu – œuf", frozenset(LATIN)) == "déjà vu – œuf"


def test_a_spelling_is_not_taken_when_part_of_it_is_missing():
    assert folded("œuf", frozenset("uof")) == "ouf"
    assert folded("½", frozenset("12")) == "12"
    assert folded("дa", frozenset("a")) == "a"


@pytest.mark.parametrize("character", sorted(set(LATIN) - set(ASCII)))
def test_every_latin_character_folds_to_ascii_or_to_nothing(character):
    assert folded(character, frozenset(ASCII)).isascii()
