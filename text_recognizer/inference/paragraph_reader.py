"""Reading a page as a whole, without looking for lines first: the course's end-to-end reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from text_recognizer.inference.image_recipe import exported_folder
from text_recognizer.inference.result import Character, Line, Page
from text_recognizer.inference.sequence_writer import SequenceWriter, Written
from text_recognizer.line_levels import dark_on_light, levels_input, line_input


class ParagraphReader:
    """Reads pages that hold one paragraph.

    Such a model says what is written and in which order, but not where: every line has the box of the whole page, and
    its characters stand evenly along the page's width.

    Args:
        writer: the exported model.
        abstain: of a line whose confidence is lower, no text is told.
    """

    def __init__(self, writer: SequenceWriter, abstain: float = 0.0) -> None:
        self.writer, self.abstain = writer, abstain

    @classmethod
    def load(cls, model: Path, threads: int = 0, abstain: float = 0.0) -> ParagraphReader:
        """Load a model from its folder, or from that of the run it was exported from."""
        return cls(SequenceWriter(exported_folder(model), threads), abstain)

    def read(self, grey_HW: np.ndarray, source: str = "", frame: int = 0) -> Page:
        """Read a page.

        Args:
            grey_HW: uint8, light or dark text.
            source, frame: where the page comes from; copied into the result.

        Returns:
            Its lines from top to bottom; lines without any character are left out.
        """
        height, width = grey_HW.shape
        (written,) = self.writer.write(self._input(grey_HW)[None, None])
        lines = tuple(_line(part, width, height, self.abstain) for part in lines_of(written) if part.text)
        return Page(lines, width, height, source, frame)

    def _input(self, grey_HW: np.ndarray) -> np.ndarray:
        recipe = self.writer.recipe
        if recipe.kind == "line":
            return line_input(dark_on_light(grey_HW), recipe.height)
        return page_canvas(dark_on_light(grey_HW), recipe.height, recipe.width)


def page_canvas(grey_HW: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return a page as a model takes it: at the top left of a canvas of paper, made smaller where it is too large.

    Args:
        grey_HW: uint8, dark on light.
        height, width: of the canvas.

    Returns:
        float32 [height, width], ink near 1 and paper near 0.
    """
    rows, columns = grey_HW.shape
    factor = min(1.0, height / rows, width / columns)
    if factor < 1:
        size = (max(1, round(columns * factor)), max(1, round(rows * factor)))
        grey_HW = np.asarray(Image.fromarray(grey_HW).resize(size, Image.Resampling.BILINEAR))
    canvas_HW = np.zeros((height, width), np.float32)
    canvas_HW[: grey_HW.shape[0], : grey_HW.shape[1]] = levels_input(grey_HW)
    return canvas_HW


def lines_of(written: Written) -> list[Written]:
    """Return the lines of a text, without the spaces around each."""
    lines, start = [], 0
    for text in written.text.split("\n"):
        stripped = text.strip(" ")
        first = start + len(text) - len(text.lstrip(" "))
        lines.append(Written(stripped, written.probabilities[first : first + len(stripped)]))
        start += len(text) + 1
    return lines


def _line(written: Written, width: int, height: int, abstain: float) -> Line:
    """Return a line whose place is not known better than its page."""
    confidence = float(written.probabilities.mean())
    text = written.text if confidence >= abstain else ""
    x = (np.arange(len(text)) + 0.5) * (width / max(1, len(text)))
    characters = zip(text, x.tolist(), written.probabilities.tolist(), strict=False)
    w, h = float(width), float(height)
    return Line(
        text,
        confidence,
        (0, 0, width, height),
        ((0.0, 0.0), (w, 0.0), (w, h), (0.0, h)),
        ((0.0, h), (w, h)),
        tuple(Character(character, place, h, probability) for character, place, probability in characters),
    )
