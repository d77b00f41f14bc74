"""Paragraphs of real lines that were never written below each other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from text_recognizer.data.page_store import StoredLine
from text_recognizer.data.paragraph_data import Paragraph


def stitched(lines: Sequence[StoredLine], count: int, longest: int, dice: np.random.Generator) -> Paragraph:
    """Return a paragraph of real lines set below each other on one paper; half of the paragraphs are in one hand.

    Args:
        lines: to choose from.
        count: lines wanted; it may be fewer of a writer who has not as many.
        longest: characters that the paragraph may have, the ends of lines counted in.
        dice: chooses the lines and their places.

    Source: Full Stack Deep Learning 2022, IAMSyntheticParagraphs, which stacks lines of any writers.
    """
    first = lines[int(dice.integers(len(lines)))]
    pool = [line for line in lines if line.writer == first.writer] if dice.random() < 0.5 else lines
    chosen: list[StoredLine] = []
    for number in dice.permutation(len(pool))[:count]:
        line = pool[int(number)]
        if len("\n".join([*(taken.text for taken in chosen), line.text])) <= longest:
            chosen.append(line)
    chosen = chosen or [first]
    grey_HW = _below_each_other([_on_white(line.image_HW()) for line in chosen], dice)
    writers = sorted({line.writer for line in chosen})
    return Paragraph(grey_HW, "\n".join(line.text for line in chosen), f"stitched: {', '.join(writers[:3])}")


def _below_each_other(strips: list[np.ndarray], dice: np.random.Generator) -> np.ndarray:
    """Return strips on one white page, uint8; they may overlap a little, as ascenders and descenders do."""
    pitch = dice.uniform(0.82, 1.15)
    lefts = [int(dice.integers(0, 40)) for _ in strips]
    tops, y = [], 0.0
    for strip in strips:
        tops.append(int(y))
        y += pitch * strip.shape[0]
    height = max(top + strip.shape[0] for top, strip in zip(tops, strips, strict=True))
    width = max(left + strip.shape[1] for left, strip in zip(lefts, strips, strict=True))
    page_HW = np.full((height, width), 255, np.uint8)
    for top, left, strip in zip(tops, lefts, strips, strict=True):
        part = page_HW[top : top + strip.shape[0], left : left + strip.shape[1]]
        np.minimum(part, strip, out=part)
    return page_HW


def _on_white(grey_HW: np.ndarray) -> np.ndarray:
    """Return a strip whose paper is white, so that strips of different scans meet without a seam."""
    paper = max(1.0, float(np.percentile(grey_HW, 60)))
    return np.clip(grey_HW * (255 / paper), 0, 255).astype(np.uint8)
