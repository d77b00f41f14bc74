"""Lines of the IAM handwriting database."""

from __future__ import annotations

from typing import Any

from text_recognizer.data.iam import IAMSplit, read_iam
from text_recognizer.data.page_store import StoredLine
from text_recognizer.data.stored_lines import StoredLines


class IAMLines(StoredLines):
    """Handwritten English lines of 657 writers, cut out of their forms.

    Args:
        overlap: what becomes of a writer or form in two splits.
        split: which published split is used.
    """

    raw_name = "iam"

    def __init__(self, split: IAMSplit = "course", **others: Any) -> None:
        super().__init__(**others)
        self.split = split

    def split_lines(self) -> tuple[dict[str, list[StoredLine]], list[str]]:
        iam = read_iam(self.folder)
        parts, notes = iam.split(self.split, self.overlap)
        without = [f"{len(iam.left_out)} lines have no ink"] if iam.left_out else []
        return parts, [f"{len(iam.pages)} forms of {len(iam.writers)} writers, split {self.split}", *notes, *without]
