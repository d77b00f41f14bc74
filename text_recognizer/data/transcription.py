"""What a transcription says beside the text: words that the writer struck out."""

from __future__ import annotations

import re
from typing import Literal

StruckOut = Literal["drop", "keep", "leave_out"]
"""drop: the text without struck-out words; keep: with them, without the marks; leave_out: no line that has any."""

_MARKED = re.compile(r">([^<>]*)<")


def without_marks(text: str, struck_out: StruckOut = "drop") -> str | None:
    """Return the text of a line that marks struck-out words as ``>words<`` and illegible ones as ``><``.

    Source: transcription rules of CREMMA for modern documents, which Copiste d'un jour follows.

    >>> without_marks("né le >3< 4 mai")
    'né le 4 mai'
    >>> without_marks("né le >3< 4 mai", "keep")
    'né le 3 4 mai'
    """
    if struck_out == "leave_out" and _MARKED.search(text):
        return None
    kept = _MARKED.sub(r" \1 " if struck_out == "keep" else " ", text)
    return " ".join(kept.split())
