"""A line with its draft, and the table of all of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

State = Literal["draft", "kept", "none", "left out"]

COLUMNS = ("file", "page", "box", "teacher", "ours", "confidence", "agree", "state")


@dataclass
class Draft:
    """A line, what both readers say, and what became of it.

    Attributes:
        file: path of the line below the folder, without ``.png`` and ``.gt.txt``.
        page: its source and the number of the page there, from 1: ``book.pdf#3``.
        box: left, top, right and bottom on the page, in px.
        ours: our reading.
        confidence: of our reading.
        teacher: the teacher's text; empty if it gave none or was not asked.
        text: what stands in the ``.gt.txt`` now; empty if there is none.
        state: draft, written in this run; kept, there before; none, the teacher gave nothing; left out, as the two
            readings are too far apart.
        agree: whether they are near enough.
    """

    file: str
    page: str
    box: tuple[int, int, int, int]
    ours: str
    confidence: float
    teacher: str = ""
    text: str = ""
    state: State = "none"
    agree: bool = False

    @property
    def is_corrected(self) -> bool:
        """Whether the text that was there before is not what the teacher says, as far as is known."""
        return self.state == "kept" and self.text != self.teacher


def table(drafts: Iterable[Draft]) -> Iterator[str]:
    """Yield a header and a row per line.

    No cell ends in the name of a picture, so that the table is not taken for one of lines and their texts.
    """
    yield "\t".join(COLUMNS) + "\n"
    for draft in drafts:
        row = io.StringIO()
        box = " ".join(map(str, draft.box))
        told = "" if draft.state == "kept" and not draft.teacher else "yes" if draft.agree else "no"
        cells = (draft.file, draft.page, box, draft.teacher, draft.ours, f"{draft.confidence:.4f}", told, draft.state)
        csv.writer(row, dialect="excel-tab", lineterminator="\n").writerow(cells)
        yield row.getvalue()
