"""Letterforms as pen paths: control points and the fixed matrices that turn them into smooth polylines.

Every curve here is linear in its control points, so a writer bends a letter with one matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from importlib import resources
from itertools import pairwise

import numpy as np

from text_recognizer.errors import UserError

STEP = 0.19
"""Distance between the points of a polyline, in x-heights."""

DOT = np.array([(0.0, 1.0), (-0.8, 0.5), (-0.8, -0.5), (0.0, -1.0), (0.8, -0.5), (0.8, 0.5), (0.0, 1.0)])
"""A ring of radius 1, drawn anticlockwise: the dot over an i before the writer squeezes it."""

DOT_RADIUS = 0.1
"""Radius of the ring in x-heights before that."""

BANDS = np.array([-0.35, 0.05, 0.35, 0.7, 1.1, 1.5])
"""Heights that part a letter's outline into seven bands for spacing."""

HERSHEY_FONTS = ("futural", "rowmans", "scripts")
"""The single-stroke Latin fonts of the Hershey collection; the others repeat these or double their strokes."""


@dataclass(frozen=True)
class Stroke:
    """One pen-down path.

    Attributes:
        points: float64 [M, 2], control points in x-heights, y upwards from the baseline.
        corners: indices of the points where the pen stops and turns.
        joins_left, joins_right: whether a neighbour may be joined to the first or the last point.
        is_dot: the points are `DOT` around `points.mean(0)` and the writer chooses their shape.
    """

    points: np.ndarray
    corners: tuple[int, ...] = ()
    joins_left: bool = False
    joins_right: bool = False
    is_dot: bool = False


Form = tuple[str, tuple[str, ...], float, list[Stroke]]
"""A character, the tags and the weight of one way to write it, and its strokes."""


@dataclass(frozen=True, eq=False)
class Allograph:
    """One way to write a character.

    Attributes:
        tags: what a writer may like or dislike about it.
        weight: how common it is among the forms of its character.
        number: its place among all forms.
        ordinal: number of control points in the forms before this one.
    """

    character: str
    tags: tuple[str, ...]
    weight: float
    strokes: tuple[Stroke, ...]
    number: int = 0
    ordinal: int = 0

    @cached_property
    def is_tall(self) -> bool:
        """Whether it is a capital or a digit, which writers size together."""
        return self.character.isupper() or self.character.isdigit()

    @cached_property
    def shape(self) -> Shape:
        """Its strokes laid end to end, worked out when it is first written."""
        bases = [_stroke_bases(stroke) for stroke in self.strokes]
        rows = np.cumsum([0, *(basis.shape[1] for basis in bases)])
        columns = np.cumsum([0, *(basis.shape[2] for basis in bases)])
        full = np.zeros((len(bases[0]), rows[-1], columns[-1]))
        entry, end = -1, -1
        for k, (stroke, basis) in enumerate(zip(self.strokes, bases, strict=True)):
            full[:, rows[k] : rows[k + 1], columns[k] : columns[k + 1]] = basis
            entry = int(rows[k]) if stroke.joins_left else entry
            end = int(rows[k + 1]) - 1 if stroke.joins_right else end
        dots = [k for k, stroke in enumerate(self.strokes) if stroke.is_dot]
        dot = slice(int(columns[dots[-1]]), int(columns[dots[-1] + 1])) if dots else None
        control = np.concatenate([stroke.points for stroke in self.strokes])
        of_stroke = np.repeat(np.arange(len(bases)), np.diff(columns))
        band = np.searchsorted(BANDS, (full[1] @ control)[:, 1])
        outside = np.where(band == np.arange(len(BANDS) + 1)[:, None], 0.0, 99.0)
        features = _features(control, dot)
        return Shape(full.reshape(len(full), -1), control, features, of_stroke, rows[:-1], outside, dot, entry, end)


@dataclass(frozen=True)
class Shape:
    """An allograph's strokes laid end to end.

    Attributes:
        bases: float64 [5, N * M]: straight, smooth with corners, smooth without, rounded, and what runs on beyond the
            ends of strokes; each, as [N, M], times `control` is a polyline (the last one: to be added to a polyline).
        control: float64 [M, 2].
        features: float64 [M, 8], see `_features`.
        of_stroke: int [M], the stroke that each control point belongs to.
        starts: first row of each stroke in the polyline.
        outside: float64 [7, N], 0 where a point of the polyline lies in a band of height (see `BANDS`), else 99.
        dot: rows of `control` that form an i-dot, or None.
        entry, exit: rows of the polyline where neighbours join, -1 for none.
    """

    bases: np.ndarray
    control: np.ndarray
    features: np.ndarray
    of_stroke: np.ndarray
    starts: np.ndarray
    outside: np.ndarray
    dot: slice | None
    entry: int
    exit: int


