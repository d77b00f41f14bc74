"""Passages: texts of a file that only later labs have, where no marker line can stand (a table's row, JSON, a word)."""

from __future__ import annotations

from labs.faults import Fault
from labs.plan import Part
from labs.spans import Span, line_of
from labs.yaml_lines import Word

GAP = " ... "
"""Between the first and the last words of a passage that is too long to be repeated."""
TO_THE_END = " ..."
"""After the first words of a passage that goes to the end of its line."""


def passages_of(path: str, text: str, lab: int, parts: tuple[Part, ...]) -> list[Span]:
    """Return the spans of a file that labs.yaml names.

    Raises:
        Fault: a passage that is not in the file, is in it twice, or belongs to a lab before the file's own.
    """
    spans = []
    for part in parts:
        for word in part.passages.get(path, ()):
            if part.number <= lab:
                raise Fault(
                    f"{word.where}: a passage of {part.name} in {path}, a file of lab {lab:02}; give a later lab"
                )
            start, end = _found(word, path, text)
            spans.append(Span(start, end, part.number, line_of(text, start)))
    return spans


def _found(word: Word, path: str, text: str) -> tuple[int, int]:
    first, gap, last = word.text.partition(GAP)
    if first.endswith(TO_THE_END):
        first, gap, last = first.removesuffix(TO_THE_END), GAP, "\n"
    if not first.strip() or (gap and not last):
        raise Fault(
            f"{word.where}: an empty passage of {path}; give its text, or its first and last words with ... between"
        )
    start = text.find(first)
    if start < 0:
        raise Fault(f"{word.where}: {first!r} is not in {path}; give a text that is")
    if text.find(first, start + 1) >= 0:
        lines = f"lines {line_of(text, start)} and {line_of(text, text.find(first, start + 1))}"
        raise Fault(f"{word.where}: {first!r} is in {path} more than once ({lines}); give a longer text")
    if not gap:
        return start, start + len(first)
    end = text.find(last, start + len(first))
    if end < 0:
        raise Fault(f"{word.where}: {last!r} does not follow {first!r} in {path}; correct the end of the passage")
    return start, end + len(last)
