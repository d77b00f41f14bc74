"""Tables of the datasets library that hold the pictures themselves, as many lines on the model hubs are kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from text_recognizer.data.line_cutting import CutLine
from text_recognizer.data.own_layouts.folder import Folder
from text_recognizer.data.own_layouts.imagefolder import value_of
from text_recognizer.data.own_layouts.items import Collected, Item, split_called, split_of_file
from text_recognizer.data.own_layouts.pictures import FilePicture, large_enough, whole_line, with_ink
from text_recognizer.errors import UserError
from text_recognizer.image import open_image
from text_recognizer.line_levels import dark_on_light

COLUMNS = ("image", "img", "picture")


@dataclass(frozen=True)
class ParquetPicture:
    """A picture in a cell of a table.

    Args:
        path: of the table.
        name: what messages call the line.
        column: of the pictures.
        group: number of the row group, the part of the table that is read at once.
        row: within the group.
    """

    path: Path
    name: str
    column: str
    group: int
    row: int
    quick = False

    def seen(self) -> tuple[np.ndarray, int]:
        return with_ink(self.image_HW(), self.name)

    def image_HW(self) -> np.ndarray:
        content = _row_group(self.path, self.column, self.group)[self.row]
        if not isinstance(content, bytes):
            raise UserError(f"{self.name}: its picture is gone; do not change the table while it is read")
        try:
            return dark_on_light(large_enough(open_image(content), self.name))
        except UserError as error:
            raise UserError(str(error).replace("picture:", f"{self.name}:", 1)) from error

    def cut(self, text: str, page: str) -> CutLine:
        return whole_line(self.image_HW(), text, page)


def evidence(folder: Folder) -> str:
    return ", ".join(folder.ending(".parquet")[:3])


def read(folder: Folder, found: Collected) -> None:
    library = parquet_library()
    for name in folder.ending(".parquet"):
        with found.reporting():
            try:
                table = library.ParquetFile(folder.path(name))
            except (OSError, ValueError) as error:
                raise UserError(f"{name}: it is no parquet file ({str(error)[:80]}); download it again") from None
            _add(folder, name, table, found)


def parquet_library() -> Any:
    """Return pyarrow's module for such files.

    Raises:
        UserError: it is not installed.
    """
    try:
        return import_module("pyarrow.parquet")
    except ImportError as error:
        raise UserError("parquet files: reading them needs pyarrow; install it with pip install pyarrow") from error


def _add(folder: Folder, name: str, table: Any, found: Collected) -> None:
    columns = table.schema_arrow.names
    column = next((one for one in columns if one.lower() in COLUMNS), None)
    if column is None or value_of(dict.fromkeys(columns, ""), "text") is None:
        raise UserError(f"{name}: it has the columns {', '.join(columns)[:80]}; call one image and one text")
    rest = [one for one in columns if one != column]
    number = 0
    for group in range(table.num_row_groups):
        pictures = _row_group(folder.path(name), column, group)
        for row, fields in enumerate(table.read_row_group(group, columns=rest).to_pylist()):
            number += 1
            called = f"{name} row {number}"
            with found.reporting():
                _add_row(folder, name, called, fields, pictures[row], (column, group, row), found)


def _add_row(
    folder: Folder, name: str, called: str, fields: dict, content: Any, place: tuple[str, int, int], found: Collected
) -> None:
    split = split_called(value_of(fields, "split") or "") or split_of_file(name)
    text, writer = value_of(fields, "text") or "", value_of(fields, "group")
    if isinstance(content, bytes):
        picture = ParquetPicture(folder.path(name), called, *place)
        found.add(Item(called, text, picture, called, writer, split))
    elif isinstance(content, str) and content:
        try:
            path = folder.meant(content, name, ("images",))
        except UserError as error:
            raise UserError(f"{called}: {error}") from error
        found.add(Item(f"{called} ({path})", text, FilePicture(folder.path(path), path), path, writer, split))
    else:
        raise UserError(f"{called}: it has neither a picture nor its path; remove the row")


@lru_cache(maxsize=2)
def _row_group(path: Path, column: str, group: int) -> list[bytes | str | None]:
    """Return the encoded pictures of a part of a table, or their paths where it holds no bytes."""
    with parquet_library().ParquetFile(path) as table:
        cells = table.read_row_group(group, columns=[column]).column(0).to_pylist()
    return [(cell.get("bytes") or cell.get("path")) if isinstance(cell, dict) else cell for cell in cells]
