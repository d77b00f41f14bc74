"""Synthetic text lines: line i is a pure function of (seed, i), so any worker, resume or machine draws the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from text_recognizer.charset import ASCII
from text_recognizer.synth.counter import rng
from text_recognizer.synth.degrade import on_paper, plain, random_warp, warped, worn
from text_recognizer.synth.effects import NONE, Effects
from text_recognizer.synth.fonts import Face, Kind
from text_recognizer.synth.neighbours import Neighbours
from text_recognizer.synth.sources import INK_X_HEIGHT, Source, Sources, advance, draw, drawable, kind_and_name
from text_recognizer.synth.splits import Split
from text_recognizer.synth.surroundings import Surroundings
from text_recognizer.synth.text import TextSource

GROUP = 64
"""Lines whose numbers share ``i // GROUP`` have about the same width, so that they make a batch with little padding."""

ERA = 48
"""Groups whose handwritten lines are by the same few writers."""


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
        effects: what else real pages show, and how often.

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
        effects: Effects = NONE,
    ) -> None:
        self.seed, self.split, self.height, self.widths, self.strength = seed, split, height, widths, strength
        self.text = TextSource(split, texts, characters)
        self.sources = Sources(seed, split, handwriting, fonts, strokes)
        self.effects = effects
        self.neighbours = Neighbours(seed, split, self.sources, self.text) if effects.neighbours else None

    def line(self, index: int, width: float | None = None) -> SyntheticLine:
        """Return line number `index`, of about `width` pixels where that is given."""
        dice = rng(self.seed, self.split, "line", index)
        era = index // (GROUP * ERA)
        source = self.sources.pick(dice, era)
        around = self._surroundings(index, era)
        if around:
            source = self.sources.varied(source, around.shown, around.dice, era)
        warp = random_warp(dice, self.strength)
        length = round((width or self.target_width(index)) / (advance(source) * self.height * warp.stretch))
        text = drawable(self.text.line(dice, max(1, length)), source, self.text.characters)
        unevenness = self._unevenness(source, dice)
        if around:
            around = around if kind_and_name(source)[0] == "handwriting" else around.of_print()
            slip = self._slip(around, source)
            pen = (INK_X_HEIGHT, unevenness, around.thickness())
            ink = around.written(text, slip, lambda text: draw(text, source, dice, *pen))
            image_HW, centres = around.picture(ink, self.height, warp, self.strength, dice)
            return SyntheticLine(image_HW, text, centres, *kind_and_name(source))
        ink = draw(text, source, dice, INK_X_HEIGHT, unevenness)
        ink_HW, centres = warped(ink, self.height, warp, dice)
        image_HW = on_paper(worn(ink_HW, dice), dice) if self.strength > 0 else plain(ink_HW)
        return SyntheticLine(image_HW, text, centres, *kind_and_name(source))

    def _surroundings(self, index: int, era: int) -> Surroundings | None:
        """Return the effects on line `index`, or None where the synthesiser shows none at all."""
        if not self.effects:
            return None
        dice = rng(self.seed, self.split, "effects", index)
        return Surroundings(self.effects.drawn(dice), dice, self.neighbours, era)

    def _slip(self, around: Surroundings, source: Source) -> str:
        """Return a word that a writer may strike out, nothing where no word is struck out."""
        if not around.shown.struck_out:
            return ""
        return drawable(self.text.line(around.dice, 8).split()[0], source, self.text.characters)

    def target_width(self, index: int) -> float:
        """Return the width in pixels that line `index` and the others of its group aim at."""
        low, high = self.widths
        share = rng(self.seed, self.split, "group", index // GROUP).random()
        return (low + (high - low) * share) * self.height / 40

    def _unevenness(self, source: Source, dice: np.random.Generator) -> float:
        """Half of the lines in handwriting fonts are set letter by letter, as uneven as a hand."""
        if not isinstance(source, Face) or source.kind == "print" or dice.random() < 0.5:
            return 0.0
        return dice.uniform(0.3, 1.3) * self.strength
