"""What makes a hand: a writer's habits and the pen, drawn by dice."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np


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

    def thinned(self, share: float) -> Pen:
        """Return a pen whose lines are that share as wide."""
        return self if share == 1 else replace(self, thin=self.thin * share, thick=self.thick * share)


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
        hurry: how far the pen cuts corners, in points of a path; joined letters melt into each other.
        fade: how much lower the last letter of a long word is than its first, as a share.
        sweep: chance that a word begins or ends with a stroke that reaches out.
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
    hurry: int = 0
    fade: float = 0.0
    sweep: float = 0.0


def random_style(r: np.random.Generator) -> Style:
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


def hurried(style: Style, r: np.random.Generator) -> Style:
    """Return a style as adults have it who learnt to join letters at school: low, wide, quick."""
    is_joined = bool(r.random() < 0.75)
    changed = replace(
        style,
        width=float(np.exp(r.normal(0.1, 0.22)).clip(0.65, 1.8)),
        ascender=float(np.exp(r.normal(0.15, 0.3)).clip(0.6, 2.2)),
        capital=float(np.exp(r.normal(0.05, 0.25)).clip(0.5, 1.8)),
        gap=float(r.uniform(0.0, 0.6) if is_joined else style.gap),
        word_gap=float(r.uniform(0.4, 1.9)),
        dot_stray=float(r.uniform(0.3, 2.5)),
        capitals_only=False,
        hurry=int(r.choice([0, 1, 2, 3], p=[0.35, 0.35, 0.2, 0.1])),
        fade=float(r.choice([0.0, r.uniform(0.05, 0.35)], p=[0.5, 0.5])),
        sweep=float(r.choice([0.0, r.uniform(0.1, 0.5)], p=[0.5, 0.5])),
    )
    if not is_joined:
        return changed
    basis = np.append(r.dirichlet((0.1, 2.0, 0.9, 0.8)), r.uniform(-0.1, 0.4))
    return replace(changed, kind="cursive", join=float(r.uniform(0.7, 1.0)), basis=basis)


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


def random_pen(r: np.random.Generator, most: float) -> Pen:
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
