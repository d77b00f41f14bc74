"""Reading a folder of lines with a table of their texts, as the frozen test set in ``tests/data/lines`` is kept."""

from __future__ import annotations

import csv
from pathlib import Path

from text_recognizer.data.base import Sample
from text_recognizer.errors import UserError
from text_recognizer.image import open_image
from text_recognizer.line_levels import dark_on_light

TABLE = "truth.tsv"
COLUMNS = ("file", "text", "source")


def read_lines(folder: Path) -> list[Sample]:
    """Return the lines that ``truth.tsv`` in `folder` lists.

    Raises:
        UserError: the table is missing, has other columns, or lists an image that cannot be read.
    """
    path = folder / TABLE
    if not path.exists():
        raise UserError(f"{folder}: holds no {TABLE}; name a folder whose {TABLE} has the columns {', '.join(COLUMNS)}")
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    if not rows or any(row.get(column) is None for row in rows for column in COLUMNS):
        raise UserError(f"{path}: a row lacks one of the columns {', '.join(COLUMNS)}; write them tab-separated")
    return [Sample(dark_on_light(open_image(folder / row["file"])), row["text"], None, row["source"]) for row in rows]
