"""What else is seen of the page that one line stands on: corrections, rules, neighbours, the light of a photograph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from text_recognizer.synth.corrections import struck_out, underlined, with_false_start, without
from text_recognizer.synth.degrade import Warp, fine_strokes, on_paper, plain, random_bend, stroke_weight
from text_recognizer.synth.effects import Effects
from text_recognizer.synth.inkline import InkLine
from text_recognizer.synth.neighbours import Neighbours
from text_recognizer.synth.photographs import at_an_angle, light, shaken
from text_recognizer.synth.rules import random_rules


@dataclass(frozen=True)
class Surroundings:
    """The effects on one line.

    Attributes:
        shown: which of them, each 1 or 0.
        dice: what draws them; the line itself is drawn by other dice.
        neighbours: the lines that may stand above and below.
        era: of the line.
        room: x-heights by which neighbours stand further away than hands set lines.
    """

    shown: Effects
    dice: np.random.Generator
    neighbours: Neighbours | None
    era: int
    room: float = 0.0

    def of_print(self) -> Surroundings:
        """Return what is left where the line is printed: no pen, no rules, lines keep apart."""
        return replace(self, shown=replace(self.shown, struck_out=0.0, ruled=0.0, fine_pens=0.0), room=0.6)

    def thickness(self) -> float:
        """Return the width of a writer's pen on this line, as a share of that of the usual one."""
        return float(self.dice.uniform(0.4, 0.85)) if self.shown.fine_pens else 1.0

    def written(self, text: str, slip: str, draw: Callable[[str], InkLine]) -> InkLine:
        """Return the ink of a text, with what its writer struck out or underlined.

        Args:
            slip: a wrong word, in characters that can be drawn; nothing is struck out where it is empty.
            draw: draws a text as the line's hand does.
        """
        if self.shown.struck_out and slip:
            longer, word = with_false_start(text, slip, self.dice)
            ink = without(struck_out(draw(longer), word, self.dice), word)
        else:
            ink = draw(text)
        return underlined(ink, text, self.dice) if self.shown.underlined else ink

    def picture(
        self, ink: InkLine, height: int, warp: Warp, strength: float, dice: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the grey picture of a line, uint8 [height, W], and its characters' centres [L].

        Args:
            ink: of the line.
            height: of the picture, in pixels.
            warp: of the line.
            strength: of the degradation; 0 shows black on white, without rules or light.
            dice: what draws bends, ink and paper.
        """
        shown = self.shown
        bend = random_bend(ink, height, warp, dice)
        if shown.photographed:
            bend = at_an_angle(bend, self.dice)
        ink_HW = bend.seen(ink.ink_HW)
        if shown.neighbours and self.neighbours:
            for other in self.neighbours.around(ink, self.era, self.dice, self.room):
                np.maximum(ink_HW, bend.seen(other.ink_HW, other.x, other.y), out=ink_HW)
        if not strength:
            return plain(ink_HW), bend.centres
        ink_HW = fine_strokes(ink_HW, dice) if shown.fine_pens else stroke_weight(ink_HW, dice)
        rules_HW = random_rules(bend, ink.baseline, ink.x_height, self.dice) if shown.ruled else None
        light_HW = light(ink_HW.shape, self.dice) if shown.photographed else None
        grey_HW = on_paper(ink_HW, dice, None, rules_HW, light_HW)
        return shaken(grey_HW, self.dice) if shown.photographed else grey_HW, bend.centres
