"""Texts of two readers as one line each, and how far they are apart."""

from __future__ import annotations

from difflib import SequenceMatcher
from unicodedata import category, normalize

LONGEST = 2_000
"""Characters; what is longer is no line, but a reader that does not stop."""


def one_line(text: str) -> str:
    """Return a reader's answer as one line: in NFC, white space collapsed, without control characters and code fences.

    >>> one_line("```text\\nTwo  words\\n```\\n")
    'Two words'
    """
    rows = text.strip().removeprefix("\ufeff").splitlines()
    if len(rows) > 2 and rows[0].startswith("```") and rows[-1].strip() == "```":
        rows = rows[1:-1]
    words = " ".join(" ".join(rows).split())
    kept = normalize("NFC", "".join(letter for letter in words if category(letter) not in ("Cc", "Cs")))
    return kept if len(kept) <= LONGEST else ""


def edits(read: str, truth: str) -> int:
    """Return how many characters must be put in, left out or replaced to turn one text into the other.

    >>> edits("hullo", "hello!"), edits("", "abc")
    (2, 3)
    """
    before = list(range(len(truth) + 1))
    for row, letter in enumerate(read, 1):
        now = [row]
        for column, other in enumerate(truth, 1):
            now.append(min(now[-1] + 1, before[column] + 1, before[column - 1] + (letter != other)))
        before = now
    return before[-1]


def agree(ours: str, draft: str, percent: float = 0.0) -> bool:
    """Return whether two readings differ by at most `percent` character errors, the draft being taken for the truth."""
    if not ours or not draft:
        return False
    return ours == draft or 100 * edits(ours, draft) <= percent * len(draft)


def marked(text: str, other: str) -> list[tuple[str, bool]]:
    """Return a text in pieces, each with whether the other text has it elsewhere or not at all.

    >>> marked("hello", "hallo")
    [('h', False), ('e', True), ('llo', False)]
    """
    blocks = SequenceMatcher(None, text, other, autojunk=False).get_matching_blocks()
    pieces, end = [], 0
    for block in blocks:
        pieces += [(text[end : block.a], True), (text[block.a : block.a + block.size], False)]
        end = block.a + block.size
    return [(piece, apart) for piece, apart in pieces if piece]
