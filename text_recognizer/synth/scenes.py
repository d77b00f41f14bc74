"""Synthetic pages as they are met outside: many blocks and hands, every paper, bent, slanted, photographed, turned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from text_recognizer.charset import ASCII
from text_recognizer.synth.counter import rng
from text_recognizer.synth.degrade import smooth_field
from text_recognizer.synth.layouts import Block, Kind, Look, blocks_of, random_look
from text_recognizer.synth.photo import View, lit, printed_rules, random_view, table_top, taken
from text_recognizer.synth.settings import SetLine, set_block
from text_recognizer.synth.sources import Sources
from text_recognizer.synth.splits import Split
from text_recognizer.synth.text import TextSource


@dataclass(frozen=True)
class Scene:
    """One page.

    Attributes:
        image_HW: uint8.
        lines: in reading order, notes last; measured in the picture before its quarter turns.
        turn: quarter turns clockwise that the picture was given at last.
        look: what kind of page it is.
    """

    image_HW: np.ndarray
    lines: tuple[SetLine, ...]
    turn: int
    look: Look

    @property
    def text(self) -> str:
        """The lines' texts, one per row."""
        return "\n".join(line.text for line in self.lines)


class SceneSynthesiser:
    """Draws the pages of one seed and split; page i is a pure function of (seed, i).

    Args:
        seed: equal seeds draw equal pages.
        split: which writers, families and texts are drawn from.
        handwriting: share of handwritten blocks.
        fonts: a folder of font files to use beside those that come with the dependencies.
        texts: a folder of .txt files to use instead of the documents of the split.
        characters: those that may occur.
        kind: what the pages show.
    """

    def __init__(
        self,
        seed: int = 0,
        split: Split = "train",
        handwriting: float = 0.6,
        fonts: Path | None = None,
        texts: Path | None = None,
        characters: str = ASCII,
        kind: Kind = "any",
    ) -> None:
        self.seed, self.split, self.kind = seed, split, kind
        self.text = TextSource(split, texts, characters)
        self.sources = Sources(seed, split, handwriting, fonts)

    def scene(self, index: int, size: tuple[int, int], x_height: float) -> Scene:
        """Return page number `index`.

        Args:
            size: height and width in pixels, before any quarter turn.
            x_height: of the running text in pixels, before the page is seen at a slant.
        """
        dice = rng(self.seed, self.split, "scene", index)
        look = random_look(dice, self.kind)
        voices = [self.sources.pick(dice, index // 16) for _ in range(3)]
        blocks = blocks_of(look, size, x_height, dice)
        canvas_HW = np.zeros(size, np.uint8)
        lines: list[SetLine] = []
        for number, block in enumerate(blocks):
            if block.role == "figure":
                _draw_figure(canvas_HW, block, dice)
            else:
                lines += set_block(canvas_HW, number, block, voices[block.voice], self.text, dice)
        _scribble(canvas_HW, lines, dice)
        pitch, offset = _ruling(blocks, lines, dice)
        under_HW = printed_rules(look, size, pitch, offset, dice)
        view = random_view(look, size, x_height, dice)
        image_HW = _seen(canvas_HW, under_HW, look, view, dice)
        image_HW = taken(1 - image_HW if look.dark else image_HW, x_height, dice)
        turned_HW = np.ascontiguousarray(np.rot90(image_HW, -look.turn))
        return Scene(turned_HW, tuple(_moved(line, view) for line in lines), look.turn, look)


def _ruling(blocks: list[Block], lines: list[SetLine], dice: np.random.Generator) -> tuple[float, float]:
    """Return the pitch of the paper's rules and the y of one: mostly those on which the text stands."""
    pitch = next((block.pitch for block in blocks if block.role == "body"), 30.0)
    if not lines or dice.random() < 0.25:
        return pitch * float(dice.uniform(0.6, 1.5)), float(dice.uniform(0, 100))
    body = [line for line in lines if blocks[line.block].role == "body"] or lines
    return pitch, body[0].baseline_N2[:, 1].mean() + float(dice.normal(0.05, 0.12)) * body[0].x_height


def _seen(canvas_HW: np.ndarray, under_HW: np.ndarray, look: Look, view: View, dice: np.random.Generator) -> np.ndarray:
    """Return the lit page, float32, ink dark on paper, before the camera."""
    paper = float(dice.uniform(0.6, 1.0))
    strength, tone = float(dice.uniform(0.45, 1.0)), float(dice.uniform(0, 0.25))
    page_HW: np.ndarray = paper * (1 - under_HW)
    if dice.random() < 0.4:
        grid = (2 + view.size[0] // 200, 2 + view.size[1] // 200)
        page_HW += smooth_field(dice, view.size, grid, float(dice.uniform(0.005, 0.03)))
    page_HW += (tone - page_HW) * canvas_HW * np.float32(strength / 255)
    if not view.is_plain:
        x_HW, y_HW = view.maps()
        page_HW = cv2.remap(page_HW, x_HW, y_HW, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=paper)
        if look.photo or (abs(look.skew) > 1 and dice.random() < 0.3):
            height, width = view.size
            edge = np.minimum(np.minimum(x_HW, width - x_HW), np.minimum(y_HW, height - y_HW))
            share = np.clip(edge + 0.5, 0, 1)
            page_HW = share * page_HW + (1 - share) * table_top(view.size, dice)
    return lit(page_HW, dice)


def _moved(line: SetLine, view: View) -> SetLine:
    """Return the line where it is seen in the picture."""
    if view.is_plain:
        return line
    baseline = view.seen(line.baseline_N2)
    upper = view.seen(line.baseline_N2 - (0, line.x_height))
    return replace(line, baseline_N2=baseline, x_height=float(np.hypot(*(baseline - upper).T).mean()))


def _draw_figure(canvas_HW: np.ndarray, block: Block, dice: np.random.Generator) -> None:
    """Draw a picture, a diagram or a table's frame: ink that is no text."""
    left, top, right, bottom = (int(v) for v in (block.left, block.top + 0.3 * block.pitch, block.right, block.bottom))
    if bottom - top < 8 or right - left < 8:
        return
    part = canvas_HW[top:bottom, left:right]
    chance, thick = dice.random(), max(1, round(0.1 * block.x_height))
    if chance < 0.35:
        shade = smooth_field(dice, part.shape, (int(dice.integers(2, 30)), int(dice.integers(2, 30))), 70)
        np.maximum(part, np.clip(shade + 100, 0, 230).astype(np.uint8), out=part)
        return
    if chance < 0.6:
        for x in np.linspace(0, right - left - thick, int(dice.integers(2, 7))).astype(int):
            part[:, x : x + thick] = 200
        for y in np.linspace(0, bottom - top - thick, int(dice.integers(2, 7))).astype(int):
            part[y : y + thick] = 200
        return
    points = (dice.random((int(dice.integers(2, 9)), 2)) * (right - left, bottom - top)).astype(np.int32)
    drawn = np.ascontiguousarray(part)
    cv2.polylines(drawn, [points], bool(dice.random() < 0.5), 220, thick, cv2.LINE_AA)
    for x, y in points[::2].tolist():
        radius = int(dice.integers(2, max(3, (bottom - top) // 3)))
        cv2.ellipse(drawn, (x, y), (radius, max(1, radius // 2)), 0, 0, 360, 180, thick, cv2.LINE_AA)
    part[:] = drawn


def _scribble(canvas_HW: np.ndarray, lines: list[SetLine], dice: np.random.Generator) -> None:
    """Underline and strike out some lines, add blots and stray strokes."""
    height, width = canvas_HW.shape
    for line in lines:
        chance = dice.random()
        if chance < 0.05:
            down = 0.25 + 0.4 * dice.random() if chance < 0.035 else -0.5
            points = line.baseline_N2[[0, -1]] + (0, down * line.x_height)
            ends = [tuple(int(v) for v in point) for point in points]
            cv2.line(canvas_HW, ends[0], ends[1], 200, max(1, round(0.1 * line.x_height)), cv2.LINE_AA)
    while dice.random() < 0.3:
        points = dice.random((2, 2)) * (width, height)
        if dice.random() < 0.6:
            points[1] = points[0] + dice.normal(0, 0.06, 2) * width
        (x0, y0), (x1, y1) = points.astype(int).tolist()
        if dice.random() < 0.3:
            cv2.circle(canvas_HW, (x0, y0), int(dice.integers(1, max(2, width // 60))), 200, -1, cv2.LINE_AA)
        else:
            cv2.line(canvas_HW, (x0, y0), (x1, y1), int(dice.integers(60, 255)), 1, cv2.LINE_AA)
