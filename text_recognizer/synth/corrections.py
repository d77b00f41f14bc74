"""Pen strokes that are no text: words struck out, words underlined."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from text_recognizer.synth.inkline import InkLine

Word = tuple[int, int]
"""Indices of a word's first character and of the one after its last."""

Point = tuple[float, float]
"""x and y in pixels."""


def with_false_start(text: str, slip: str, dice: np.random.Generator) -> tuple[str, Word]:
    """Return a text with a word more, which is to be struck out, and where that is: a slip, or a word begun and left.

    Args:
        text: without double spaces.
        slip: a wrong word.
    """
    starts = [0, *(i + 1 for i, character in enumerate(text) if character == " ")]
    at = starts[int(dice.integers(len(starts)))]
    following = text[at:].split(" ", 1)[0]
    if dice.random() < 0.5:
        slip = following[: max(1, int(dice.integers(len(following))))]
    return f"{text[:at]}{slip} {text[at:]}", (at, at + len(slip))


def without(line: InkLine, word: Word) -> InkLine:
    """Return the line without the centres of a word and of the space after it."""
    kept = np.delete(line.centres, slice(word[0], word[1] + 1))
    return replace(line, centres=kept)


def struck_out(line: InkLine, word: Word, dice: np.random.Generator) -> InkLine:
    """Return the line with a word crossed out: by a stroke or some, by a zigzag or by a scribble."""
    x_height = line.x_height
    left = float(line.centres[word[0]]) - 0.4 * x_height
    right = float(line.centres[word[1] - 1]) + 0.4 * x_height
    middle = _row(line, left, right, 0.5) + x_height * float(dice.normal(0, 0.08))
    kind = (
        dice.random() if word[1] - word[0] > 2 else dice.uniform(0.55, 1.0)
    )  # a stroke through a letter makes another
    if kind < 0.55:
        count = 1 if dice.random() < 0.6 else int(dice.integers(2, 4))
        offsets = np.linspace(-0.2, 0.2, count) * x_height * (count > 1)
        ends = dice.normal(0, 0.15, (count, 2)) * x_height
        heights = middle + offsets[:, None] + ends
        paths = [_wavy((left, first), (right, last), x_height, dice) for first, last in heights.tolist()]
    elif kind < 0.8:
        turns = max(4, int((right - left) / x_height * float(dice.uniform(1.5, 4))))
        x = np.linspace(left, right, turns) + dice.normal(0, 0.1, turns) * x_height
        y = middle + x_height * (0.45 * (-1.0) ** np.arange(turns) + dice.normal(0, 0.12, turns))
        paths = [np.stack([x, y], axis=1)]
    else:
        angle = np.linspace(0, 2 * np.pi * max(3.0, (right - left) / x_height * float(dice.uniform(1, 2.2))), 200)
        x = np.linspace(left, right, 200) + 0.35 * x_height * np.cos(angle)
        paths = [np.stack([x, middle + float(dice.uniform(0.3, 0.6)) * x_height * np.sin(angle)], axis=1)]
    return drawn_over(line, paths, dice)


def underlined(line: InkLine, text: str, dice: np.random.Generator) -> InkLine:
    """Return the line with a word, some words or all of it underlined, once or twice."""
    x_height = line.x_height
    starts = [0, *(i + 1 for i, character in enumerate(text) if character == " ")]
    first = int(dice.integers(len(starts))) if dice.random() < 0.7 else 0
    last = min(len(starts), first + 1 + int(dice.geometric(0.5))) if dice.random() < 0.7 else len(starts)
    end = starts[last] - 2 if last < len(starts) else len(text) - 1
    left = float(line.centres[starts[first]]) - 0.3 * x_height
    right = float(line.centres[max(end, starts[first])]) + 0.3 * x_height
    y = _row(line, left, right, 0.93) + x_height * float(dice.uniform(0.15, 0.6))
    tilt = float(dice.normal(0, 0.012)) * (right - left)
    paths = [_wavy((left, y), (right, y + tilt), x_height, dice)]
    if dice.random() < 0.12:
        below = x_height * float(dice.uniform(0.12, 0.3))
        paths.append(_wavy((left, y + below), (right, y + tilt + below), x_height, dice))
    return drawn_over(line, paths, dice)


def _row(line: InkLine, left: float, right: float, share: float) -> float:
    """Return the row above which that share of the ink between two columns lies; a line may drift from its baseline."""
    ink_H = line.ink_HW[:, max(0, int(left)) : max(0, int(right)) + 1].sum(1, dtype=np.float64)
    return float(np.searchsorted(np.cumsum(ink_H), share * ink_H.sum())) if ink_H.any() else line.baseline


def drawn_over(line: InkLine, paths: list[np.ndarray], dice: np.random.Generator) -> InkLine:
    """Return the line with paths of pixels drawn in about its own pen; it grows where they leave it."""
    thick = max(1, round(line.x_height * float(dice.uniform(0.07, 0.16))))
    points = np.concatenate(paths)
    low = np.minimum(0, np.floor(points.min(0) - thick)).astype(int)
    high = np.maximum(line.ink_HW.shape[::-1], np.ceil(points.max(0) + thick + 1)).astype(int)
    ink_HW = np.pad(line.ink_HW, ((-low[1], high[1] - line.ink_HW.shape[0]), (-low[0], high[0] - line.ink_HW.shape[1])))
    depth = int(dice.integers(170, 256))
    over_HW = np.zeros_like(ink_HW)
    fixed = [np.rint((path - low) * 16).astype(np.int32) for path in paths]
    cv2.polylines(over_HW, fixed, False, depth, thick, cv2.LINE_AA, 4)
    centres = line.centres - float(low[0])
    return InkLine(np.maximum(ink_HW, over_HW), line.baseline - float(low[1]), line.x_height, centres)


def _wavy(start: Point, end: Point, x_height: float, dice: np.random.Generator) -> np.ndarray:
    """Return the points of a line as a hand draws it."""
    u = np.linspace(0, 1, 24)
    x = start[0] + (end[0] - start[0]) * u
    bow = float(dice.normal(0, 0.08)) * np.sin(np.pi * u) + 0.04 * np.sin(
        2 * np.pi * (u * float(dice.uniform(1, 4)) + float(dice.random()))
    )
    return np.stack([x, start[1] + (end[1] - start[1]) * u + bow * x_height], axis=1)
