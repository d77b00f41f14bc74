"""Draws a line with a font file, set as a printer would or letter by letter with the unevenness of a hand."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from text_recognizer.errors import UserError
from text_recognizer.synth.fonts import Face
from text_recognizer.synth.inkline import InkLine

Glyph = tuple[float, float, int, str]
"""x and y of the origin, size in pixels per em, and the character to draw there."""

FRACTIONS = 3
"""Places between two pixels at which a glyph is drawn and kept; FreeType itself would be asked anew for each line."""


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
    missing = sorted(face.lacks(text))
    if missing or not text.strip():
        raise UserError(f"{face.path.name}: no ink for {missing or [text]}; leave these out or take another font")
    size = int(np.clip(x_height / face.x_height, 8, 160))
    place = _place_letters if unevenness > 0 else _place_words
    glyphs, centres, width = place(text, face, size, rng, unevenness)
    pad = size // 2
    ink_HW = np.zeros((int(size * 2.2), int(width) + 2 * pad), np.uint8)
    baseline = int(size * 1.4)
    for x, dy, own_size, character in glyphs:
        _stamp(ink_HW, face, own_size, character, pad + x, baseline + round(dy))
    return cropped(ink_HW, baseline, face.x_height * size, np.asarray(centres) + pad)


def _stamp(ink_HW: np.ndarray, face: Face, size: int, character: str, x: float, y: int) -> None:
    """Draw a glyph with its origin at (x, y) into `ink_HW`, in place; what lies outside is cut off."""
    column, fraction = divmod(round(x * FRACTIONS), FRACTIONS)
    glyph_hw, left, top = _glyph(face, size, character, fraction)
    row, column = y + top, column + left
    part = ink_HW[max(0, row) : row + glyph_hw.shape[0], max(0, column) : column + glyph_hw.shape[1]]
    glyph_hw = glyph_hw[max(0, -row) :, max(0, -column) :][: part.shape[0], : part.shape[1]]
    np.maximum(part, glyph_hw, out=part)


@lru_cache(maxsize=50_000)
def _glyph(face: Face, size: int, character: str, fraction: int) -> tuple[np.ndarray, int, int]:
    """Return a glyph's ink, uint8, and the column and row of its corner relative to its origin."""
    font, x = face.at(size, character), fraction / FRACTIONS
    left, top, right, bottom = (int(v) for v in font.getbbox(character, anchor="ls"))
    image = Image.new("L", (right - left + 3, bottom - top + 2), 0)
    ImageDraw.Draw(image).text((1 - left + x, 1 - top), character, font=font, fill=255, anchor="ls")
    return np.asarray(image), left - 1, top - 1


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
    space = max(_length(face, size, " ") * rng.uniform(0.85, 1.4), size * 0.12)
    glyphs: list[Glyph] = []
    centres: list[float] = []
    x, before = 0.0, " "
    for character in text:
        step = space if character == " " else _length(face, size, character)
        if " " not in (before, character):
            x += _kerning(face, size, before + character)
        if character != " ":
            glyphs.append((x, 0.0, size, character))
        centres.append(x + step / 2)
        x, before = x + step, character
    return glyphs, centres, x


def _place_letters(
    text: str, face: Face, size: int, rng: np.random.Generator, unevenness: float
) -> tuple[list[Glyph], list[float], float]:
    space = max(_length(face, size, " "), size * 0.2) * rng.uniform(0.7, 1.9)
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
    return face.at(size, characters[0]).getlength(characters)


def _kerning(face: Face, size: int, pair: str) -> float:
    """Return by how many pixels the two letters of `pair` stand further apart than side by side."""
    if not pair.isascii() and face.file_of(pair[0]) != face.file_of(pair[1]):
        return 0.0
    return _length(face, size, pair) - _length(face, size, pair[0]) - _length(face, size, pair[1])
