"""``x.png`` and its text in ``x.txt``, lists of the files of each split: VAN, OrigamiNet, HTR-VT."""

from __future__ import annotations

import posixpath
from pathlib import PurePosixPath

from text_recognizer.data.own_layouts.folder import Folder
from text_recognizer.data.own_layouts.items import Collected, Item, split_of_file, split_of_folders
from text_recognizer.data.own_layouts.pairs import TEXT
from text_recognizer.data.own_layouts.pictures import FilePicture
from text_recognizer.data.own_layouts.texts import read_text, rows
from text_recognizer.errors import UserError


def evidence(folder: Folder) -> str:
    listed = folder.ending(".ln")
    if listed:
        return ", ".join(listed[:3])
    count = len(_with_text(folder))
    return f"{count} pictures with a .txt of the same name" if count else ""


def read(folder: Folder, found: Collected) -> None:
    listed = folder.ending(".ln")
    used: set[str] = set()
    for name in listed:
        split = split_of_file(name)
        for row in rows(folder.path(name), name):
            with found.reporting():
                if row.wrong:
                    raise UserError(f"{name} row {row.number}: {row.wrong}")
                used.add(_add_listed(folder, name, row.number, row.text, split, found))
    if not listed:
        for picture in folder.pictures:
            with found.reporting():
                _add(folder, picture, picture, split_of_folders(picture), found)
        return
    loose = [picture for picture in _with_text(folder) if picture not in used]
    if loose:
        found.notes.append(f"{len(loose)} pictures are in none of the lists and are left out, {loose[0]} is the first")


def _add_listed(folder: Folder, name: str, number: int, stated: str, split: str | None, found: Collected) -> str:
    called = f"{name} row {number}"
    try:
        picture = folder.meant(stated, name, ("lines", "images"))
    except UserError as error:
        named = folder.by_stem.get(PurePosixPath(stated.strip()).stem, []) if "/" not in stated else []
        if len(named) != 1:
            raise UserError(f"{called}: {error}") from error
        picture = named[0]
    _add(folder, picture, f"{called} ({picture})", split, found)
    return picture


def _add(folder: Folder, picture: str, called: str, split: str | None, found: Collected) -> None:
    text_file = str(PurePosixPath(picture).with_suffix(".txt"))
    if not folder.holds(text_file):
        raise UserError(f"{called}: has no text {posixpath.basename(text_file)} beside it; transcribe it or remove it")
    text = " ".join(read_text(folder.path(text_file), text_file).split())
    found.add(Item(called, text, FilePicture(folder.path(picture), picture), picture, split=split))


def _with_text(folder: Folder) -> list[str]:
    plain = {name for name in folder.ending(".txt") if not name.endswith(TEXT)}
    return [name for name in folder.pictures if str(PurePosixPath(name).with_suffix(".txt")) in plain]
