"""hOCR back into the result tree; by an HTML parser, which takes what is not quite XML and expands nothing."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser

from text_recognizer.inference.quarters import turned, turned_box
from text_recognizer.inference.rebuilding import Baseline, Box, Glyph, between_edges, rebuilt_line, tilted
from text_recognizer.inference.result import Line, Page

LINES = ("ocr_line", "ocr_header", "ocr_footer", "ocr_caption", "ocr_textfloat")
ALONE = frozenset({"meta", "link", "br", "hr", "img", "input", "col", "area", "base", "wbr"})
"""Elements of HTML that are never closed."""

_TOKEN = re.compile(r'"[^"]*"|;|[^\s;"]+')


def pages_of_hocr(text: str) -> list[Page]:
    """Return the pages of an hOCR document.

    Raises:
        ValueError, OverflowError, KeyError: an element lacks its box, or a number is none.
    """
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.pages


def properties_of(title: str) -> dict[str, list[str]]:
    """Return an element's properties, each with its values.

    >>> properties_of('image "a; b.png"; bbox 0 0 10 20')
    {'image': ['a; b.png'], 'bbox': ['0', '0', '10', '20']}
    """
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    for token in _TOKEN.findall(title):
        if token == ";":
            current = None
        elif current is None:
            current = found.setdefault(token, [])
        else:
            current.append(token.strip('"'))
    return found


class _Reader(HTMLParser):
    """Collects pages while it meets their elements."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[Page] = []
        self._open: list[tuple[str, str, dict[str, list[str]]]] = []
        self._lines: list[Line] = []
        self._words: list[tuple[str, list[tuple[str, Box, float]], float]] = []
        self._glyphs: list[tuple[str, Box, float]] = []
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what begins."""
        if tag in ALONE:
            return
        told = dict(attrs)
        kind = (told.get("class") or "").partition(" ")[0]
        if kind == "ocr_page":
            self._lines = []
        elif kind in LINES:
            self._words = []
        elif kind == "ocrx_word":
            self._glyphs, self._text = [], ""
        self._open.append((tag, kind, properties_of(told.get("title") or "")))

    def handle_data(self, data: str) -> None:
        """Add to the text of the word, and to that of the character that is open."""
        kinds = [kind for _, kind, _ in self._open[-2:]]
        if "ocrx_word" in kinds or "ocrx_cinfo" in kinds:
            self._text += data
        if kinds[-1:] == ["ocrx_cinfo"]:
            properties = self._open[-1][2]
            left, top, right, bottom = map(float, properties["x_bboxes"])
            sure = float((properties.get("x_conf") or properties.get("x_confs") or ["0"])[0]) / 100
            self._glyphs.append((data, (left, top, right, bottom), sure))

    def handle_endtag(self, tag: str) -> None:
        """Finish what ends, and what was never closed inside it."""
        if not any(open_ == tag for open_, _, _ in self._open):
            return
        while True:
            ended, kind, properties = self._open.pop()
            self._finish(kind, properties)
            if ended == tag:
                return

    def _finish(self, kind: str, properties: dict[str, list[str]]) -> None:
        if kind == "ocrx_word":
            sure = float((properties.get("x_wconf") or ["100"])[0]) / 100
            self._words.append((self._text.strip(" \t\r\n"), self._glyphs, sure))
        elif kind in LINES:
            self._lines.append(_line(self._words, properties))
        elif kind == "ocr_page":
            self.pages.append(_page(self._lines, properties))


def _page(lines: list[Line], properties: dict[str, list[str]]) -> Page:
    _, _, right, bottom = _box(properties)
    source = (properties.get("image") or [""])[0]
    frame = (properties.get("ppageno") or properties.get("x_source", [])[1:] or ["0"])[0]
    return Page(tuple(lines), round(right), round(bottom), source, int(frame))


def _line(words: list[tuple[str, list[tuple[str, Box, float]], float]], properties: dict[str, list[str]]) -> Line:
    box = _box(properties)
    baseline = _baseline(box, properties)
    corners = tilted(box, baseline)
    read = [
        (text, [Glyph(c, tilted(place, baseline), p) for c, place, p in glyphs]) for text, glyphs, _ in words if text
    ]
    sure = [confidence for _, _, confidence in words]
    known = None if any(glyphs for _, glyphs in read) or not sure else sum(sure) / len(sure)
    return rebuilt_line(read, box, corners, between_edges(baseline, corners), known)


def _baseline(box: Box, properties: dict[str, list[str]]) -> Baseline:
    """Return a baseline, from which the one that was written differs in its ends only."""
    angle = float((properties.get("textangle") or ["0"])[0])
    quarters = round(angle / 90) % 4
    lean = math.tan(math.radians(90 * round(angle / 90) - angle))
    (left, _), (right, bottom) = turned_box(box, quarters)
    slope, offset = map(float, (properties.get("baseline") or [str(lean), "0"])[:2])
    ends = (left, bottom + offset), (right, bottom + offset + slope * (right - left))
    start, end = (turned(point, -quarters) for point in ends)
    return start, end


def _box(properties: dict[str, list[str]]) -> Box:
    left, top, right, bottom = map(float, properties["bbox"])
    return left, top, right, bottom
