"""Reading whole pages: find the lines, read them, say where everything stands."""

import numpy as np

from text_recognizer.inference.line_finder import FoundLine, find_lines
from text_recognizer.inference.line_recognizer import LineReading, LineRecognizer
from text_recognizer.inference.result import Character, Line, Page
from text_recognizer.inference.segmenter import Segmenter
from text_recognizer.line_levels import dark_on_light

TRIED, DOUBTFUL, CLEARLY = 3, 0.92, 0.05
"""The longest lines, so many, are tried the other way round where their mean confidence is lower than this; and by how
much more certain they must then be for the page to be turned."""


class PageReader:
    """Reads pages with one recogniser.

    Args:
        recognizer: reads the lines.
        single_line: take every picture for one line, and do not look for lines in it.
        segmenter: looks for lines; the one that comes with the package if left out.
        abstain: of a line whose confidence is lower, only the place and the confidence are told, and no text.
    """

    def __init__(
        self,
        recognizer: LineRecognizer,
        single_line: bool = False,
        segmenter: Segmenter | None = None,
        abstain: float = 0.0,
    ) -> None:
        self.recognizer, self.single_line, self.segmenter = recognizer, single_line, segmenter
        self.abstain = abstain

    def read(self, grey_HW: np.ndarray, source: str = "", frame: int = 0) -> Page:
        """Read a page.

        Args:
            grey_HW: uint8, light or dark text.
            source, frame: where the page comes from; copied into the result.

        Returns:
            Its lines in reading order; lines without any recognised character are left out.
        """
        height, width = grey_HW.shape
        told = ((place, self._told(reading)) for place, reading in self.lines(grey_HW) if reading.text)
        lines = tuple(_line(place, reading, width, height) for place, reading in told)
        return Page(lines, width, height, source, frame)

    def lines(self, grey_HW: np.ndarray) -> list[tuple[FoundLine, LineReading]]:
        """Return where the lines of a page stand, and what was read in each, in reading order.

        Args:
            grey_HW: uint8, light or dark text.
        """
        found = [_whole(grey_HW)] if self.single_line else find_lines(grey_HW, self.segmenter)
        readings = self.recognizer.read([line.crop_HW for line in found])
        if not self.single_line and self._on_their_heads(found, readings):
            found = find_lines(grey_HW, self.segmenter, on_its_head=True)
            readings = self.recognizer.read([line.crop_HW for line in found])
        return list(zip(found, readings, strict=True))

    def _on_their_heads(self, found: list[FoundLine], readings: list[LineReading]) -> bool:
        """Return whether lines that make little sense are read better the other way round."""
        longest = sorted(range(len(found)), key=lambda line: -len(readings[line].text))[:TRIED]
        certainty = _mean_confidence([readings[line] for line in longest])
        if not longest or certainty >= DOUBTFUL:
            return False
        turned = [np.ascontiguousarray(found[line].crop_HW[::-1, ::-1]) for line in longest]
        return _mean_confidence(self.recognizer.read(turned)) > certainty + CLEARLY

    def _told(self, reading: LineReading) -> LineReading:
        """Return the reading, without its text where it is not certain enough."""
        if reading.confidence >= self.abstain:
            return reading
        return LineReading("", reading.confidence, np.empty(0), np.empty(0))


def _mean_confidence(readings: list[LineReading]) -> float:
    return float(np.mean([reading.confidence if reading.text else 0.0 for reading in readings])) if readings else 0.0


def _whole(grey_HW: np.ndarray) -> FoundLine:
    """Return the whole picture as one line; its baseline is a guess."""
    height, width = grey_HW.shape
    ends = np.array([(0.0, 0.75 * height), (width, 0.75 * height)])
    return FoundLine(
        dark_on_light(grey_HW), np.array([0.0, width]), ends, np.array([0.0, 1.0]), 0.75 * height, 0.25 * height
    )


def _line(place: FoundLine, reading: LineReading, width: int, height: int) -> Line:
    outline = place.outline()
    left, top = np.floor(outline.min(axis=0)).clip(0, (width, height)).astype(int).tolist()
    right, bottom = np.ceil(outline.max(axis=0)).clip(0, (width, height)).astype(int).tolist()
    x, y = place.along_baseline(reading.x).clip(0, (width, height)).T.tolist()
    characters = map(Character, reading.text, x, y, reading.probabilities.tolist())
    a, b, c, d = ((float(x), float(y)) for x, y in place.corners())
    start, end = ((float(x), float(y)) for x, y in place.baseline_N2[[0, -1]])
    box = (left, top, right, bottom)
    return Line(reading.text, reading.confidence, box, (a, b, c, d), (start, end), tuple(characters))
