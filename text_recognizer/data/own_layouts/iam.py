"""The IAM handwriting database as it is handed out: pictures of lines or forms, xml or ascii texts, lists of splits.

Source: Marti and Bunke 2002; the formats are told at the head of its lines.txt and forms.txt.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element

import numpy as np

from text_recognizer.data.own_layouts.folder import Folder
from text_recognizer.data.own_layouts.items import Collected, Item
from text_recognizer.data.own_layouts.page_files import page_size, root_of
from text_recognizer.data.own_layouts.pictures import FilePicture, LinePicture, PagePicture, scale_of
from text_recognizer.data.own_layouts.texts import read_xml, rows
from text_recognizer.data.page_xml import TextLine
from text_recognizer.errors import UserError

LISTS = {"trainset.txt": "train", "validationset1.txt": "val", "validationset2.txt": "val", "testset.txt": "test"}
"""The large writer independent task: no writer is in two of them."""

_LINE = re.compile(r"^([a-z]\d\d-\d{3}[a-z]?)-(\d\d)\s+(?:ok|err)\s+(-?\d+)\s+(-?\d+)\s+((?:-?\d+\s+){4})(\S.*)?$")
_BEFORE_MARK = re.compile(r" (?=[,.;:!?)](?: |$))")


@dataclass
class Line:
    """A line of a form: its text, where it is told, and the box of its ink as x, y, width and height."""

    form: str
    number: int
    text: str
    told_in: str
    box: tuple[float, float, float, float] | None
    page_width: float | None = None

    @property
    def identity(self) -> str:
        return f"{self.form}-{self.number:02d}"


def evidence(folder: Folder) -> str:
    told = [*_tables(folder), *_forms(folder)[:1]]
    return " and ".join(told[:2])


def read(folder: Folder, found: Collected) -> None:
    lines: dict[str, Line] = {}
    writers: dict[str, str] = {}
    for name in _tables(folder):
        lines |= {line.identity: line for line in _from_table(folder, name, found)}
    for name in _forms(folder):
        with found.reporting():
            root = read_xml(folder.path(name), name)
            writers[root.get("id") or PurePosixPath(name).stem] = root.get("writer-id") or ""
            try:
                lines |= {line.identity: line for line in lines_of_form(root, name)}
            except ValueError as error:
                raise UserError(f"{name}: a size or a box in it is no number ({error}); correct it") from None
    for name in folder.by_name.get("forms.txt", []):
        writers = dict(_writers(folder, name)) | writers
    splits = dict(_splits(folder, found))
    scales: dict[str, float] = {}
    for identity in sorted(lines):
        with found.reporting():
            _add(folder, lines[identity], writers, splits, scales, lines, found)
    for identity, (split, name) in splits.items():
        if identity not in lines:
            found.faults.append(f"{name}: {identity} ({split}) is told neither in xml nor in lines.txt; add its form")


def _add(
    folder: Folder,
    line: Line,
    writers: dict[str, str],
    splits: dict[str, tuple[str, str]],
    scales: dict[str, float],
    lines: dict[str, Line],
    found: Collected,
) -> None:
    split = splits.get(line.identity, (None, ""))[0]
    writer = writers.get(line.form) or None
    own = _single(folder, line.identity)
    if own:
        place: LinePicture = FilePicture(folder.path(own), own)
        found.add(Item(own, line.text, place, own, writer or line.form, split))
        return
    form = _single(folder, line.form)
    called = f"{line.told_in} line {line.identity}"
    if not form:
        raise UserError(f"{called}: there is neither {line.identity}.png nor the form {line.form}.png; put one there")
    if line.box is None:
        raise UserError(f"{called}: no box of its ink is told; give the picture of the line, {line.identity}.png")
    width, _ = page_size(folder, form)
    shrunk = width / line.page_width if line.page_width else 1.0
    if form not in scales:
        boxes = [other.box for other in lines.values() if other.form == line.form and other.box]
        scales[form] = scale_of([boxed("", *(side * shrunk for side in box)) for box in boxes])
    place = PagePicture(folder.path(form), called, boxed("", *(side * shrunk for side in line.box)), scales[form])
    found.add(Item(called, line.text, place, form, writer or line.form, split, True))


def boxed(text: str, x: float, y: float, width: float, height: float) -> TextLine:
    """Return a line whose place is told by a box alone: it is written at three quarters of its height."""
    baseline_N2 = np.array([[x, y + 0.75 * height], [x + width, y + 0.75 * height]])
    polygon_M2 = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
    return TextLine(text, baseline_N2, polygon_M2, "", "")


def _single(folder: Folder, stem: str) -> str | None:
    return next(iter(folder.by_stem.get(stem, [])), None)


def _from_table(folder: Folder, name: str, found: Collected) -> Iterator[Line]:
    for row in rows(folder.path(name), name):
        match = _LINE.match(row.text)
        if match:
            box = tuple(float(number) for number in match[5].split())
            text = _BEFORE_MARK.sub("", (match[6] or "").replace("|", " "))
            place = (box[0], box[1], box[2], box[3]) if box[2] > 0 and box[3] > 0 else None
            yield Line(match[1], int(match[2]), text, name, place)
        elif not row.text.startswith("#"):
            what = row.wrong or f"it is not told as a01-000u-00 ok 154 19 408 746 1663 91 A|MOVE: {row.text[:40]!r}"
            found.faults.append(f"{name} row {row.number}: {what}; correct it")


def lines_of_form(root: Element, name: str) -> Iterator[Line]:
    """Yield the lines of a form's XML, with the boxes of their ink in the pixels of the page that it speaks of."""
    form = root.get("id") or PurePosixPath(name).stem
    width = float(root.get("width") or 0) or None
    for number, part in enumerate(root.iterfind("handwritten-part/line")):
        last = (part.get("id") or "").rpartition("-")[2]
        text = html.unescape(part.get("text") or "")  # the database escapes its quotes twice
        yield Line(form, int(last) if last.isdigit() else number, text, name, _box_of(part), width)


def _box_of(line: Element) -> tuple[float, float, float, float] | None:
    corners = [[float(part.get(key) or 0) for key in ("x", "y", "width", "height")] for part in line.iter("cmp")]
    if not corners:
        return None
    left, top = (min(box[axis] for box in corners) for axis in (0, 1))
    right, bottom = (max(box[axis] + box[axis + 2] for box in corners) for axis in (0, 1))
    return left, top, right - left, bottom - top


def _writers(folder: Folder, name: str) -> Iterator[tuple[str, str]]:
    for row in rows(folder.path(name), name):
        fields = row.text.split()
        if len(fields) >= 2 and not row.text.startswith("#"):
            yield fields[0], fields[1]


def _splits(folder: Folder, found: Collected) -> Iterator[tuple[str, tuple[str, str]]]:
    seen: dict[str, str] = {}
    for file, split in LISTS.items():
        for name in folder.by_name.get(file, []):
            for row in rows(folder.path(name), name):
                identity = row.text.strip()
                if seen.setdefault(identity, split) != split:
                    raise UserError(f"{name} row {row.number}: {identity} is in {seen[identity]} too; keep it in one")
                yield identity, (split, name)


def _tables(folder: Folder) -> list[str]:
    return [name for name in folder.ending("lines.txt") if _tells_lines(folder, name)]


def _tells_lines(folder: Folder, name: str) -> bool:
    return any(_LINE.match(row.text) for row in islice(rows(folder.path(name), name), 60))


def _forms(folder: Folder) -> list[str]:
    return [name for name in folder.ending(".xml") if root_of(folder.path(name)) == "form"]
