"""Plainer spellings for characters that a hand or a typeface has no form for."""

from __future__ import annotations

from collections.abc import Set
from functools import cache
from unicodedata import normalize

PLAINER = {
    **{"‘": "'", "’": "'", "‚": ",", "‹": "<", "›": ">", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'},
    **{"–": "-", "—": "-", "−": "-", "…": "...", "•": "-", "·": ".", "×": "x", "º": "°", "ª": "a", "№": "N°"},
    **{"Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "ß": "ss", "Ø": "O", "ø": "o", "Ł": "L", "ł": "l"},
    **{"Đ": "D", "đ": "d", "Ð": "D", "ð": "d", "Þ": "Th", "þ": "th", "²": "2", "³": "3", "¹": "1", "½": "1/2"},
    **{"°": "o", "£": "L", "†": "+", "µ": "u"},
}
"""What people write where they cannot write a character; accented letters lose their accent instead."""


def folded(text: str, have: Set[str]) -> str:
    """Return `text` in the characters of `have`, without double or outer spaces.

    A character that is not in `have` is spelt plainer; what cannot be is left out.

    >>> folded("Où est l’œuvre… à 5 €", frozenset("abcdefghijklmnopqrstuvwxyzO0123456789' .à"))
    "Ou est l'oeuvre... à 5"
    """
    spelt = (character if character in have else _spelt(character, have) for character in text)
    return " ".join("".join(spelt).split())


def _spelt(character: str, have: Set[str]) -> str:
    plainer = _plainer(character)
    while any(c not in have for c in plainer):
        plainer = "".join(c if c in have else _plainer(c) for c in plainer)
    return plainer


@cache
def _plainer(character: str) -> str:
    """Return one spelling plainer than `character`, or nothing."""
    base = normalize("NFD", character)[0]
    return base if base != character else PLAINER.get(character, "")
