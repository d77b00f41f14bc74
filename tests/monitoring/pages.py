"""Pages as a reader gives them, for tests of monitoring."""

from __future__ import annotations

from text_recognizer.inference.result import Character, Line, Page
from text_recognizer.monitoring.records import Reading

PITCH = 40


def line(text: str, number: int, confidence: float = 0.95) -> Line:
    top = PITCH * number
    right = 10 + 12 * len(text)
    corners = ((10.0, top), (right, top), (right, top + 30), (10.0, top + 30))
    characters = tuple(Character(c, 10.0 + 12 * n, top + 24.0, confidence) for n, c in enumerate(text))
    return Line(
        text, confidence, (10, top, right, top + 30), corners, ((10.0, top + 24), (right, top + 24)), characters
    )


def page(*texts: str, confidence: float = 0.95) -> Page:
    return Page(tuple(line(text, n, confidence) for n, text in enumerate(texts)), 800, PITCH * len(texts) + 10)


def reading(at: float, **features: float) -> Reading:
    return Reading(at, "", "best", "test", features)
