"""An imagefolder of the datasets library: pictures with ``metadata.jsonl`` or ``metadata.csv`` beside them."""

from __future__ import annotations

import json
from pathlib import PurePosixPath
from typing import Any

from text_recognizer.data.own_layouts.folder import Folder
from text_recognizer.data.own_layouts.items import Collected, Item, split_called, split_of_file
from text_recognizer.data.own_layouts.pictures import FilePicture
from text_recognizer.data.own_layouts.table import COLUMNS, add_rows
from text_recognizer.data.own_layouts.texts import Row, rows
from text_recognizer.errors import UserError


def evidence(folder: Folder) -> str:
    return ", ".join(_tables(folder)[:3])


def read(folder: Folder, found: Collected) -> None:
    for name in _tables(folder):
        if name.endswith(".csv"):
            add_rows(folder, name, found)
            continue
        for row in rows(folder.path(name), name):
            with found.reporting():
                _add(folder, name, row, found)


def value_of(fields: dict[str, Any], what: str) -> str | None:
    """Return the field that a kind of column is likeliest to mean, as text."""
    lowered = {key.lower(): value for key, value in fields.items()}
    value = next((lowered[name] for name in COLUMNS[what] if lowered.get(name) is not None), None)
    return str(value) if isinstance(value, str | int) else None


def _tables(folder: Folder) -> list[str]:
    called = ("metadata.jsonl", "metadata.csv")
    if folder.place.is_file():
        return folder.ending(".jsonl", "metadata.csv")
    return [name for name in folder.ending(".jsonl", ".csv") if PurePosixPath(name).name in called]


def _add(folder: Folder, name: str, row: Row, found: Collected) -> None:
    called = f"{name} row {row.number}"
    if row.wrong:
        raise UserError(f"{called}: {row.wrong}")
    try:
        fields = json.loads(row.text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{called}: it is not JSON ({str(error)[:80]}); write one object per row") from None
    if not isinstance(fields, dict):
        raise UserError(f"{called}: it is no JSON object; write file_name and text into one")
    file, text = value_of(fields, "file"), value_of(fields, "text")
    if file is None or text is None:
        missing = "file_name" if file is None else "text"
        raise UserError(f"{called}: it has no {missing}, only {', '.join(map(str, fields))[:80]}; add {missing}")
    try:
        picture = folder.meant(file, name)
    except UserError as error:
        raise UserError(f"{called}: {error}") from error
    split = split_called(value_of(fields, "split") or "") or split_of_file(name)
    place = FilePicture(folder.path(picture), picture)
    found.add(Item(f"{called} ({picture})", text, place, picture, value_of(fields, "group"), split))
