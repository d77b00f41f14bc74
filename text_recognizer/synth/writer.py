"""Writers: a hand of its own for every number, from neat print to hurried joined cursive."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from text_recognizer.errors import UserError
from text_recognizer.synth.counter import rng
from text_recognizer.synth.skeletons import HERSHEY_FONTS, Allograph, Shape, alphabet

MODES = 3
"""Independent ways in which one instance of a letter may differ from the next."""

POOL = 1024
"""Rows of a writer's table of random displacements; letters share them in turn."""

HABITS = ("loop", "two", "point", "serif", "open", "round", "plain")
"""Tags that a writer likes or dislikes in all letters alike."""


@dataclass(frozen=True)
class Pen:
    """What draws the line; widths are shares of the x-height.

    Attributes:
        thin, thick: narrowest and widest line.
        angle: direction of a broad nib's edge in radians, or None for a round tip.
        pressure: how much thicker downstrokes are than upstrokes, 0 to 1.
        waver: slow random change of the width, 0 to 1.
        grain: share of the ink that rough paper leaves out, 0 to 1.
    """

    thin: float
    thick: float
    angle: float | None = None
    pressure: float = 0.0
    waver: float = 0.0
    grain: float = 0.0


@dataclass(frozen=True)
class Style:
    """A writer's habits; lengths are in x-heights.

    Attributes:
        kind: "print", "mixed" or "cursive".
        slant: horizontal shift per height, positive to the right.
        width: stretch of every letter.
        ascender, descender, capital: stretch of what lies above the x-height, below the baseline, and of capitals.
        tilt: how much letters rise to their right, as a slope.
        bulge: above 0, ink gathers at the baseline and the x-height; below 0, in the middle.
        basis: float64 [5], how the pen takes corners and how far it overshoots: shares of the bases of `Shape`.
        gap, word_gap: space between letters and between words.
        fit: 1 spaces letters by their outlines, 0 by their boxes.
        join: chance that two joinable letters are joined.
        stray: chance of another than the preferred form.
        own, wobble: size of the writer's own deviation from the model form, and of each instance from that.
        size, bounce, turn: deviation of each letter's size, height above the line and rotation.
        drift, wave, wave_length: slope of the baseline, and its slow wave.
        tremor, warp: fine shake and coarse distortion.
        dot: 2 x 2 matrix that turns a unit ring into this writer's i-dot, and how far it strays sideways.
        capitals_only: lower-case letters are drawn as small capitals.
    """

    kind: str
    slant: float
    width: float
    ascender: float
    descender: float
    capital: float
    tilt: float
    bulge: float
    basis: np.ndarray
    gap: float
    word_gap: float
    fit: float
    join: float
    stray: float
    own: float
    wobble: float
    size: float
    bounce: float
    turn: float
    drift: float
    wave: float
    wave_length: float
    tremor: float
    warp: float
    dot: np.ndarray
    dot_stray: float
    capitals_only: bool


@dataclass(frozen=True, eq=False)
class Glyph:
    """One form as one writer shapes it.

    Attributes:
        points: float32 [N, 2 + 2 * MODES], the path and the displacements that an instance may add to it.
        starts: first row of each stroke.
        entry, exit: rows where neighbours join, -1 for none.
        extent: float64 [21]: least x in each band of height (about 99 where it is empty), greatest x (-99),
            then the middle of its ink, least and greatest x of all, x of the entry and of the exit, and 1 or 0 for
            whether there is one.
    """

    points: np.ndarray
    starts: np.ndarray
    entry: int
    exit: int
    extent: np.ndarray


class Writer:
    """A hand: a style, a pen and a preferred form of each character, all drawn from one number.

    Args:
        identity: any integer; the same number is the same hand everywhere.
    """

    def __init__(self, identity: int) -> None:
        self.identity = identity
        r = rng(identity, "writer")
        self.style = _style(r)
        self.pen = _pen(r, min(1.0, self.style.width) * (0.75 if self.style.capitals_only else 1.0))
        self._taste = _taste(r, self.style)
        self._proportions = [_proportions(self.style, above) for above in (self.style.ascender, self.style.capital)]
        noise = r.standard_normal((POOL, 2 + 2 * MODES), dtype=np.float32)
        self._smooth = (np.roll(noise, 1, 0) + 2 * noise + np.roll(noise, -1, 0)) / 2.5
        self._deviations = 0.6 * noise
        self._luck = r.gumbel(size=sum(map(len, alphabet().values())))
        self._ranked: dict[str, list[Allograph]] = {}
        self._shaped: dict[tuple[str, int], Glyph] = {}

    def glyph(self, character: str, chance: float) -> Glyph:
        """Return a form of `character`: the preferred one, or another where `chance` is below the style's `stray`.

        Args:
            chance: uniform in [0, 1).

        Raises:
            UserError: there is no skeleton for the character.
        """
        ranked = self._ranked.get(character) or self._rank(character)
        stray = self.style.stray
        rank = 0 if chance >= stray or len(ranked) == 1 else 1 + int(chance / stray * (len(ranked) - 1))
        shaped = self._shaped.get((character, rank))
        if shaped is None:
            small = 0.62 if ranked[rank].character != character else 1.0
            shaped = self._shaped[character, rank] = self._shape(ranked[rank], small)
        return shaped

    def _rank(self, character: str) -> list[Allograph]:
        """Order the forms of a character by this writer's taste and luck; keep at most three that come close."""
        forms = alphabet().get(character.upper() if self.style.capitals_only else character)
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