def _features(control: np.ndarray, dot: slice | None) -> np.ndarray:
    """Return what a writer's proportions are linear in, for each control point.

    Returns:
        float64 [M, 8]: x, y, height above the x-height, height below the baseline (negative), a wave that is 0 at the
        lines, 1, and for an i-dot the x and y of its ring, whose first six columns are those of its middle.
    """
    ring = np.zeros_like(control)
    at = control.copy()
    if dot is not None:
        at[dot] = control[dot][:-1].mean(0)
        ring[dot] = (control[dot] - at[dot]) / DOT_RADIUS
    x, y = at.T
    above, below = np.maximum(y - 1, 0), np.minimum(y, 0)
    if dot is not None:
        above[dot] *= 0.6
    return np.stack([x, y, above, below, np.sin(2 * np.pi * y), np.ones_like(x), *ring.T], axis=1)


@lru_cache(maxsize=2)
def alphabet(school: bool = False) -> dict[str, list[Allograph]]:
    """Return every allograph: our own of ASCII, those of the Hershey fonts, then our own of the rest of Latin.

    The order is kept, so that a writer's preferences among older forms stay; marks of letters have words as names.

    Args:
        school: with the forms of joined school hands.
    """
    taught = _authored("school.txt") if school else []
    return collect([*_authored("skeletons.txt"), *_hershey(), *_authored("latin.txt"), *taught])


def collect(forms: list[Form]) -> dict[str, list[Allograph]]:
    """Sort forms, from any source, by the character that they write."""
    found: dict[str, list[Allograph]] = {}
    ordinal = 0
    for number, (character, tags, weight, strokes) in enumerate(forms):
        form = Allograph(character, tags, weight, tuple(strokes), number, ordinal)
        found.setdefault(character, []).append(form)
        ordinal += sum(len(stroke.points) for stroke in strokes)
    return found


def _stroke_bases(stroke: Stroke) -> np.ndarray:
    """Return [5, N, M], the bases of one stroke, all with the same N; see `Shape`."""
    points = stroke.points
    lengths = np.maximum(np.hypot(*np.diff(points, axis=0).T), 1e-3)
    knots = np.concatenate([[0.0], np.cumsum(np.sqrt(lengths))])
    samples = np.maximum(1, np.ceil(lengths / STEP)).astype(int)
    straight = sum_of_pieces(knots, samples, range(len(points)))
    cornered = sum_of_pieces(knots, samples, [0, *stroke.corners, len(points) - 1])
    smooth = sum_of_pieces(knots, samples, [0, len(points) - 1])
    blur = np.eye(len(points))
    for i in range(1, len(points) - 1):
        blur[i, i - 1 : i + 2] = (1 / 6, 4 / 6, 1 / 6)
    run_on = np.zeros_like(straight)
    if len(run_on) > 4:
        run_on[-1] = cornered[-1] - cornered[-2]
    return np.stack([straight, cornered, smooth, smooth @ blur, run_on])


def sum_of_pieces(knots: np.ndarray, samples: np.ndarray, breaks: range | list[int]) -> np.ndarray:
    """Return [N, M]: a spline through M points that is smooth between the `breaks` and free to turn at them."""
    total = np.zeros((int(samples.sum()) + 1, len(knots)))
    row = 0
    for first, last in pairwise(sorted(set(breaks))):
        piece = _hermite(knots[first : last + 1], samples[first:last])
        total[row : row + len(piece), first : last + 1] = piece
        row += len(piece) - 1
    return total


