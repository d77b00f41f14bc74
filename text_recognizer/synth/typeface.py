"""Draws a line with a font file, set as a printer would or letter by letter with the unevenness of a hand."""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate

import numpy as np
from PIL import Image, ImageDraw

from text_recognizer.errors import UserError
from text_recognizer.synth.fonts import Face
from text_recognizer.synth.inkline import InkLine

Glyph = tuple[float, float, int, str]
"""x and y of the origin, size in pixels per em, and the characters to draw there."""


def draw_type(
    text: str, face: Face, rng: np.random.Generator, x_height: float = 16.0, unevenness: float = 0.0
) -> InkLine:
    """Return `text` drawn in `face`.

    Args:
        text: at least one visible character, all of them in ``face.characters``.
        x_height: height of a small x in pixels.
        unevenness: 0 sets words as the font spaces them; up to about 1.3 moves and sizes each letter on its own.

    Raises:
        UserError: the face has no ink for some characters; the message names them.
    """
    missing = sorted(set(text) - face.characters)
    if missing or not text.strip():
        raise UserError(f"{face.path.name}: no ink for {missing or [text]}; leave these out or take another font")
    size = int(np.clip(x_height / face.x_height, 8, 160))
    place = _place_letters if unevenness > 0 else _place_words
    glyphs, centres, width = place(text, face, size, rng, unevenness)
    pad = size // 2
    height = int(size * 2.2)
    image = Image.new("L", (int(width) + 2 * pad, height), 0)
    drawing = ImageDraw.Draw(image)
    baseline = int(size * 1.4)
    for x, dy, own_size, characters in glyphs:
        drawing.text((pad + x, baseline + dy), characters, font=face.at(own_size), fill=255, anchor="ls")
    return cropped(np.asarray(image), baseline, face.x_height * size, np.asarray(centres) + pad)


def cropped(ink_HW: np.ndarray, baseline: float, x_height: float, centres: np.ndarray) -> InkLine:
    """Return the ink cut to its bounding box, with the other measures moved along."""
    rows, columns = np.flatnonzero(ink_HW.max(1) > 32), np.flatnonzero(ink_HW.max(0) > 32)
    if not len(rows):
        rows, columns = np.array([0]), np.array([0])
    top, left = rows[0], columns[0]
    ink_HW = ink_HW[top : rows[-1] + 1, left : columns[-1] + 1]
    return InkLine(ink_HW, float(baseline - top), float(x_height), centres.astype(np.float64) - left)


def _place_words(
    text: str, face: Face, size: int, rng: np.random.Generator, unevenness: float
) -> tuple[list[Glyph], list[float], float]:
    font = face.at(size)
    space = max(font.getlength(" ") * rng.uniform(0.85, 1.4), size * 0.12)
    glyphs: list[Glyph] = []
    centres: list[float] = []
    x = 0.0
    for word in text.split(" "):
        ends = list(accumulate((_length(face, size, c) for c in word), initial=0.0))
        scale = font.getlength(word) / ends[-1] if ends[-1] else 1.0  # kerning moves letters a little: share it out
        centres += [x + scale * (a + b) / 2 for a, b in zip(ends, ends[1:], strict=False)]
        glyphs.append((x, 0.0, size, word))
        x += scale * ends[-1]
        centres.append(x + space / 2)
        x += space
    return glyphs, centres[:-1], x


def _place_letters(
    text: str, face: Face, size: int, rng: np.random.Generator, unevenness: float
) -> tuple[list[Glyph], list[float], float]:
    font = face.at(size)
    space = max(font.getlength(" "), size * 0.2) * rng.uniform(0.7, 1.9)
    dice = rng.random((len(text), 5))
    glyphs: list[Glyph] = []
    centres: list[float] = []
    x, word_dy = 0.0, 0.0
    for i, character in enumerate(text):
        if character == " ":
            step = max(space * (0.75 + 0.55 * dice[i, 0]), size * 0.12)
            word_dy = (dice[i, 1] - 0.5) * 0.1 * size * unevenness
        else:
            own = size if dice[i, 0] < 0.4 else max(8, int(size * (1 + (dice[i, 1] - 0.5) * 0.24 * unevenness)))
            advance = _length(face, own, character)
            kern = _kerning(face, size, text[i - 1] + character) if i else 0.0
            dx, dy = (dice[i, 2] * 0.06 - 0.02) * size * unevenness, (dice[i, 3] - 0.5) * 0.07 * size * unevenness
            glyphs.append((x + kern + dx, word_dy + dy, own, character))
            step = kern + advance * (1 + (dice[i, 4] * 0.09 - 0.04) * unevenness)
        centres.append(x + step / 2)
        x += step
    return glyphs, centres, x


@lru_cache(maxsize=200_000)
def _length(face: Face, size: int, characters: str) -> float:
    return face.at(size).getlength(characters)


def _kerning(face: Face, size: int, pair: str) -> float:
    return _length(face, size, pair) - _length(face, size, pair[0]) - _length(face, size, pair[1])
