"""Result trees for tests: lines at known places, and pages as unpleasant as real ones."""

from __future__ import annotations

import numpy as np

from text_recognizer.inference.boxes import box_of
from text_recognizer.inference.result import Character, Line, Page

SIZE = (600, 400)


def line(text: str, x: float, y: float, angle: float = 0.0, height: float = 20.0, sure: float = 0.9) -> Line:
    """Return a line that starts at (x, y), 10 px per character along `angle` degrees."""
    along = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    up = height * np.array([along[1], -along[0]])
    start, end = np.array([x, y]), np.array([x, y]) + 10 * max(1, len(text)) * along
    corners = [start + up, end + up, end - 0.3 * up, start - 0.3 * up]
    middles = [start + (10 * place + 5) * along for place in range(len(text))]
    characters = [Character(c, *map(float, at), sure) for c, at in zip(text, middles, strict=True)]
    a, b, c, d = (tuple(map(float, corner)) for corner in corners)
    baseline = tuple(map(float, start)), tuple(map(float, end))
    return Line(text, sure, box_of((a, b, c, d), SIZE), (a, b, c, d), baseline, tuple(characters))


def abstained(x: float, y: float) -> Line:
    """Return a line that the reader was too unsure of to say what it reads."""
    whole = line("some text", x, y)
    return Line("", 0.31, whole.box, whole.corners, whole.baseline)


def bare(text: str, x: float, y: float, angle: float = 0.0) -> Line:
    """Return a line that says nothing of its characters, as from a table."""
    whole = line(text, x, y, angle)
    return Line(text, 0.5, whole.box, whole.corners, whole.baseline)


ODD_NAME = 'a "b" <c>; d\x07\ud800\'.png'
PAGES = {
    "plain": Page((line("one line", 50, 60), line("Ångström’s œuvre", 60, 150)), *SIZE, "scan.png"),
    "blank": Page((), *SIZE, "scan.png"),
    "unsure": Page((line("sure", 50, 60), abstained(50, 120), line("again", 50, 180)), *SIZE, "scan.png"),
    "nothing sure": Page((abstained(50, 60), abstained(50, 120)), *SIZE, "scan.png"),
    "leaning": Page((line("rising", 60, 200, -8), line("falling more", 60, 80, 20)), *SIZE, "scan.png"),
    "turned": Page((line("down", 500, 60, 90), line("up", 100, 300, -90), line("head", 300, 200, 180)), *SIZE, "s.png"),
    "nearly turned": Page((line("down it goes", 300, 60, 84), line("up it goes", 100, 300, -95)), *SIZE, "s.png"),
    "marked": Page((line('He said "A & B <c>"', 50, 60), line("]]> &amp; '", 50, 120)), *SIZE, "scan.png"),
    "odd name": Page((line("text", 50, 60),), *SIZE, ODD_NAME),
    "control characters": Page((line("a\x00b\x1f \ufffec", 50, 60), line("tab\tand\x0bfeed", 50, 120)), *SIZE, "s.png"),
    "spaces only": Page((line("  ", 50, 60), line("\u00a0", 50, 90), line(" a  b ", 50, 120)), *SIZE, "scan.png"),
    "at the edge": Page((line("over the edge", 560, 390), line("above", 1, 2)), *SIZE, "scan.png"),
    "one character": Page((line("x", 50, 60), line("|", 50, 120, 90)), *SIZE, "scan.png"),
    "without characters": Page((bare("two words", 50, 60), bare("rising words", 50, 200, -10)), *SIZE, "scan.png"),
    "tiny": Page((), 1, 1, "dot.png"),
    "later page": Page((line("page five", 50, 60),), *SIZE, "book.pdf", 4),
}