def _hermite(knots: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Return the matrix of a cubic Hermite spline whose tangents are those of parabolas through neighbouring points."""
    steps, points = np.diff(knots), np.eye(len(knots))
    slopes = np.diff(points, axis=0) / steps[:, None]
    before, after = steps[:-1, None], steps[1:, None]
    inner = (slopes[:-1] * after + slopes[1:] * before) / (before + after)
    first, last = (inner[0], inner[-1]) if len(inner) else (slopes[0], slopes[0])
    tangents = np.vstack([1.5 * slopes[0] - 0.5 * first, inner, 1.5 * slopes[-1] - 0.5 * last])
    i = np.repeat(np.arange(len(samples)), samples)
    u = ((np.arange(len(i)) - np.repeat(np.cumsum(samples) - samples, samples) + 1) / samples[i])[:, None]
    curve = (1 + 2 * u) * (1 - u) ** 2 * points[i] + (3 - 2 * u) * u**2 * points[i + 1]
    curve += steps[i, None] * (u * (1 - u) ** 2 * tangents[i] - u**2 * (1 - u) * tangents[i + 1])
    return np.vstack([points[:1], curve])


def _authored(name: str) -> list[Form]:
    """Read our own letterforms; the head of their file explains it."""
    text = (resources.files("text_recognizer.synth") / "data" / name).read_text(encoding="utf-8")
    head, forms = text.split("\n\n", 1)
    lines = enumerate(forms.splitlines(), start=len(head.splitlines()) + 2)
    return [parse_form(line, number) for number, line in lines if line]


def parse_form(line: str, number: int = 0) -> Form:
    """Read one line of a skeleton file.

    Raises:
        UserError: the line does not follow the format; the message names it.
    """
    try:
        head, paths = line.split(" : ", 1)
        character, tags, weight = head.split()
        strokes = [_parse_stroke(path.split()) for path in paths.split(" / ")]
        return character, tuple(tags.split(",")), float(weight), strokes
    except ValueError as error:
        raise UserError(
            f"skeleton line {number}, {line[:40]!r}: {error}; write CHARACTER TAGS WEIGHT : x,y x,y / x,y x,y"
        ) from error


def _parse_stroke(words: list[str]) -> Stroke:
    if words[0] == "o":
        x, y = map(float, words[1].split(","))
        return Stroke(np.array([x, y]) / 100 + DOT * DOT_RADIUS, is_dot=True)
    points, corners = [], []
    for i, word in enumerate(words):
        bare = word.strip("<>")
        corners += [i] if bare.endswith("*") else []
        x, y = map(float, bare.rstrip("*").split(","))
        points.append((x / 100, y / 100))
    left, right = words[0].startswith("<"), words[-1].endswith(">")
    return Stroke(np.array(points), tuple(corners), left, right)


def _hershey() -> list[Form]:
    """Read the single-stroke Hershey fonts; their package is imported here, so only a run that draws needs it."""
    from HersheyFonts import HersheyFonts

    found: list[Form] = []
    for name in HERSHEY_FONTS:
        font = HersheyFonts()
        font.load_default_font(name)
        base = 9.0
        x_height = base - min(y for path in font.all_glyphs["x"].strokes for _, y in path)
        for character, glyph in font.all_glyphs.items():
            paths = [_hershey_path(path, base, x_height) for path in glyph.strokes if len(path) > 1]
            if paths and "!" <= character <= "~":
                paths = _joinable(paths) if name == "scripts" and character.islower() else paths
                found.append((character, ("hershey", name), 1.0, paths))
    return found


def _hershey_path(path: list[tuple[int, int]], base: float, x_height: float) -> Stroke:
    """Scale a path (y downwards) and call every turn of more than 50 degrees a corner."""
    kept = [path[0], *(b for a, b in pairwise(path) if a != b)]
    kept = kept if len(kept) > 1 else [path[0], (path[0][0] + 1, path[0][1])]
    points = (np.array(kept, dtype=float) - (0.0, base)) * (1.0, -1.0) / x_height
    direction = np.arctan2(*np.diff(points, axis=0).T[::-1])
    turn = np.abs((np.diff(direction) + np.pi) % (2 * np.pi) - np.pi)
    return Stroke(points, tuple(int(i) + 1 for i in np.flatnonzero(turn > np.radians(50))))


def _joinable(strokes: list[Stroke]) -> list[Stroke]:
    """Let neighbours join the leftmost beginning and the rightmost end, as the script fonts intend."""
    first = min(range(len(strokes)), key=lambda k: strokes[k].points[0, 0])
    last = max(range(len(strokes)), key=lambda k: strokes[k].points[-1, 0])
    return [replace(stroke, joins_left=k == first, joins_right=k == last) for k, stroke in enumerate(strokes)]
