"""Tables with a path and a text per row: .tsv, .csv and .txt of PaddleOCR, DTRB, EasyOCR's trainer, TRDG and others."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from itertools import islice
from pathlib import PurePosixPath

from text_recognizer.data.own_layouts.folder import PICTURES, Folder
from text_recognizer.data.own_layouts.items import Collected, Item, split_called, split_of_file
from text_recognizer.data.own_layouts.pairs import TEXT
from text_recognizer.data.own_layouts.pictures import FilePicture
from text_recognizer.data.own_layouts.texts import Row, rows
from text_recognizer.errors import UserError

COLUMNS = {
    "file": ("file_name", "filename", "file", "path", "image_path", "img_path", "image", "img", "name"),
    "text": ("text", "words", "word", "label", "transcription", "transcript", "ground_truth", "gt", "sentence"),
    "group": ("writer", "writer_id", "author", "hand", "group", "page", "page_id", "source"),
    "split": ("split", "subset", "set", "partition"),
}
"""What columns are called, the likelier names first."""

_PICTURE = re.compile(
    r"^\[?\"?(\S.*?(?:" + "|".join(map(re.escape, sorted(PICTURES, reverse=True))) + r"))(?=[\s,;\"]|$)", re.I
)


def evidence(folder: Folder) -> str:
    files = _tables(folder)
    return f"{files[0]} and {len(files) - 1} more tables" if len(files) > 1 else files[0] if files else ""


def read(folder: Folder, found: Collected) -> None:
    for name in _tables(folder) or folder.ending(".tsv", ".csv", ".txt"):
        add_rows(folder, name, found)


def add_rows(folder: Folder, name: str, found: Collected) -> None:
    """Add the lines that the rows of a table name."""
    delimiter = _delimiter(folder, name)
    header: dict[str, int] | None = None
    for row in rows(folder.path(name), name):
        fields = _fields(row.text, delimiter, 2 if header is None else max(2, len(header)))
        if header is None:
            header = header_of(fields) or {"file": 0, "text": 1}
            if header_of(fields):
                continue
        with found.reporting():
            _add_row(folder, f"{name} row {row.number}", name, row, fields, header, found)


def header_of(fields: list[str]) -> dict[str, int] | None:
    """Return where a table's columns stand, None where its first row is no header."""
    names = [field.strip().lower() for field in fields]
    places = {what: names.index(name) for what, known in COLUMNS.items() for name in reversed(known) if name in names}
    return places if "file" in places and "text" in places else None


def _add_row(
    folder: Folder, called: str, name: str, row: Row, fields: list[str], header: Mapping[str, int], found: Collected
) -> None:
    if row.wrong:
        raise UserError(f"{called}: {row.wrong}")
    if len(fields) <= max(header["file"], header["text"]):
        raise UserError(f"{called}: it has no text after {fields[0][:60]!r}; write path and text, parted by a tab")
    stated = {what: fields[place].strip() for what, place in header.items() if place < len(fields)}
    for reference in _references(stated["file"]):
        try:
            picture = folder.meant(reference, name, ("images", "imgs", "lines"))
        except UserError as error:
            raise UserError(f"{called}: {error}") from error
        split = split_called(stated.get("split", "")) or split_of_file(name)
        place = FilePicture(folder.path(picture), picture)
        found.add(Item(f"{called} ({picture})", stated["text"], place, picture, stated.get("group"), split))


def _references(stated: str) -> list[str]:
    """Return the paths of a row; PaddleOCR lets one have several, as a JSON list."""
    if stated.startswith("["):
        try:
            listed = json.loads(stated)
        except ValueError:
            return [stated]
        return [str(one) for one in listed] if isinstance(listed, list) else [stated]
    return [stated]


def _tables(folder: Folder) -> list[str]:
    return [name for name in folder.ending(".tsv", ".csv", ".txt") if _is_table(folder, name)]


def _is_table(folder: Folder, name: str) -> bool:
    path = PurePosixPath(name)
    if name.endswith(TEXT) and path.name != "gt.txt" or path.stem in ("metadata", "drafts"):
        return False
    if path.suffix == ".txt" and path.stem in folder.by_stem:
        return False
    some = [row.text for row in islice(rows(folder.path(name), name), 20)]
    return any(_picture_and_more(text) for text in some) or (len(some) > 1 and header_of(_split(some[0])) is not None)


def _picture_and_more(text: str) -> bool:
    match = _PICTURE.match(text)
    return match is not None and bool(text[match.end() :].strip())


def _split(text: str) -> list[str]:
    return _fields(text, "\t" if "\t" in text else ";" if ";" in text and "," not in text else ",", 2)


def _delimiter(folder: Folder, name: str) -> str:
    """Return what parts the fields of a table: of its first rows, a tab, else a comma or semicolon, else the space."""
    some = [row.text for row in islice(rows(folder.path(name), name), 20)]
    if any("\t" in text for text in some):
        return "\t"
    for delimiter in ",;":
        if header_of(_fields(some[0], delimiter, 2)) if some else False:
            return delimiter
    ends = [text[match.end() : match.end() + 1] for text in some if (match := _PICTURE.match(text))]
    return max(",; ", key=lambda mark: sum(end == mark for end in ends))


def _fields(text: str, delimiter: str, columns: int) -> list[str]:
    """Return the fields of a row; what is too many for `columns` belongs to the last, as commas do in a text."""
    if delimiter in "\t ":
        return text.split(delimiter, 1) if delimiter == " " else text.split("\t")
    with_quotes = next(csv.reader([text], delimiter=delimiter, skipinitialspace=True), [])
    return with_quotes if len(with_quotes) <= columns else text.split(delimiter, columns - 1)
