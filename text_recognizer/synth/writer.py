"""Writers: a hand of its own for every number, from neat print to hurried joined cursive."""

from __future__ import annotations

from math import log
from typing import Protocol

import numpy as np

from text_recognizer.errors import UserError
from text_recognizer.synth.counter import rng
from text_recognizer.synth.glyph import MODES, Glyph
from text_recognizer.synth.marks import PARTS, dressed, marking
from text_recognizer.synth.skeletons import HERSHEY_FONTS, Allograph, Shape, alphabet
from text_recognizer.synth.spacing import by_outlines
from text_recognizer.synth.style import Pen, Style, hurried, random_pen, random_style

POOL = 1024
"""Rows of a writer's table of random displacements; letters share them in turn."""

HABITS = ("loop", "two", "point", "serif", "open", "round", "plain")
"""Tags that a writer likes or dislikes in all letters alike."""


class Hand(Protocol):
    """What `strokes.draw_strokes` writes in."""

    @property
    def style(self) -> Style: ...

    @property
    def pen(self) -> Pen: ...

    def glyph(self, character: str, chance: float) -> Glyph:
        """Return how the hand shapes a character; `chance` is uniform in [0, 1)."""

    def layout(
        self, text: str, glyphs: list[Glyph], spaces: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return where each glyph's x is 0, float64 [V], and whether it is joined to the next, bool [V - 1].

        Args:
            text: the line.
            glyphs: of its V characters that are no space.
            spaces: int [V - 1], spaces between each and the next.
            rng: what makes this line differ from others.
        """


class Writer:
    """A hand: a style, a pen and a preferred form of each character, all drawn from one number.

    Args:
        identity: any integer; the same number is the same hand everywhere.
        school: the same person with the forms and the hurry of joined school hands.
    """

    def __init__(self, identity: int, school: bool = False) -> None:
        self.identity = identity
        self._alphabet = alphabet(school)
        r = rng(identity, "writer")
        self.style = random_style(r)
        if school:
            self.style = hurried(self.style, rng(identity, "school"))
        self.pen = random_pen(r, min(1.0, self.style.width) * (0.75 if self.style.capitals_only else 1.0))
        self._taste = _taste(r, self.style) | (_taught(rng(identity, "taught")) if school else {})
        self._proportions = [_proportions(self.style, above) for above in (self.style.ascender, self.style.capital)]
        noise = r.standard_normal((POOL, 2 + 2 * MODES), dtype=np.float32)
        self._smooth = (np.roll(noise, 1, 0) + 2 * noise + np.roll(noise, -1, 0)) / 2.5
        self._deviations = 0.6 * noise
        self._luck = r.gumbel(size=sum(map(len, self._alphabet.values())))
        self._ranked: dict[str, list[Allograph]] = {}
        self._shaped: dict[tuple[str, int], Glyph] = {}
        self._marking = marking(identity)
        self._dressed_glyphs: dict[tuple[str, int], Glyph] = {}

    def glyph(self, character: str, chance: float) -> Glyph:
        """Return a form of `character`: the preferred one, or another where `chance` is below the style's `stray`.

        Args:
            chance: uniform in [0, 1).

        Raises:
            UserError: there is no skeleton for the character.
        """
        worn = PARTS.get(character)
        if worn:
            return self._dressed(character, *worn, chance)
        ranked = self._ranked.get(character) or self._rank(character)
        stray = self.style.stray
        rank = 0 if chance >= stray or len(ranked) == 1 else 1 + int(chance / stray * (len(ranked) - 1))
        shaped = self._shaped.get((character, rank))
        if shaped is None:
            small = 0.62 if ranked[rank].character != character else 1.0
            shaped = self._shaped[character, rank] = self._shape(ranked[rank], small)
        return shaped

    def layout(
        self, text: str, glyphs: list[Glyph], spaces: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return where each glyph's x is 0, and whether it is joined to the next; see `Hand.layout`."""
        return by_outlines(spaces, glyphs, self.style, self.pen.thick, rng)

    def _dressed(self, character: str, base: str, mark: str, chance: float) -> Glyph:
        """Return this writer's `base` with a `mark` on it; every writer has one shape of each mark."""
        bare = self.glyph(base, chance)
        key = (character, id(bare))
        if key not in self._dressed_glyphs:
            self._dressed_glyphs[key] = dressed(bare, self.glyph(mark, 1.0), character, mark, self._marking)
        return self._dressed_glyphs[key]

    def _rank(self, character: str) -> list[Allograph]:
        """Order the forms of a character by this writer's taste and luck; keep at most three that come close."""
        capital = character.upper() if self.style.capitals_only else character
        forms = self._alphabet.get(capital) or self._alphabet.get(character)
        if not forms:
            raise UserError(f"character {character!r}: no skeleton writes it; leave it out or add one to skeletons.txt")
        scores = [self._luck[form.number] + self._liking(form) for form in forms]
        best = sorted(range(len(forms)), key=lambda i: -scores[i])[:3]
        self._ranked[character] = [forms[i] for i in best if scores[i] > scores[best[0]] - 2.5]
        return self._ranked[character]

    def _liking(self, form: Allograph) -> float:
        """Return the logarithm of how much this writer likes a form."""
        return log(form.weight) + sum([self._taste[tag] for tag in form.tags])

    def _shape(self, form: Allograph, small: float) -> Glyph:
        """Bend a form into this writer's hand."""
        style, shape = self.style, form.shape
        count = len(shape.control)
        start = form.ordinal % (POOL - 200)
        noise = self._smooth[start : start + count] + self._deviations[start + count + shape.of_stroke]
        if shape.dot is not None:
            noise[shape.dot] = noise[shape.dot.start]
            noise[shape.dot, 2::2] *= 1 + style.dot_stray
        uneven = (1 + style.own * self._deviations[start, :2].clip(-3, 3)) * small
        noise[:, :2] *= style.own
        noise[:, :2] += (shape.features @ self._proportions[form.is_tall] * uneven).astype(np.float32)
        noise[:, 2:] *= style.wobble / MODES**0.5
        points = ((style.basis @ shape.bases).reshape(-1, count) @ noise).astype(np.float32)
        pad = 0.0 if form.character.islower() else 0.07
        return Glyph(points, shape.starts, shape.entry, shape.exit, _extent(points[:, 0], shape, pad))


def _proportions(style: Style, above: float) -> np.ndarray:
    """Return [8, 2], which turns `Shape.features` into points of this style; `above` stretches what is over 1."""
    wave = -style.bulge / (2 * np.pi)
    x = (style.width, 0, 0, 0, 0, 0, *style.dot[0])
    y = (style.tilt, 1, above - 1, style.descender - 1, wave, -0.4 * style.tilt, *style.dot[1])
    return np.array([x, y]).T


def _extent(x: np.ndarray, shape: Shape, pad: float) -> np.ndarray:
    """Return a glyph's outline and joining points, see `Glyph.extent`; a band feels its neighbours, 0.12 further in.

    Args:
        pad: room added on both sides: digits and signs are written further apart than the letters of a word.
    """
    bands = len(shape.outside)
    padded = np.full((2, bands + 2), 99.0)
    padded[0, 1:-1] = (shape.outside + x).min(1)
    padded[1, 1:-1] = (shape.outside - x).min(1)
    near = np.minimum(padded[:, 1:-1], np.minimum(padded[:, :-2], padded[:, 2:]) + 0.12) - pad
    extent = np.empty(2 * bands + 7)
    extent[:bands], extent[bands : 2 * bands] = near[0], -near[1]
    low, high = x.min() - pad, x.max() + pad
    extent[-7:] = (x.mean(), low, high, x[shape.entry], x[shape.exit], shape.entry >= 0, shape.exit >= 0)
    return extent


def _taste(r: np.random.Generator, style: Style) -> dict[str, float]:
    """Draw what a writer likes: the logarithm of a factor for each tag."""
    taste = dict.fromkeys(("hershey", *HERSHEY_FONTS), 0.0)
    taste |= {habit: float(r.normal(0.0, 0.9)) for habit in HABITS}
    taste["pc"] = 0.0
    taste["odd"] = log(r.uniform(0.1, 0.8))
    taste["p"], taste["c"] = {"print": (0.0, -3.2), "mixed": (0.0, -0.4), "cursive": (-3.0, 0.0)}[style.kind]
    taste["hershey"] = -5.5
    if r.random() < 0.12:
        favourite = "scripts" if style.kind == "cursive" else ("futural", "rowmans")[int(r.integers(2))]
        taste[favourite] = 9.0
    return taste


def _taught(r: np.random.Generator) -> dict[str, float]:
    """Draw what a writer likes of the forms of school hands."""
    return {"school": float(r.normal(0.6, 1.2)), "garland": float(r.normal(-0.7, 1.5))}
