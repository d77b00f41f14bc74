"""Handwriting drawn from single-stroke skeletons: letters laid out, joined, shaken and inked."""

from __future__ import annotations

import cv2
import numpy as np

from text_recognizer.errors import UserError
from text_recognizer.synth.glyph import MODES
from text_recognizer.synth.inkline import InkLine
from text_recognizer.synth.pen_path import random_sweeps, unit_vectors, written
from text_recognizer.synth.writer import Hand, Pen, Style

FINE = 2
"""Lines are drawn at this many times the final resolution."""

SHIFT = 4
"""OpenCV's fixed-point bits: coordinates are given in sixteenths of a pixel."""


def draw_strokes(text: str, writer: Hand, rng: np.random.Generator, x_height: float, thickness: float = 1.0) -> InkLine:
    """Write `text` in a writer's hand.

    Args:
        text: one line of printable characters.
        writer: whose hand.
        rng: what makes this instance differ from others by the same writer.
        x_height: height of a small x, in pixels.
        thickness: of the pen, as a share of that of the writer's usual one.

    Raises:
        UserError: the text is empty, has a character without a skeleton, or the x-height is under 2 px.
    """
    if not text:
        raise UserError("text: it is empty; give at least one character to write")
    if not x_height >= 2:
        raise UserError(f"x-height: {x_height} px is too small to draw; give 2 px or more")
    shown = [i for i, character in enumerate(text) if character != " "]
    chances = rng.random(len(shown))
    glyphs = [writer.glyph(text[i], chance) for i, chance in zip(shown, chances, strict=True)]
    if not glyphs:
        return _blank(text, writer.style, x_height)
    spaces = np.diff(shown) - 1
    origins, joined = writer.layout(text, glyphs, spaces, rng)
    noise = rng.standard_normal((len(glyphs), MODES + 6))
    instances = _instances(noise[:, MODES:], spaces, writer.style)
    sweeps = random_sweeps(glyphs, spaces, writer.style.sweep, rng) if writer.style.sweep else []
    path = written(glyphs, origins, joined, noise[:, :MODES], instances, writer.style.hurry, sweeps)
    middles = origins + [glyph.extent[-7] for glyph in glyphs]
    points, centres = _bent(path.points, middles, writer.style, rng)
    ink, corner = _inked(points, path.starts, writer.pen.thinned(thickness), x_height, rng)
    at = (centres - corner[0]) * x_height
    full = _with_spaces(at, shown, len(text), writer.style.word_gap * x_height)
    return InkLine(ink, float(corner[1] * x_height), float(x_height), np.clip(full, 0, ink.shape[1] - 1e-6))


def _blank(text: str, style: Style, x_height: float) -> InkLine:
    """Return bare paper for a text of spaces."""
    step = max(1.0, style.word_gap * x_height)
    ink = np.zeros((int(3 * x_height), int(np.ceil(step * len(text)))), np.uint8)
    return InkLine(ink, 2 * x_height, float(x_height), (np.arange(len(text)) + 0.5) * step)


def _instances(noise: np.ndarray, spaces: np.ndarray, style: Style) -> np.ndarray:
    """Return [V, 4]: x and y scale, rotation and rise of each letter; words rise and fall, and letters within them."""
    word = np.concatenate([[0], np.cumsum(spaces > 0)])
    size = 1 + style.size * (noise[:, 0].clip(-3, 3) + 0.5 * noise[word, 5])
    if style.fade:
        size = size * (1 - style.fade * _progress(word))
    wander = noise[:, 2] + np.concatenate([noise[:1, 2], noise[:-1, 2]])
    rise = style.bounce * (0.6 * noise[:, 1] + 0.5 * wander + 0.7 * noise[-1 - word, 5])
    stretch = size * (1 + 0.7 * style.size * noise[:, 3])
    return np.stack([stretch, size, style.turn * noise[:, 4], rise], axis=1)


def _progress(word: np.ndarray) -> np.ndarray:
    """Return how far into its word each letter stands, 1 at the end of a word of eight letters or more."""
    first = np.flatnonzero(np.diff(word, prepend=-1))
    lengths = np.diff(first, append=len(word))
    place = np.arange(len(word)) - np.repeat(first, lengths)
    return place / np.repeat(np.maximum(lengths - 1, 7), lengths)


