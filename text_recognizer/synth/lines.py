"""Synthetic text lines: line i is a pure function of (seed, i), so that any worker, resume or machine draws the same."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from text_recognizer.charset import ASCII
from text_recognizer.errors import UserError
from text_recognizer.synth.counter import rng
from text_recognizer.synth.degrade import on_paper, plain, random_warp, stroke_weight, warped, with_remnants
from text_recognizer.synth.fonts import Face, Kind, dependency_faces, faces_of, folder_faces
from text_recognizer.synth.inkline import InkLine
from text_recognizer.synth.splits import WRITERS, Split
from text_recognizer.synth.strokes import draw_strokes
from text_recognizer.synth.text import TextSource
from text_recognizer.synth.typeface import cropped, draw_type
from text_recognizer.synth.writer import Writer

GROUP = 64
"""Lines whose numbers share ``i // GROUP`` have about the same width, so that they make a batch with little padding."""

ERA, POOL = 32, 40
"""For `ERA` groups the handwritten lines are by `POOL` writers: to learn a new hand costs as much as ten lines by it."""

INK_X_HEIGHT = 18.0
"""Height in pixels of a small x when ink is drawn, before the warp brings the line to its final height."""


@dataclass(frozen=True)
class SyntheticLine:
    """One finished line and what is known of it.

    Attributes:
        image_HW: uint8 [H, W], dark on light.
        text: exactly what is written.
        centres: float64 [L], x of each character's centre in pixels.
        kind: handwriting or print.
        source: the font family, or the number of the writer.
    """

    image_HW: np.ndarray
    text: str
    centres: np.ndarray
    kind: Kind
    source: str


class LineSynthesiser:
    """Draws the lines of one seed and split.

    Args:
        seed: equal seeds draw equal lines.
        split: which writers, families and texts are drawn from.
        height: of the finished lines in pixels.
        handwriting: share of handwritten lines; the rest is print.
        fonts: a folder of font files to use beside those that come with the dependencies.
        texts: a folder of .txt files to use instead of the documents of the split.
        strokes: share of the stroke writers among the handwritten lines when there are handwriting fonts.
        strength: of the degradation; 0 draws black on white.
        widths: the narrowest and widest line aimed at, in pixels of a 40 px line.
        characters: those that may occur.

    Raises:
        UserError: a folder holds nothing usable, or no family of the split is left.
    """

    def __init__(
        self,
        seed: int = 0,
        split: Split = "train",
        height: int = 40,
        handwriting: float = 0.7,
        fonts: Path | None = None,
        texts: Path | None = None,
        strokes: float = 0.4,
        strength: float = 1.0,
        widths: tuple[int, int] = (60, 720),
        characters: str = ASCII,
    ) -> None:
        self.seed, self.split, self.height, self.widths = seed, split, height, widths
        self.strength = strength
        self.text = TextSource(split, texts, characters)
        faces = dependency_faces() + (folder_faces(fonts) if fonts else ())
        self.print_families = faces_of(split, "print", faces)
        self.hand_families = faces_of(split, "handwriting", faces)
        hands_matter = sum(face.kind == "handwriting" for face in faces if fonts) > 20
        self.strokes = strokes if hands_matter else 0.9 if self.hand_families else 1.0
        self.handwriting = handwriting if self.print_families else 1.0

    def line(self, index: int) -> SyntheticLine:
        """Return line number `index`."""
        low, high = np.array(self.widths) * (self.height / 40)
        target = low + (high - low) * rng(self.seed, self.split, "group", index // GROUP).random()
        dice = rng(self.seed, self.split, "line", index)
        source = self._source(index, dice)
        stretch_room = random_warp(dice, self.strength)
        length = max(1, round(target / (_advance(source, self.height) * stretch_room.stretch)))
        text = self._drawable_text(dice, source, length)
        ink = self._ink(text, source, dice)
        ink_HW, centres = warped(ink, self.height, stretch_room, dice)
        if self.strength > 0:
            image_HW = on_paper(self._worn(ink_HW, source, dice), dice)
        else:
            image_HW = plain(ink_HW)
        kind = "handwriting" if isinstance(source, Writer) else source.kind
        name = f"writer {source.identity}" if isinstance(source, Writer) else source.family
        return SyntheticLine(image_HW, text, centres, kind, name)

    def _source(self, index: int, dice: np.random.Generator) -> Face | Writer:
        if dice.random() >= self.handwriting:
            return _any_face(self.print_families, dice)
        if self.hand_families and dice.random() >= self.strokes:
            return _any_face(self.hand_families, dice)
        numbers = WRITERS[self.split]
        pool = rng(self.seed, self.split, "pool", index // (GROUP * ERA), int(dice.integers(POOL)))
        return writer(int(pool.integers(numbers.start, numbers.stop)))

    def _drawable_text(self, dice: np.random.Generator, source: Face | Writer, length: int) -> str:
        text = self.text.line(dice, length)
        if isinstance(source, Writer) or source.characters.issuperset(text):
            return text
        kept = " ".join("".join(c for c in text if c in source.characters).split())
        return kept or "a"

    def _ink(self, text: str, source: Face | Writer, dice: np.random.Generator) -> InkLine:
        if isinstance(source, Writer):
            ink = draw_strokes(text, source, dice, INK_X_HEIGHT)
            return cropped(ink.ink_HW, ink.baseline, ink.x_height, ink.centres)
        uneven = source.kind == "handwriting" and dice.random() < 0.5
        unevenness = (0.3 + dice.random()) * self.strength if uneven else 0.0
        return draw_type(text, source, dice, INK_X_HEIGHT * (0.95 + 0.15 * dice.random()), unevenness)

    def _worn(self, ink_HW: np.ndarray, source: Face | Writer, dice: np.random.Generator) -> np.ndarray:
        ink_HW = stroke_weight(ink_HW, dice)
        if dice.random() < 0.3:
            text = self._drawable_text(dice, source, 30)
            other, _ = warped(self._ink(text, source, dice), self.height, random_warp(dice, 0.0), dice)
            ink_HW = with_remnants(ink_HW, other, dice)
        return ink_HW


@lru_cache(maxsize=2 * POOL)
def writer(number: int) -> Writer:
    """Return the stroke writer of that number."""
    return Writer(number)


def _any_face(families: dict[str, tuple[Face, ...]], dice: np.random.Generator) -> Face:
    if not families:
        raise UserError("fonts: no family of this split is left; name a folder with more fonts or run make fonts")
    names = list(families)
    faces = families[names[dice.integers(len(names))]]
    return faces[dice.integers(len(faces))]


def _advance(source: Face | Writer, height: int) -> float:
    """Return about how many pixels a character of `source` takes in a finished line.

    The x-height of print is about 0.45 of a line; hands have longer ascenders and descenders.
    """
    if isinstance(source, Face):
        return 0.45 * height * source.advance / source.x_height
    style = source.style
    return 0.37 * height * (0.68 * style.width + 0.24 * style.gap + 0.23 * style.word_gap)
