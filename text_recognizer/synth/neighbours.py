"""The lines above and below: their feet and heads reach into the picture of a line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from text_recognizer.synth.counter import rng
from text_recognizer.synth.effects import Effects
from text_recognizer.synth.inkline import InkLine
from text_recognizer.synth.sources import INK_X_HEIGHT, Sources, draw, drawable
from text_recognizer.synth.splits import Split
from text_recognizer.synth.text import TextSource

POOL = 24
"""Lines of an era that serve as neighbours of all others."""

LONG = 70
"""Characters of such a line, about as many as the widest lines hold."""


@dataclass(frozen=True)
class Neighbour:
    """Ink of another line, uint8 [H, W], and where its corner lies in pixels of the line's own ink."""

    ink_HW: np.ndarray
    x: float
    y: float


class Neighbours:
    """Draws lines of the same split that stand above and below others; they cost little, as an era shares them.

    Args:
        seed: equal seeds draw equal lines.
        split: of `sources` and `text`.
        sources: whose hands.
        text: what they say.
    """

    def __init__(self, seed: int, split: Split, sources: Sources, text: TextSource) -> None:
        self.seed, self.split, self.sources, self.text = seed, split, sources, text
        self._era, self._lines = -1, dict[int, InkLine]()

    def around(self, line: InkLine, era: int, dice: np.random.Generator, room: float = 0.0) -> list[Neighbour]:
        """Return one or two neighbours of a line, so close that they touch it or nearly do.

        Args:
            line: whose neighbours.
            era: of the line.
            dice: what draws which they are and where.
            room: x-heights by which all stand further away.
        """
        chance = dice.random(4).tolist()
        rows = line.ink_HW.shape[0]
        above = line.baseline * (0.85 + 0.15 * chance[1]) + line.x_height * (0.1 + 1.2 * chance[2] + room)
        below = rows - line.baseline + line.x_height * (0.9 + 1.3 * chance[3] + room)
        found = [-max(above, 1.6 * line.x_height)] if chance[0] < 0.7 else []
        found += [max(below, 1.6 * line.x_height)] if chance[0] > 0.3 else []
        return [self._beside(line, down, self._line(era, int(dice.integers(POOL))), dice) for down in found]

    def _beside(self, line: InkLine, down: float, other: InkLine, dice: np.random.Generator) -> Neighbour:
        """Return another line whose baseline runs `down` pixels below that of `line`."""
        slack = line.ink_HW.shape[1] - other.ink_HW.shape[1]
        x = float(dice.uniform(min(0.0, slack), max(0.0, slack)))
        return Neighbour(other.ink_HW, x, line.baseline + down - other.baseline)

    def _line(self, era: int, number: int) -> InkLine:
        if era != self._era:
            self._era, self._lines = era, {}
        if number not in self._lines:
            dice = rng(self.seed, self.split, "neighbour", era, number)
            shown = Effects(font_hands=1.0, school=1.0) if dice.random() < 0.5 else Effects()
            source = self.sources.varied(self.sources.pick(dice, era), shown, dice, era)
            text = drawable(self.text.line(dice, LONG), source, self.text.characters)
            self._lines[number] = draw(text, source, dice, INK_X_HEIGHT)
        return self._lines[number]