def _bent(
    points: np.ndarray, middles: np.ndarray, style: Style, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Slant, warp and shake the whole line.

    Args:
        points: float64 [N, 2].
        middles: float64 [V], x of each letter's middle.

    Returns:
        the points, and where the middles have come to at half x-height.
    """
    count = len(points)
    x = np.concatenate([points[:, 0], middles])
    y = np.concatenate([points[:, 1], np.full(len(middles), 0.5)])
    pace = rng.uniform(0.6, 1.8, 5)
    turns = np.stack([x * pace[0], x * pace[1], 2.2 * pace[2] * x - 2.5 * y, 2.2 * pace[3] * x + 2.5 * y])
    sway, heave, sway_2, heave_2 = np.sin(turns + rng.uniform(0, 2 * np.pi, (4, 1)))
    slant = style.slant + (0.25 * style.turn + 0.3 * style.warp) * heave
    wave = np.sin(x * (2 * np.pi / style.wave_length) + 6 * pace[4])
    bent = np.empty((len(x), 2))
    bent[:, 0] = x + slant * y + style.warp * (sway + sway_2)
    bent[:, 1] = y + style.drift * x + style.wave * wave + style.warp * (heave + heave_2)
    if style.tremor:
        shake = rng.standard_normal((count + 2, 2)) * style.tremor
        bent[:count] += shake[:-2] + shake[1:-1] + shake[2:]
    return bent[:count], bent[count:, 0]


def _with_spaces(at: np.ndarray, shown: list[int], length: int, space: float) -> np.ndarray:
    """Return the centres of all characters, spaces between their neighbours, never running backwards."""
    at = np.maximum.accumulate(at + 1e-3 * np.arange(len(at)))
    ends = np.arange(length)
    full = np.interp(ends, shown, at)
    before, after = ends[: shown[0]], ends[shown[-1] + 1 :]
    full[: shown[0]] = at[0] + (before - shown[0]) * space
    full[shown[-1] + 1 :] = at[-1] + (after - shown[-1]) * space
    return full


def _inked(
    points: np.ndarray, starts: np.ndarray, pen: Pen, x_height: float, rng: np.random.Generator
) -> tuple[np.ndarray, tuple[float, float]]:
    """Draw polylines; return ink uint8 [H, W] and the point (x of its left edge, y of its upper edge) in x-heights."""
    scale = x_height * FINE
    margin = pen.thick + 2 / x_height
    left, top = points[:, 0].min() - margin, points[:, 1].max() + margin
    width = int(np.ceil((points[:, 0].max() + margin - left) * x_height))
    height = int(np.ceil((top - points[:, 1].min() + margin) * x_height))
    pixels = np.stack([points[:, 0] - left, top - points[:, 1]], axis=1) * scale - 0.5
    canvas = np.zeros((height * FINE, width * FINE), np.uint8)
    fixed = np.rint(pixels * (1 << SHIFT)).astype(np.int32)
    levels = np.maximum(2, _levels(points, starts, pen, scale, rng))
    dots = starts[np.diff(starts, append=len(points)) == 2]
    levels[dots] += round(0.05 * scale)
    for level, runs in _runs(fixed, starts, levels).items():
        cv2.polylines(canvas, runs, False, 255, level, cv2.LINE_8, SHIFT)
    ink = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA)
    if pen.grain:
        ink = (ink * (1 - pen.grain * rng.random(ink.shape, dtype=np.float32))).astype(np.uint8)
    return ink, (float(left), float(top))


def _levels(points: np.ndarray, starts: np.ndarray, pen: Pen, scale: float, rng: np.random.Generator) -> np.ndarray:
    """Return the line width, in whole pixels of the fine canvas, of each segment [N - 1]; strokes begin at `starts`."""
    if (pen.thick - pen.thin) * scale < 0.6:
        return np.full(len(points) - 1, round(pen.thick * scale))
    way = np.diff(points, axis=0)
    way[starts[1:] - 1] = 0.0
    way[1:-1] = way[:-2] + way[1:-1] + way[2:]
    unit = unit_vectors(way)
    if pen.angle is None:
        share = 1 - pen.pressure * (0.5 + 0.5 * unit[:, 1])
    else:
        share = np.abs(unit[:, 0] * np.sin(pen.angle) - unit[:, 1] * np.cos(pen.angle))
    if pen.waver:
        knots = rng.uniform(-1, 1, len(way) // 12 + 2)
        share = share + pen.waver * np.interp(np.arange(len(way)) / 12, np.arange(len(knots)), knots)
    width = pen.thin + (pen.thick - pen.thin) * np.clip(share, 0, 1)
    return np.rint(width * scale).astype(int)


def _runs(fixed: np.ndarray, starts: np.ndarray, levels: np.ndarray) -> dict[int, list[np.ndarray]]:
    """Cut the strokes where the width changes; return the pieces of each width."""
    is_start = np.zeros(len(fixed) + 1, bool)
    is_start[starts] = is_start[-1] = True
    cut = is_start[1:-2] | (levels[1:] != levels[:-1])
    first = np.concatenate([[0], np.flatnonzero(cut) + 1])
    last = np.append(first[1:], len(fixed))
    last += ~is_start[last]
    runs: dict[int, list[np.ndarray]] = {}
    for a, b, level in zip(first.tolist(), last.tolist(), levels[first].tolist(), strict=True):
        if level in runs:
            runs[level].append(fixed[a:b])
        else:
            runs[level] = [fixed[a:b]]
    return runs
