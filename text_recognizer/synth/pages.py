"""Synthetic pages: a paragraph in one hand or typeface, with the exact text, boxes, baselines and character centres."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from text_recognizer.charset import ASCII
from text_recognizer.errors import UserError
from text_recognizer.synth.counter import rng
from text_recognizer.synth.degrade import on_paper
from text_recognizer.synth.inkline import InkLine
from text_recognizer.synth.sources import Sources, draw, drawable, kind_and_name
from text_recognizer.synth.splits import Split
from text_recognizer.synth.text import TextSource

Point = tuple[float, float]


@dataclass(frozen=True)
class PageLine:
    """One line of a page; all measures in pixels of the page.

    Attributes:
        text: exactly what is written.
        box: left, top, right and bottom of the ink.
        baseline: its left and right end.
        centres: float64 [L], x of each character's centre.
    """

    text: str
    box: tuple[float, float, float, float]
    baseline: tuple[Point, Point]
    centres: np.ndarray


@dataclass(frozen=True)
class SyntheticPage:
    """A page's image, uint8 [H, W] dark on light, its lines from top to bottom, and whose hand or type it is."""

    image_HW: np.ndarray
    lines: tuple[PageLine, ...]
    kind: str
    source: str

    @property
    def text(self) -> str:
        """The lines' texts, one per row."""
        return "\n".join(line.text for line in self.lines)


class PageSynthesiser:
    """Draws the paragraphs of one seed and split; page i is a pure function of (seed, i).

    Args:
        seed: equal seeds draw equal pages.
        split: which writers, families and texts are drawn from.
        handwriting: share of handwritten pages.
        fonts: a folder of font files to use beside those that come with the dependencies.
        texts: a folder of .txt files to use instead of the documents of the split.
        width: of the page in pixels.
        lines: fewest and most lines of a paragraph.
        strength: of the degradation; 0 draws black on white.
        characters: those that may occur.
    """

    def __init__(
        self,
        seed: int = 0,
        split: Split = "train",
        handwriting: float = 0.5,
        fonts: Path | None = None,
        texts: Path | None = None,
        width: int = 900,
        lines: tuple[int, int] = (4, 10),
        strength: float = 1.0,
        characters: str = ASCII,
    ) -> None:
        self.seed, self.split, self.width, self.count, self.strength = seed, split, width, lines, strength
        self.text = TextSource(split, texts, characters)
        self.sources = Sources(seed, split, handwriting, fonts)

    def page(self, index: int, text: str | None = None) -> SyntheticPage:
        """Return page number `index`, with a paragraph of the split's texts or with `text`.

        Raises:
            UserError: `text` is blank or holds characters that the page's hand or typeface cannot draw.
        """
        dice = rng(self.seed, self.split, "page", index)
        source = self.sources.pick(dice, index)
        x_height = dice.uniform(14, 22)
        length = 40 * int(dice.integers(self.count[0], self.count[1] + 1))
        words = (
            drawable(self.text.paragraph(dice, length), source, self.text.characters) if text is None else text
        ).split()
        most = self.count[1] if text is None else len(words)  # a text of one's own is never cut
        rows = self._rows(words, most, lambda row: draw(row, source, dice, x_height))
        return self._composed(rows, x_height, dice, *kind_and_name(source))

    def _rows(self, words: list[str], most: int, ink_of: Callable[[str], InkLine]) -> list[tuple[str, InkLine]]:
        """Break words into at most `most` drawn rows that fit the page's width."""
        if not words:
            raise UserError("text: it is blank; give a page at least one word")
        rows: list[tuple[str, InkLine]] = []
        room = 0.86 * self.width
        per_character = 12.0
        while words and len(rows) < most:
            taken = _fitting(words, room / per_character)
            ink = ink_of(" ".join(words[:taken]))
            while ink.ink_HW.shape[1] > room and taken > 1:
                taken -= 1
                ink = ink_of(" ".join(words[:taken]))
            row = " ".join(words[:taken])
            per_character = ink.ink_HW.shape[1] / len(row)
            rows.append((row, ink))
            words = words[taken:]
        return rows

    def _composed(
        self, rows: list[tuple[str, InkLine]], x_height: float, dice: np.random.Generator, kind: str, name: str
    ) -> SyntheticPage:
        """Set rows below each other on paper."""
        above = max(ink.baseline for _, ink in rows)
        below = max(ink.ink_HW.shape[0] - ink.baseline for _, ink in rows)
        pitch = float(max((above + below) * dice.uniform(0.8, 1.05), 2.4 * x_height))
        margin = int(0.05 * self.width)
        wide = max([self.width, *(ink.ink_HW.shape[1] + 2 * margin for _, ink in rows)])
        page_HW = np.zeros((int(2 * margin + above + below + pitch * (len(rows) - 1)) + 1, wide), np.uint8)
        lines = []
        for number, (text, ink) in enumerate(rows):
            x = margin + int(dice.integers(0, max(1, int(x_height / 2))))
            y = margin + above + number * pitch
            lines.append(_placed(page_HW, text, ink, x, y))
        image_HW = _paper(page_HW, self.strength, dice)
        return SyntheticPage(image_HW, tuple(lines), kind, name)


def _fitting(words: list[str], room: float) -> int:
    """Return how many of the first words fit into `room` characters, at least one."""
    used, count = -1, 0
    for word in words:
        used += len(word) + 1
        if used > room:
            break
        count += 1
    return max(1, count)


def _placed(page_HW: np.ndarray, text: str, ink: InkLine, x: int, baseline: float) -> PageLine:
    """Draw `ink` on the page, in place, and return where it lies."""
    rows, columns = ink.ink_HW.shape
    top = max(0, round(baseline - ink.baseline))
    part = page_HW[top : top + rows, x : x + columns]
    np.maximum(part, ink.ink_HW[: part.shape[0], : part.shape[1]], out=part)
    y = top + ink.baseline
    return PageLine(text, (x, top, x + columns, top + rows), ((x, y), (x + columns, y)), ink.centres + x)


def _paper(page_HW: np.ndarray, strength: float, dice: np.random.Generator) -> np.ndarray:
    ink_HW = page_HW.astype(np.float32) / 255
    if not strength:
        return np.rint(255 * (1 - ink_HW)).astype(np.uint8)
    return on_paper(cv2.GaussianBlur(ink_HW, (0, 0), 0.6), dice, unit=1.0)
