"""Reading whole pages: find the lines, read them, say where everything stands."""

import numpy as np

from text_recognizer.image import dark_on_light
from text_recognizer.inference.deskew import Turn
from text_recognizer.inference.line_finder import FoundLine, find_lines
from text_recognizer.inference.line_recognizer import LineReading, LineRecognizer
from text_recognizer.inference.result import Character, Line, Page


class PageReader:
    """Reads pages with one recogniser.

    Args:
        recognizer: reads the lines.
        single_line: take every picture for one line, and do not look for lines in it.
    """

    def __init__(self, recognizer: LineRecognizer, single_line: bool = False) -> None:
        self.recognizer, self.single_line = recognizer, single_line

    def read(self, grey_HW: np.ndarray, source: str = "", frame: int = 0) -> Page:
        """Read a page.

        Args:
            grey_HW: uint8, light or dark text.
            source, frame: where the page comes from; copied into the result.

        Returns:
            Its lines from top to bottom; lines without any recognised character are left out.
        """
        found = [_whole(grey_HW)] if self.single_line else find_lines(grey_HW)
        readings = self.recognizer.read([line.crop_HW for line in found])
        lines = tuple(_line(place, reading) for place, reading in zip(found, readings, strict=True) if reading.text)
        height, width = grey_HW.shape
        return Page(lines, width, height, source, frame)


def _whole(grey_HW: np.ndarray) -> FoundLine:
    """Return the whole picture as one line; its baseline is a guess."""
    height, width = grey_HW.shape
    return FoundLine(dark_on_light(grey_HW), 0, 0, 0.75 * height, Turn(width, height, 0.0))


def _line(place: FoundLine, reading: LineReading) -> Line:
    corners = place.corners()
    width, height = place.turn.width, place.turn.height
    left, top = np.floor(corners.min(axis=0)).clip(0, (width, height)).astype(int).tolist()
    right, bottom = np.ceil(corners.max(axis=0)).clip(0, (width, height)).astype(int).tolist()
    x = place.along_baseline(reading.x)[:, 0].clip(0, width).tolist()
    characters = map(Character, reading.text, x, reading.probabilities.tolist())
    a, b, c, d = ((float(x), float(y)) for x, y in corners)
    start, end = ((float(x), float(y)) for x, y in place.along_baseline(np.array([0, place.crop_HW.shape[1]])))
    box = (left, top, right, bottom)
    return Line(reading.text, reading.confidence, box, (a, b, c, d), (start, end), tuple(characters))
