"""Letters with marks: a writer's own base letter, and on it the writer's own accent, cedilla, hook or stroke."""

from __future__ import annotations

from dataclasses import dataclass
from unicodedata import normalize

import numpy as np

from text_recognizer.charset import LATIN
from text_recognizer.synth.counter import rng
from text_recognizer.synth.glyph import MODES, Glyph
from text_recognizer.synth.skeletons import BANDS

MARKS = {
    **{"\u0300": "grave", "\u0301": "acute", "\u0302": "circumflex", "\u0303": "tilde", "\u0306": "breve"},
    **{"\u0307": "dot", "\u0308": "diaeresis", "\u030a": "ring", "\u030b": "double-acute", "\u030c": "caron"},
    **{"\u0326": "comma", "\u0327": "cedilla", "\u0328": "ogonek"},
}
"""Unicode's combining marks -> names in latin.txt."""

OVERLAID = {"đ": ("d", "bar"), "ł": ("l", "slash"), "Ł": ("L", "slash"), "ø": ("o", "slash"), "Ø": ("O", "slash")}
"""Letters with a stroke through them, which Unicode does not take apart."""

BESIDE = "ďťľĽ"
"""Tall letters that wear their caron as an apostrophe to the right."""


@dataclass(frozen=True)
class Marking:
    """How a writer sets marks; lengths in x-heights.

    Attributes:
        size: stretch of every mark.
        aside: how far to the right of the letter's middle they stand.
        gap: between the letter and a mark above it.
        astray: how far one instance strays from another.
    """

    size: float
    aside: float
    gap: float
    astray: float


def marking(identity: int) -> Marking:
    """Return the habits of the writer of that number."""
    r = rng(identity, "marks")
    size, aside, gap = np.exp(r.normal(0.0, 0.25)), r.normal(0.04, 0.1), r.uniform(0.06, 0.3) + r.exponential(0.08)
    return Marking(float(size.clip(0.5, 1.8)), float(aside), float(min(gap, 0.7)), float(r.uniform(0.01, 0.1)))


def _parts(character: str) -> tuple[str, str] | None:
    """Return the base letter and the mark of a character, or None when it is written as a whole."""
    parts = normalize("NFD", character)
    if character in OVERLAID or len(parts) < 2:
        return OVERLAID.get(character)
    mark = "apostrophe" if character in BESIDE else MARKS[parts[1]]
    return "ı" if parts[0] == "i" else parts[0], mark


PARTS = {character: parts for character in LATIN if (parts := _parts(character))}
"""Letters that are put together -> their base and their mark; an i loses its dot."""


def dressed(bare: Glyph, mark: Glyph, character: str, name: str, habits: Marking) -> Glyph:
    """Return a letter with a mark on it.

    Args:
        bare: the letter without it.
        mark: around x 0, y between 0 and 1.
        character: what the two make.
        name: of the mark.
        habits: of the writer.
    """
    points = mark.points.copy()
    points[:, :2] = (points[:, :2] - (0, 0.5)) * habits.size
    points[:, :2] += _place(bare.points[:, :2], points[:, :2], name, habits)
    noise = rng(0, "mark", character, len(bare.points)).standard_normal((MODES, 2)) * habits.astray
    points[:, 2:] += noise.ravel()
    both = np.concatenate([bare.points, points]).astype(np.float32)
    starts = np.concatenate([bare.starts, mark.starts + len(bare.points)])
    return Glyph(both, starts, bare.entry, bare.exit, _wider(bare.extent, points))


def _place(letter: np.ndarray, mark: np.ndarray, name: str, habits: Marking) -> tuple[float, float]:
    """Return where the mark's origin goes; a mark through a letter is scaled to it, in place."""
    x, y = letter.T
    top, bottom = float(y.max()), float(y.clip(-0.15).min())
    head = x[y > top - 0.35 * (top - bottom)]
    foot = x[y < bottom + 0.35]
    if name in ("bar", "slash"):
        return _across(letter, mark, name)
    if name == "apostrophe":
        return float(head.max()) + 0.14, top - 0.15
    if name == "ogonek":
        return float(foot.min() + 0.8 * (foot.max() - foot.min())), bottom - 0.3
    if name in ("cedilla", "comma"):
        below = 0.3 if name == "cedilla" else 0.45
        return float(foot.min() + foot.max()) / 2 + 0.3 * habits.aside, bottom - below
    gap = habits.gap * (1 if top < 1.3 else 0.5)
    return float(head.min() + head.max()) / 2 + habits.aside, top + gap - float(mark[:, 1].min())


def _across(letter: np.ndarray, mark: np.ndarray, name: str) -> tuple[float, float]:
    """Return where a stroke crosses a letter: a d at its ascender, an l and L at half its stem, an o wholly."""
    x, y = letter.T
    top, width = float(y.max()), float(x.max() - x.min())
    if name == "bar":
        return float(x[y > 0.8 * top].mean()), 0.78 * top
    near = x[np.abs(y - 0.5 * top) < 0.2 * top]
    if top > 1.3 and near.max() - near.min() < 0.5 * width or width < 0.5:
        return float(near.mean()), 0.5 * top
    mark *= 1.3 * max(width / 0.6, top / 0.5) / 2
    return float(x.min() + x.max()) / 2, 0.5 * top


def _wider(extent: np.ndarray, mark: np.ndarray) -> np.ndarray:
    """Return `Glyph.extent` of a letter, made wider where a mark sticks out."""
    out = extent.copy()
    bands = len(BANDS) + 1
    band = np.searchsorted(BANDS, mark[:, 1])
    np.minimum.at(out[:bands], band, mark[:, 0])
    np.maximum.at(out[bands : 2 * bands], band, mark[:, 0])
    out[-6], out[-5] = min(out[-6], float(mark[:, 0].min())), max(out[-5], float(mark[:, 0].max()))
    return out
