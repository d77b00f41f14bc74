"""docTR: a ``labels.json`` of file names and texts, the pictures in ``images`` beside it."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import Any

from text_recognizer.data.own_layouts.folder import Folder
from text_recognizer.data.own_layouts.items import Collected, Item, split_of_file
from text_recognizer.data.own_layouts.pictures import FilePicture
from text_recognizer.data.own_layouts.texts import Pairs, begins_with
from text_recognizer.errors import UserError


def evidence(folder: Folder) -> str:
    files = _tables(folder)
    return ", ".join(files[:3]) if files else ""


def read(folder: Folder, found: Collected) -> None:
    for name in _tables(folder):
        with found.reporting():
            for file, text in _entries(folder.json(name), name, found):
                with found.reporting():
                    _add(folder, name, file, text, found)


def _tables(folder: Folder) -> list[str]:
    files = folder.ending(".json")
    named = files if folder.place.is_file() else [name for name in files if PurePosixPath(name).name == "labels.json"]
    return [name for name in named if begins_with(folder.path(name), b"{")]


def _entries(told: Any, name: str, found: Collected) -> list[tuple[str, Any]]:
    pairs = list(told.items()) if isinstance(told, dict) else list(told) if isinstance(told, Pairs) else None
    if pairs is None:
        raise UserError(f"{name}: it is no object of file names and texts; write it as docTR's recognition labels")
    for file, count in Counter(file for file, _ in pairs).items():
        if count > 1:
            found.faults.append(f"{name}: {file} has {count} texts, the first is used; keep one")
    return list(dict(reversed(pairs)).items())[::-1]


def _add(folder: Folder, name: str, file: str, text: Any, found: Collected) -> None:
    if isinstance(text, dict) and "polygons" in text:
        raise UserError(f"{name}: {file} has polygons and no text, as for docTR's detection; give recognition labels")
    if not isinstance(text, str):
        raise UserError(f"{name}: the text of {file} is {type(text).__name__}, no string; put it into quotes")
    try:
        picture = folder.meant(file, name, ("images", "imgs"))
    except UserError as error:
        raise UserError(f"{name}: {error}") from error
    place = FilePicture(folder.path(picture), picture)
    found.add(Item(picture, text, place, picture, split=split_of_file(name)))
