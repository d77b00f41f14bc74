"""What real pages show beside text in one clean hand, each effect with a share of its own; all are off by default."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from text_recognizer.errors import UsageError


@dataclass(frozen=True)
class Effects:
    """Shares of the lines that an effect is seen on, 0 to 1.

    Attributes:
        font_hands: of the lines in handwriting fonts: a person with an own pen writes the font's centre-lines.
        school: of the lines by stroke writers: the writer has also learnt the forms of French school cursive.
        struck_out: of handwriting: a word is struck out, and is not in the text.
        underlined: a word, some or all are underlined.
        ruled: of handwriting: on ruled, squared or Seyès paper.
        neighbours: heads, feet or more of the lines above and below reach into the picture.
        photographed: seen by a camera at an angle, in uneven light, out of focus or shaken.
        fine_pens: of handwriting: by a fine pen; people write thinner than most fonts and markers.

    Raises:
        UsageError: a share is not between 0 and 1.
    """

    font_hands: float = 0.0
    school: float = 0.0
    struck_out: float = 0.0
    underlined: float = 0.0
    ruled: float = 0.0
    neighbours: float = 0.0
    photographed: float = 0.0
    fine_pens: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            share = getattr(self, field.name)
            if not 0 <= share <= 1:
                raise UsageError(f"effect {field.name}: {share} is no share; give a number from 0 to 1")

    def drawn(self, dice: np.random.Generator) -> Effects:
        """Return which effects one line shows: each 1 or 0; the others' shares do not change what is drawn for one."""
        shares = [getattr(self, field.name) for field in fields(self)]
        return Effects(*(float(chance < share) for chance, share in zip(dice.random(len(shares)), shares, strict=True)))

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) > 0 for field in fields(self))


NONE = Effects()
"""Clean lines, as the ASCII recipe of the course draws them."""

REAL_PAGES = Effects(
    font_hands=0.7,
    school=0.5,
    struck_out=0.025,
    underlined=0.04,
    ruled=0.4,
    neighbours=0.35,
    photographed=0.2,
    fine_pens=0.75,
)
"""What training for real handwriting uses."""
