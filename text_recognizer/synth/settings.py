"""Setting text into the blocks of a page: ink on a canvas, and what is known of every line."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from text_recognizer.synth.inkline import InkLine
from text_recognizer.synth.layouts import Block
from text_recognizer.synth.sources import Source, draw, drawable, kind_and_name
from text_recognizer.synth.text import TextSource
from text_recognizer.synth.writer import Writer

LEAST_X_HEIGHT = 8.0
"""Pixels; smaller text is drawn larger and reduced, as a scanner would."""


@dataclass(frozen=True)
class SetLine:
    """One line on the canvas; all measures in pixels.

    Attributes:
        text: what is written.
        baseline_N2: x and y of points along the writing line, from left to right.
        x_height: height of a small x.
        block: number of its block in reading order.
    """

    text: str
    baseline_N2: np.ndarray
    x_height: float
    block: int


def set_block(
    canvas_HW: np.ndarray, number: int, block: Block, source: Source, words: TextSource, dice: np.random.Generator
) -> list[SetLine]:
    """Write text into a block, in place, and return its lines from top to bottom; the last one may be short."""
    lines: list[SetLine] = []
    room = block.right - block.left
    rows = int((block.bottom - block.top) / block.pitch)
    by_hand = kind_and_name(source)[0] == "handwriting"
    slope = float(dice.normal(0, 0.006)) if by_hand else 0.0
    per_character = 1.1 * block.x_height
    for row in range(rows):
        share = float(dice.uniform(0.08, 1.0)) if row == rows - 1 and row or block.role in ("heading", "field") else 1.0
        text = words.line(dice, max(1, round(share * room / per_character)))
        fitting = _fitting(text, source, words, dice, block.x_height, share * room)
        if fitting is None:
            continue
        text, ink = fitting
        per_character = max(0.4 * block.x_height, ink.ink_HW.shape[1] / len(text))
        slack = max(0.0, room - ink.ink_HW.shape[1])
        x = block.left + (0.5 * slack if block.centred else min(slack, float(dice.exponential(0.3)) * block.x_height))
        y = block.top + (row + 0.75) * block.pitch
        lean = slope + (float(dice.normal(0, 0.005)) if by_hand else 0.0)
        lines.append(_stamped(canvas_HW, number, text, ink, (x, y), lean, source))
    return lines


def _fitting(
    text: str, source: Source, words: TextSource, dice: np.random.Generator, x_height: float, room: float
) -> tuple[str, InkLine] | None:
    """Return as much of `text` as fits into `room` px, drawn; None where not even one word does."""
    scale = 1 if x_height >= LEAST_X_HEIGHT else int(np.ceil(LEAST_X_HEIGHT / x_height))
    for _ in range(4):
        text = drawable(text, source, words.characters)
        ink = draw(text, source, dice, x_height * scale)
        width = ink.ink_HW.shape[1] / scale
        if width <= room:
            return (text, _reduced(ink, scale)) if width >= 1 else None
        text = text[: max(1, int(0.97 * len(text) * room / width))].rsplit(" ", 1)[0]
    return None


def _reduced(ink: InkLine, scale: int) -> InkLine:
    if scale == 1:
        return ink
    rows, columns = ink.ink_HW.shape
    padded = np.pad(ink.ink_HW, ((0, -rows % scale), (0, -columns % scale)))
    small = cv2.resize(padded, (padded.shape[1] // scale, padded.shape[0] // scale), interpolation=cv2.INTER_AREA)
    return InkLine(small, ink.baseline / scale, ink.x_height / scale, ink.centres / scale)


def _stamped(
    canvas_HW: np.ndarray, block: int, text: str, ink: InkLine, at: tuple[float, float], lean: float, source: Source
) -> SetLine:
    """Draw ink with its baseline's left end at `at`, falling by `lean` px per px."""
    rows, columns = ink.ink_HW.shape
    fall = lean * columns
    ink_HW, above = ink.ink_HW, ink.baseline
    if abs(fall) > 0.5:
        room = int(abs(fall)) + 1
        shift = np.array([[1, 0, 0], [lean, 1, room if fall < 0 else 0]], np.float32)
        ink_HW = cv2.warpAffine(ink_HW, shift, (columns, rows + room))
        above += shift[1, 2]
    x, y = round(at[0]), round(at[1] - above)
    _paste(canvas_HW, ink_HW, x, y)
    drift = source.style.drift if isinstance(source, Writer) else 0.0  # the hand's own rise, upwards
    along = np.linspace(0, columns, max(2, columns // 24))
    return SetLine(text, np.stack([x + along, y + above + (lean - drift) * along], axis=1), ink.x_height, block)


def _paste(canvas_HW: np.ndarray, ink_HW: np.ndarray, x: int, y: int) -> None:
    part = canvas_HW[max(0, y) : max(0, y + ink_HW.shape[0]), max(0, x) : max(0, x + ink_HW.shape[1])]
    ink_HW = ink_HW[max(0, -y) :, max(0, -x) :][: part.shape[0], : part.shape[1]]
    np.maximum(part, ink_HW, out=part)
