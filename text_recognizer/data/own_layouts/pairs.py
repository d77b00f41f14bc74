"""The default layout: ``x.png`` and its text in ``x.gt.txt``, as ocropus, tesstrain, kraken and Calamari keep lines."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from text_recognizer.data.own_layouts.folder import PICTURES, Folder
from text_recognizer.data.own_layouts.items import Collected, Item, split_of_folders
from text_recognizer.data.own_layouts.pictures import FilePicture
from text_recognizer.data.own_layouts.texts import read_text
from text_recognizer.errors import UserError

TEXT = ".gt.txt"
MANIFEST = "manifest.json"

_FIRST = (".png", ".nrm.png", ".bin.png", ".dew.png", ".raw.png", ".tif", ".tiff", ".jpg", ".jpeg")
ENDINGS = (*_FIRST, *sorted(PICTURES - set(_FIRST)))
"""Of pictures, the preferred first: ocropus keeps a line in grey (.nrm.png) and in black and white (.bin.png)."""


def evidence(folder: Folder) -> str:
    count = sum(1 for name in folder.ending(TEXT) if PurePosixPath(name).name != TEXT[1:])
    return f"{count} {TEXT} files" if count else ""


def read(folder: Folder, found: Collected) -> None:
    known = _manifest(folder, found)
    used: set[str] = set()
    for text_file in folder.ending(TEXT):
        base = text_file[: -len(TEXT)]
        if not PurePosixPath(text_file).name.removesuffix(TEXT):
            continue
        there = [name for end in ENDINGS for name in (base + end, base + end.upper()) if folder.holds(name)]
        used.update(there)
        if not there:
            found.faults.append(f"{text_file}: has no picture {base}.png beside it; put it there or remove the text")
            continue
        with found.reporting():
            told = known.get(there[0], {})
            found.add(
                Item(
                    there[0],
                    one_row(read_text(folder.path(text_file), text_file), text_file),
                    FilePicture(folder.path(there[0]), there[0], bool(told)),
                    there[0],
                    told.get("group"),
                    split_of_folders(text_file),
                )
            )
    for name in folder.pictures:
        if name not in used:
            found.faults.append(f"{name}: has no text {_base(name)}{TEXT} beside it; transcribe it or remove it")


def one_row(text: str, name: str) -> str:
    """Return the text of a file that holds one line; empty rows do not count."""
    rows = [row for row in text.splitlines() if row.strip()]
    if len(rows) > 1:
        raise UserError(f"{name}: it holds {len(rows)} rows of text, a picture of one line has one; split the picture")
    return rows[0] if rows else ""


def _base(name: str) -> str:
    ending = max((ending for ending in ENDINGS if name.lower().endswith(ending)), key=len)
    return name[: -len(ending)]


def _manifest(folder: Folder, found: Collected) -> dict[str, dict[str, Any]]:
    """Return what a manifest of ours tells of the pictures; pictures that it lists and that are gone are faults."""
    if not folder.holds(MANIFEST):
        return {}
    told = folder.json(MANIFEST)
    lines = told.get("lines") if isinstance(told, dict) else None
    if not isinstance(lines, dict) or not all(isinstance(line, dict) for line in lines.values()):
        raise UserError(f"{MANIFEST}: it is not the list of this folder's lines; remove it")
    for name in lines:
        if not folder.holds(name):
            found.faults.append(f"{name}: it is listed in {MANIFEST} and is gone; put it back or write the folder anew")
    return lines
