"""Hands made of typefaces: a font's centre-lines, written by many people with pens and habits of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from text_recognizer.synth.centrelines import centrelines
from text_recognizer.synth.counter import rng
from text_recognizer.synth.fonts import Face
from text_recognizer.synth.glyph import MODES, Glyph
from text_recognizer.synth.skeletons import BANDS
from text_recognizer.synth.style import Style, random_pen, random_style

X_HEIGHT = 32
"""Height in pixels of a small x in the pictures whose centre-lines are looked for."""

STEP = 0.14
"""Distance between the points of a path, in x-heights."""

WAVES = 4
"""Waves of random direction and length whose sum bends a letter."""

COLUMNS = 2 + 2 * MODES
"""Of `Glyph.points`."""

SPLITS = np.cumsum([WAVES, 2 * WAVES, WAVES * COLUMNS])
"""Where the random numbers of a letter are parted: phases, turns and weights of its waves, and its own size."""

INK = 110
"""Grey from which a pixel of a drawn glyph counts as ink."""


@dataclass(frozen=True, eq=False)
class Letter:
    """A character of a face as pen paths; lengths in x-heights, y upwards from the baseline.

    Attributes:
        points: float32 [N, 2], the paths laid end to end.
        starts: int [S], first row of each path.
        advance: from this letter's origin to the next one's.
        entry, exit: rows where neighbours may be joined, -1 for none.
    """

    points: np.ndarray
    starts: np.ndarray
    advance: float
    entry: int
    exit: int


@lru_cache(maxsize=20_000)
def letter(face: Face, character: str) -> Letter:
    """Return the centre-lines of a character that the face has."""
    size = max(8, round(X_HEIGHT / face.x_height))
    font = face.at(size, character)
    left, top, right, bottom = (int(v) for v in font.getbbox(character, anchor="ls"))
    image = Image.new("L", (right - left + 4, bottom - top + 4), 0)
    ImageDraw.Draw(image).text((2 - left, 2 - top), character, font=font, fill=255, anchor="ls")
    unit = size * face.x_height
    shape_HW = np.asarray(image) > INK
    pixels = centrelines(shape_HW) or [np.argwhere(np.asarray(image) > 0).mean(0, keepdims=True)[:, ::-1]]
    paths = [_evenly((path + (left - 1.5, top - 1.5)) / (unit, -unit)) for path in pixels]
    paths = [_from_where_pens_start(path) for path in paths]
    starts = np.cumsum([0, *map(len, paths)])[:-1]
    advance = font.getlength(character) / unit
    joins = _joins(paths, starts) if character.isalpha() and character.islower() else (-1, -1)
    return Letter(np.concatenate(paths).astype(np.float32), starts, advance, *joins)


def _evenly(path: np.ndarray) -> np.ndarray:
    """Return a path of pixels smoothed and with points `STEP` apart; a dot becomes the shortest of strokes."""
    if len(path) > 8:
        padded = np.pad(path, ((3, 3), (0, 0)), mode="reflect", reflect_type="odd")
        path = np.stack([np.convolve(axis, np.full(7, 1 / 7), "valid") for axis in padded.T], axis=1)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    if along[-1] < 0.08:
        return path.mean(0) + ((-0.015, 0.0), (0.015, 0.0))
    at = np.linspace(0, along[-1], max(3, round(along[-1] / STEP) + 1))
    return np.stack([np.interp(at, along, axis) for axis in path.T], axis=1)


def _from_where_pens_start(path: np.ndarray) -> np.ndarray:
    """Return a path in the direction in which it was probably drawn: downwards, or to the right where it is level."""
    (x0, y0), (x1, y1) = path[0], path[-1]
    return path[::-1] if (x1 - x0) - 1.2 * (y1 - y0) < 0 else path


def _x(end: tuple[int, int, float, float]) -> float:
    return end[2]


def _joins(paths: list[np.ndarray], starts: np.ndarray) -> tuple[int, int]:
    """Return the rows where a small letter's left and right neighbours may be joined to it.

    These are ends of paths near its left and right edge, between the baseline and the x-height. The paths are turned,
    in place, so that the first begins and the last ends there.
    """
    x = np.concatenate(paths)[:, 0]
    left, right = float(x.min()), float(x.max())
    edge = 0.3 * (right - left)
    ends = [(k, side, *path[-side]) for k, path in enumerate(paths) for side in (0, 1) if len(path) > 3]
    begin = min((end for end in ends if end[2] < left + edge and -0.15 < end[3] < 1.15), key=_x, default=None)
    finish = max((end for end in ends if end[2] > right - edge and -0.15 < end[3] < 1.1), key=_x, default=None)
    if begin and finish and begin[:2] == finish[:2]:
        begin = None
    for k in {end[0] for end, side in ((begin, 0), (finish, 1)) if end and end[1] != side}:
        paths[k] = paths[k][::-1].copy()
    entry = int(starts[begin[0]]) if begin else -1
    return entry, int(starts[finish[0]]) + len(paths[finish[0]]) - 1 if finish else -1


@lru_cache(maxsize=500)
def is_joined(face: Face) -> bool:
    """Return whether the letters of a face run into each other: its n, m, u and i reach over both ends."""
    letters = [letter(face, character) for character in "nmui" if not face.lacks(character)]
    return bool(letters) and float(np.mean([np.ptp(form.points[:, 0]) - form.advance for form in letters])) > -0.12


class FontHand:
    """A person who writes the letters of a typeface: the face's forms, with own proportions, unevenness and pen.

    Args:
        faces: the face of most letters, then, if any, one of which some letters are taken.
        identity: any integer; the same number and faces are the same hand everywhere.
    """

    def __init__(self, faces: tuple[Face, ...], identity: int) -> None:
        self.face, self.identity = faces[0], identity
        r = rng(identity, "font hand", *(face.family for face in faces))
        self.joins_itself = is_joined(self.face)
        self.style = _style_of(r, self.joins_itself)
        narrow = self.face.advance / self.face.x_height * self.style.width
        self.pen = random_pen(r, min(1.0, self.style.width)).thinned(float(np.clip(narrow / 0.95, 0.45, 1.0)))
        self._borrowed = faces[1] if len(faces) > 1 and not (self.joins_itself or is_joined(faces[1])) else None
        self._waves = r.normal(0, 2.6, (2, WAVES))
        self._proportions = _proportions(self.style), _proportions(replace(self.style, ascender=self.style.capital))
        self.tracking = float(r.normal(0.0, 0.015) if self.joins_itself else r.normal(0.02, 0.07))
        self._glyphs: dict[str, tuple[Glyph, float]] = {}

    def glyph(self, character: str, chance: float) -> Glyph:
        """Return how the hand shapes a character."""
        return self._shaped(character)[0]

    def layout(
        self, text: str, glyphs: list[Glyph], spaces: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return where each glyph's x is 0, and whether it is joined to the next; see `writer.Hand.layout`."""
        style = self.style
        shown = [character for character in text if character != " "]
        advance = np.array([self._shaped(character)[1] for character in shown])
        noise = rng.standard_normal((2, len(shown)))[:, 1:]
        loose = (0.01 + 0.6 * style.wobble) * (0.3 if self.joins_itself else 1.0) * noise[0]
        gaps = np.maximum(0.75 * style.word_gap + 0.12 * style.word_gap * noise[1], 0.6 if self.joins_itself else 0.4)
        steps = advance[:-1] + loose + np.where(spaces > 0, 0.0, self.tracking) + spaces * gaps
        can_join = np.array([a.exit >= 0 and b.entry >= 0 for a, b in zip(glyphs, glyphs[1:], strict=False)], bool)
        joined = can_join & (spaces == 0) & (rng.random(len(steps)) < style.join)
        return np.concatenate([[0.0], np.cumsum(np.maximum(steps, 0.1))]), joined

    def _shaped(self, character: str) -> tuple[Glyph, float]:
        """Return a character's glyph and advance in this hand."""
        if character not in self._glyphs:
            r = rng(self.identity, "letter", character, self.face.family)
            borrows = self._borrowed is not None and r.random() < 0.35 and not self._borrowed.lacks(character)
            form = letter(self._borrowed if borrows and self._borrowed else self.face, character)
            self._glyphs[character] = self._bent(form, character, r), form.advance * self.style.width
        return self._glyphs[character]

    def _bent(self, form: Letter, character: str, r: np.random.Generator) -> Glyph:
        """Shape a letter: the hand's proportions, this letter's own deviation, and what one instance may add."""
        style = self.style
        x, y = form.points.T
        phases, turns, bends, grows = np.split(r.standard_normal(3 * WAVES + (WAVES + 1) * COLUMNS), SPLITS)
        waves = np.sin(form.points @ (self._waves + 0.3 * turns.reshape(2, -1)) + 3 * phases)
        points = waves @ bends.reshape(WAVES, COLUMNS) * (0.7 / WAVES**0.5)
        points += np.repeat(form.points - (0.5 * form.advance, 0.5), MODES + 1, 0).reshape(len(x), -1) * (0.9 * grows)
        points[:, :2] *= style.own
        points[:, 2:] *= style.wobble / MODES**0.5
        wave = np.sin(y * np.float32(2 * np.pi))
        features = np.stack([x, y, np.maximum(y - 1, 0), np.minimum(y, 0), wave], axis=1)
        points[:, :2] += features @ self._proportions[character.isupper() or character.isdigit()]
        points = points.astype(np.float32)
        return Glyph(points, form.starts, form.entry, form.exit, _extent(points[:, 0], y))


