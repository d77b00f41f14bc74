"""Synthetic text lines: line i is a pure function of (seed, i), so any worker, resume or machine draws the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from text_recognizer.charset import ASCII
from text_recognizer.synth.counter import rng
from text_recognizer.synth.degrade import on_paper, plain, random_warp, stroke_weight, warped, with_remnants
from text_recognizer.synth.fonts import Kind
from text_recognizer.synth.sources import Source, Sources, advance, draw, drawable, kind_and_name
from text_recognizer.synth.splits import Split
from text_recognizer.synth.text import TextSource
from text_recognizer.synth.writer import Writer

GROUP = 64
"""Lines whose numbers share ``i // GROUP`` have about the same width, so that they make a batch with little padding."""

ERA = 48
"""Groups whose handwritten lines are by the same few writers."""

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
        strokes: share of the stroke writers among the handwritten lines when `fonts` holds handwriting.
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
        self.seed, self.split, self.height, self.widths, self.strength = seed, split, height, widths, strength
        self.text = TextSource(split, texts, characters)
        self.sources = Sources(seed, split, handwriting, fonts, strokes)

    def line(self, index: int) -> SyntheticLine:
        """Return line number `index`."""
        dice = rng(self.seed, self.split, "line", index)
        source = self.sources.pick(dice, index // (GROUP * ERA))
        warp = random_warp(dice, self.strength)
        length = round(self._target_width(index) / (advance(source) * self.height * warp.stretch))
        text = drawable(self.text.line(dice, max(1, length)), source, self.text.characters)
        ink = draw(text, source, dice, INK_X_HEIGHT, self._unevenness(source, dice))
        ink_HW, centres = warped(ink, self.height, warp, dice)
        image_HW = on_paper(_worn(ink_HW, dice), dice) if self.strength > 0 else plain(ink_HW)
        return SyntheticLine(image_HW, text, centres, *kind_and_name(source))

    def _target_width(self, index: int) -> float:
        low, high = self.widths
        share = rng(self.seed, self.split, "group", index // GROUP).random()
        return (low + (high - low) * share) * self.height / 40

    def _unevenness(self, source: Source, dice: np.random.Generator) -> float:
        """Half of the lines in handwriting fonts are set letter by letter, as uneven as a hand."""
        if isinstance(source, Writer) or source.kind == "print" or dice.random() < 0.5:
            return 0.0
        return dice.uniform(0.3, 1.3) * self.strength


def _worn(ink_HW: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    ink_HW = stroke_weight(ink_HW, dice)
    if dice.random() < 0.3:  # its own feet and heads serve as those of the lines above and below
        ink_HW = with_remnants(ink_HW, ink_HW, dice)
    return ink_HW