def _style(r: np.random.Generator) -> Style:
    """Draw a style; neat hands and hurried ones differ in everything that varies from letter to letter."""
    capitals_only = bool(r.random() < 0.025)
    share = r.random() * (0.45 if capitals_only else 1.0)
    kind = ("print", "mixed", "cursive")[int(np.searchsorted((0.45, 0.7), share))]
    mess = r.beta(1.3, 2.2)
    joined = {"print": 0.0, "mixed": r.uniform(0.2, 0.8), "cursive": r.uniform(0.85, 1.0)}[kind]
    slant = r.normal(0.06, 0.12) if kind == "print" else r.normal(0.18, 0.18)
    basis = r.dirichlet({"print": (0.5, 2.5, 0.4, 0.5)}.get(kind, (0.15, 2.0, 0.8, 0.7)))
    return Style(
        kind=kind,
        slant=float(np.clip(slant, -0.25, 0.65)),
        width=float(np.exp(r.normal(0.0, 0.2)).clip(0.62, 1.6)),
        ascender=float(np.exp(r.normal(0.0, 0.3)).clip(0.5, 1.9)),
        descender=float(np.exp(r.normal(0.0, 0.25)).clip(0.5, 1.7)),
        capital=float(np.exp(r.normal(-0.05, 0.22)).clip(0.5, 1.6)),
        tilt=float(r.normal(0.0, 0.05)),
        bulge=float(r.uniform(-0.35, 0.35)),
        basis=np.append(basis, r.uniform(-0.1, 0.5)),
        gap=float(r.uniform(0.1, 0.42) if kind != "cursive" else r.uniform(0.0, 0.3)),
        word_gap=float(r.uniform(0.7, 1.8)),
        fit=float(r.uniform(0.2, 0.9)),
        join=joined,
        stray=float(r.choice([0.0, 0.05, 0.15, 0.3], p=[0.3, 0.3, 0.25, 0.15])),
        own=float(r.uniform(0.015, 0.065)),
        wobble=0.008 + 0.06 * mess,
        size=0.01 + 0.09 * mess * r.random(),
        bounce=0.01 + 0.09 * mess * r.random(),
        turn=0.01 + 0.07 * mess * r.random(),
        drift=float(r.normal(0, 0.008)),
        wave=0.02 + 0.1 * mess * r.random(),
        wave_length=float(r.uniform(6, 30)),
        tremor=float(r.choice([0.0, 0.006, 0.015, 0.03], p=[0.4, 0.3, 0.2, 0.1])),
        warp=float(r.uniform(0.0, 0.03)) + 0.04 * mess * r.random(),
        dot=_dot(r),
        dot_stray=float(r.uniform(0.0, 1.5)),
        capitals_only=capitals_only,
    )


def _dot(r: np.random.Generator) -> np.ndarray:
    """Draw the shape of a writer's i-dots: a point, a ring, a dash, an acute or a drop."""
    kind = int(np.searchsorted((0.6, 0.68, 0.8, 0.93), r.random()))
    size = r.uniform(0.8, 1.3)
    shapes = (
        ((0.02, 0.0), (0.0, 0.02)),
        ((0.11, 0.0), (0.0, 0.11)),
        ((0.15, 0.0), (0.04, 0.01)),
        ((0.08, 0.02), (0.0, 0.12)),
        ((0.01, -0.02), (0.0, 0.08)),
    )
    shape = np.array(shapes[kind]) * size
    return np.array(((0.0, 0.05), (0.0, 0.11))) * size if kind == 3 else shape


def _pen(r: np.random.Generator, most: float) -> Pen:
    """Draw a ball-point, fineliner, felt tip, broad nib, pressed nib or pencil; `most` thins it for narrow letters."""
    kind = int(np.searchsorted((0.4, 0.55, 0.72, 0.8, 0.88), r.random()))
    waver = float(r.uniform(0.0, 0.35))
    if kind == 0:
        width = r.uniform(0.1, 0.17)
        return Pen(width * 0.85, width, pressure=float(r.uniform(0, 0.4)), waver=waver)
    if kind == 1:
        width = r.uniform(0.06, 0.11)
        return Pen(width * 0.9, width, waver=waver * 0.5)
    if kind == 2:
        width = r.uniform(0.15, 0.24) * most
        return Pen(width * 0.8, width, waver=waver)
    if kind == 3:
        thin, thick = r.uniform(0.05, 0.1), r.uniform(0.16, 0.26) * most
        return Pen(thin, thick, angle=float(r.uniform(0.3, 1.0)), waver=waver)
    if kind == 4:
        thin, thick = r.uniform(0.05, 0.09), r.uniform(0.14, 0.25) * most
        return Pen(thin, thick, pressure=float(r.uniform(0.6, 1.0)), waver=waver)
    width = r.uniform(0.09, 0.19)
    return Pen(width * 0.75, width, pressure=0.2, waver=waver, grain=float(r.uniform(0.2, 0.6)))


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