def _proportions(style: Style) -> np.ndarray:
    """Return [5, 2], which turns x, y, what is above 1, what is below 0 and a wave into points of this style."""
    x = (style.width, 0, 0, 0, 0)
    y = (style.tilt, 1, style.ascender - 1, style.descender - 1, -style.bulge / (2 * np.pi))
    return np.array([x, y]).T


def _extent(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return `Glyph.extent`; bands of height are not asked for where letters have advances, so they stay empty."""
    extent = np.zeros(2 * len(BANDS) + 9)
    extent[-7:-4] = x.mean(), x.min(), x.max()
    return extent


def _style_of(r: np.random.Generator, joined: bool) -> Style:
    """Draw a style that keeps the face's forms readable: it varies their proportions less than a skeleton's."""
    style = random_style(r)
    squeeze = 0.7
    return replace(
        style,
        slant=float(np.clip(r.normal(0.05, 0.13), -0.25, 0.4)),
        width=float(style.width**squeeze),
        ascender=float(style.ascender**squeeze),
        descender=float(style.descender**squeeze),
        capital=float(style.capital**squeeze),
        join=0.0 if joined or r.random() < 0.5 else float(r.uniform(0.2, 0.95)),
        own=float(r.uniform(0.01, 0.06)),
        bounce=0.5 * style.bounce if joined else style.bounce,
        size=0.6 * style.size if joined else style.size,
        capitals_only=False,
    )
