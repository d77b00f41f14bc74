"""Whose hand or which typeface a line is drawn in, and drawing ink with either."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from text_recognizer.errors import UserError
from text_recognizer.synth.counter import rng
from text_recognizer.synth.effects import Effects
from text_recognizer.synth.folding import folded
from text_recognizer.synth.font_hands import FontHand
from text_recognizer.synth.fonts import Face, Kind, dependency_faces, faces_of, folder_faces
from text_recognizer.synth.inkline import InkLine
from text_recognizer.synth.splits import WRITERS, Split
from text_recognizer.synth.strokes import draw_strokes
from text_recognizer.synth.typeface import cropped, draw_type
from text_recognizer.synth.writer import Writer

POOL = 24
"""Writers that share an era: to shape a new hand costs as much as ten lines by it."""

HANDS = 2
"""People of an era who write the letters of one family."""

INK_X_HEIGHT = 18.0
"""Height in pixels of a small x when ink is drawn, before a warp brings the line to its final height."""

Source = Face | FontHand | Writer


class Sources:
    """The writers and faces of one split.

    Args:
        seed: equal seeds choose alike.
        split: which writers and families may be used.
        handwriting: share of handwriting; the rest is print.
        fonts: a folder of font files to use beside those that come with the dependencies.
        strokes: share of the stroke writers among the handwriting when the folder holds handwriting families.

    Raises:
        UserError: the folder holds no usable font, or print is wanted and no family of the split is left.
    """

    def __init__(
        self, seed: int, split: Split, handwriting: float = 0.7, fonts: Path | None = None, strokes: float = 0.4
    ) -> None:
        faces = dependency_faces() + (folder_faces(fonts) if fonts else ())
        self.seed, self.split, self.handwriting = seed, split, handwriting
        self.print_families = faces_of(split, "print", faces)
        self.hand_families = faces_of(split, "handwriting", faces)
        fetched = fonts is not None and any(face.kind == "handwriting" for face in folder_faces(fonts))
        self.strokes = strokes if fetched and self.hand_families else 0.9 if self.hand_families else 1.0
        if handwriting < 1 and not self.print_families:
            raise UserError(
                f"fonts: no print family is left for {split}; name a folder with more fonts or run make fonts"
            )

    def pick(self, dice: np.random.Generator, era: int) -> Source:
        """Return a writer or face; the writers of one `era` are few, so that their letters are shaped once."""
        if dice.random() >= self.handwriting:
            return _any_face(self.print_families, dice)
        if self.hand_families and dice.random() >= self.strokes:
            return _any_face(self.hand_families, dice)
        pool = rng(self.seed, self.split, "pool", era, int(dice.integers(POOL)))
        return writer(self._number(pool))

    def varied(self, source: Source, shown: Effects, dice: np.random.Generator, era: int) -> Source:
        """Return the source with the effects on hands that are shown: a person writes a font, a writer hurries."""
        if isinstance(source, Writer) and shown.school:
            return writer(source.identity, True)
        if not isinstance(source, Face) or source.kind == "print" or not shown.font_hands:
            return source
        pool = rng(self.seed, self.split, "hands", era, source.family, int(dice.integers(HANDS)))
        other = (_any_face(self.hand_families, pool),) if pool.random() < 0.4 else ()
        return font_hand((source, *other), self._number(pool))

    def _number(self, pool: np.random.Generator) -> int:
        numbers = WRITERS[self.split]
        return int(pool.integers(numbers.start, numbers.stop))


@lru_cache(maxsize=4 * POOL)
def writer(number: int, school: bool = False) -> Writer:
    """Return the stroke writer of that number."""
    return Writer(number, school)


@lru_cache(maxsize=256)
def font_hand(faces: tuple[Face, ...], number: int) -> FontHand:
    """Return the person of that number who writes the letters of `faces`."""
    return FontHand(faces, number)


def draw(
    text: str,
    source: Source,
    dice: np.random.Generator,
    x_height: float,
    unevenness: float = 0.0,
    thickness: float = 1.0,
) -> InkLine:
    """Return `text` in ink, cut to it, in a hand or typeface.

    Args:
        x_height: height of a small x in pixels.
        unevenness: of the letters of a face, as `typeface.draw_type` takes it; writers have their own.
        thickness: of a writer's pen, as a share of the usual.

    Raises:
        UserError: `source` has no form for a character.
    """
    if isinstance(source, Face):
        return draw_type(text, source, dice, x_height, unevenness)
    ink = draw_strokes(text, source, dice, x_height, thickness)
    return cropped(ink.ink_HW, ink.baseline, ink.x_height, ink.centres)


def drawable(text: str, source: Source, characters: frozenset[str]) -> str:
    """Return `text` spelt with what `source` has forms for; where nothing is left, one of `characters` that it has.

    Letters lose their accents and marks become plain ones where they must (`folding`); what cannot is left out.

    Raises:
        UserError: `source` has a form for none of `characters`.
    """
    source = source.face if isinstance(source, FontHand) else source
    if isinstance(source, Writer) or not source.lacks(text):
        return text
    kept = folded(text, characters & source.characters)
    have = kept or min(characters & source.characters - {" "}, default="")
    if not have:
        raise UserError(
            f"{source.path}: has no ink for any of the {len(characters)} characters of the charset; remove the font"
        )
    return have


def kind_and_name(source: Source) -> tuple[Kind, str]:
    """Return whether `source` is handwriting or print, and its family or the number of its writer."""
    if isinstance(source, Face):
        return source.kind, source.family
    if isinstance(source, FontHand):
        return "handwriting", source.face.family
    return "handwriting", f"writer {source.identity}"


def advance(source: Source) -> float:
    """Return about how many line heights a character takes in a finished line, spaces counted in.

    The x-height of print is about 0.45 of a line; hands have longer ascenders and descenders.
    """
    if isinstance(source, Face):
        return 0.45 * source.advance / source.x_height
    style = source.style
    if isinstance(source, FontHand):
        letters = source.face.advance / source.face.x_height * style.width
        return 0.37 * (letters + source.tracking + 0.14 * style.word_gap)
    return 0.37 * (0.68 * style.width + 0.24 * style.gap + 0.23 * style.word_gap)


def _any_face(families: dict[str, tuple[Face, ...]], dice: np.random.Generator) -> Face:
    names = list(families)
    faces = families[names[dice.integers(len(names))]]
    return faces[dice.integers(len(faces))]
