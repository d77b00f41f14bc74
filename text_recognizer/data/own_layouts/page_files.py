"""Transcribed pages: PAGE and ALTO files of kraken, eScriptorium and Transkribus, with their pictures."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element

from text_recognizer.data.own_layouts.folder import PICTURES, Folder
from text_recognizer.data.own_layouts.items import Collected, Item, split_of_folders
from text_recognizer.data.own_layouts.pictures import PagePicture, page_grey, scale_of
from text_recognizer.data.own_layouts.texts import read_xml
from text_recognizer.data.page_xml import Page, TextLine, read_page
from text_recognizer.errors import UserError

_ROOT = re.compile(r"<(?:[\w.-]+:)?(PcGts|alto|form)[\s>]")


def page_evidence(folder: Folder) -> str:
    count = sum(1 for name in folder.ending(".xml") if root_of(folder.path(name)) == "PcGts")
    return f"{count} PAGE files" if count else ""


def alto_evidence(folder: Folder) -> str:
    count = sum(1 for name in folder.ending(".xml") if root_of(folder.path(name)) == "alto")
    return f"{count} ALTO files" if count else ""


def read_page_xml(folder: Folder, found: Collected) -> None:
    _read(folder, found, "PcGts")


def read_alto(folder: Folder, found: Collected) -> None:
    _read(folder, found, "alto")


def root_of(path: Path) -> str:
    """Return the name of an XML file's root where it is one of pages or forms, from the file's beginning."""
    with path.open("rb") as stream:
        start = stream.read(4096)
    encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1"
    found = _ROOT.search(start.decode(encoding, "ignore"))
    return found[1] if found else ""


def _read(folder: Folder, found: Collected, root: str) -> None:
    for name in folder.ending(".xml"):
        if root_of(folder.path(name)) == root:
            with found.reporting():
                _add_page(folder, name, found)
    described = {line.item.path for line in found.lines}
    bare = [name for name in folder.pictures if name not in described]
    if bare and found.lines:
        found.notes.append(f"{len(bare)} pictures are used by no page file, {bare[0]} is the first")


def _add_page(folder: Folder, name: str, found: Collected) -> None:
    root = read_xml(folder.path(name), name)
    stated = next(_stated_pictures(root), "")
    picture = _picture(folder, name, stated)
    page = _described(folder, name, picture, root)
    count = sum(1 for part in root.iter() if _tag(part) == "TextLine")
    pages = sum(1 for part in root.iter() if _tag(part) == "Page")
    if pages > 1:
        found.faults.append(f"{name}: it describes {pages} pages, the first is read; export each to a file of its own")
    elif count > len(page.lines):
        found.faults.append(
            f"{name}: {count - len(page.lines)} of its {count} lines have no outline or region; draw them again"
        )
    add_lines(folder, name, picture, page.lines, found)


def add_lines(folder: Folder, name: str, picture: str, lines: list[TextLine], found: Collected) -> None:
    """Add the lines of a page; those without a text make one fault together, as pages are often half transcribed."""
    empty = [number for number, line in enumerate(lines, start=1) if not line.text.strip()]
    if empty:
        listed = ", ".join(map(str, empty[:12])) + (f" and {len(empty) - 12} more" if len(empty) > 12 else "")
        which = f"line {listed} has" if len(empty) == 1 else f"lines {listed} have"
        found.faults.append(f"{name}: {which} no text; transcribe or remove what is to be used")
    scale, path = scale_of(lines), folder.path(picture)
    for number, line in enumerate(lines, start=1):
        if line.text.strip():
            called = f"{name} line {number}"
            split = split_of_folders(name)
            place = PagePicture(path, called, line, scale)
            with found.reporting():
                found.add(Item(called, line.text, place, picture, split=split, of_page=True))


def page_size(folder: Folder, picture: str) -> tuple[int, int]:
    """Return width and height of a page's picture, which is decoded and kept for its lines.

    Raises:
        UserError: it cannot be read; the message names it as the folder does.
    """
    path = folder.path(picture)
    try:
        height, width = page_grey(path, picture).shape
    except UserError as error:
        raise UserError(str(error).replace(str(path), picture, 1)) from error
    return width, height


def _described(folder: Folder, name: str, picture: str, root: Element) -> Page:
    """Return the page that a file describes; what is said of it names it as the user's folder does."""
    size = page_size(folder, picture)
    beside = folder.path(picture).with_name(PurePosixPath(name).name)
    try:
        page = read_page(beside, root)
    except UserError as error:
        raise UserError(str(error).replace(str(beside), name, 1)) from error
    if page.size != size:
        raise UserError(f"{picture}: it is turned by its EXIF tag, its lines in {name} are not; save it upright")
    return page


def _picture(folder: Folder, name: str, stated: str) -> str:
    """Return the picture of a page file: the stated one, beside it or a folder up, else one that is called alike."""
    file = PurePosixPath(stated.replace("\\", "/")).name
    stem, parent = PurePosixPath(name).stem, posixpath.dirname(name)
    near = [parent, posixpath.dirname(parent)]
    near += [posixpath.join(start, below) for start in near for below in ("images", "image", "img")]
    called = [*folder.by_name.get(file, []), *folder.by_stem.get(PurePosixPath(file).stem, [])]
    called += folder.by_stem.get(stem, [])
    called = [picture for picture in called if PurePosixPath(picture).suffix.lower() in PICTURES]
    for start in near:
        for picture in called:
            if posixpath.dirname(picture) == start:
                return picture
    if len(set(called)) == 1:
        return called[0]
    many = f", {len(set(called))} files elsewhere are called so" if called else ""
    raise UserError(f"{name}: its picture {stated or stem} is not beside it{many}; put it there or remove the XML")


def _stated_pictures(root: Element) -> Iterator[str]:
    for part in root.iter():
        if _tag(part) == "Page" and part.get("imageFilename"):
            yield part.get("imageFilename", "")
        elif _tag(part) == "fileName" and part.text:
            yield part.text.strip()


def _tag(part: Element) -> str:
    return part.tag.rpartition("}")[2]
