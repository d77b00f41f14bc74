"""The IAM handwriting database: forms, their writers, the place and text of every line, and its published splits."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from text_recognizer.data.own_layouts.iam import LISTS, boxed, lines_of_form
from text_recognizer.data.own_layouts.texts import xml_of
from text_recognizer.data.page_store import (
    StoredLine,
    StoredPage,
    TranscribedPage,
    read_pages_of,
    write_pages,
)
from text_recognizer.data.page_xml import TextLine
from text_recognizer.data.prepared import prepared
from text_recognizer.data.raw_sets import RawSet, read_raw_set
from text_recognizer.data.split_overlap import Overlap, apart
from text_recognizer.errors import UserError
from text_recognizer.image import SUFFIXES, open_image

ARCHIVE = "iamdb.zip"
VERSION = 1

IAMSplit = Literal["aachen", "lwitlrt", "course"]
"""aachen: trains on the lines of trainset.txt, validates and tests on published lists of forms; lwitlrt: the lines of
the four lists of the large writer independent text line recognition task, both of validation together; course: all
lines of the forms in those lists, and every other form for training."""


@dataclass(frozen=True)
class IAM:
    """The prepared database.

    Attributes:
        pages: every form with a transcribed line, by name.
        lists: the names in each list of the archive, by the list's file.
        published: lists of forms from the metadata, by split and part.
        left_out: lines without ink or text.
    """

    pages: list[StoredPage]
    lists: Mapping[str, list[str]]
    published: Mapping[str, Mapping[str, list[str]]]
    left_out: list[str]

    @property
    def writers(self) -> dict[str, list[str]]:
        """The forms of each writer."""
        found: dict[str, list[str]] = {}
        for page in self.pages:
            found.setdefault(page.writer, []).append(page.identity)
        return found

    def split(self, name: IAMSplit, overlap: Overlap = "refuse") -> tuple[dict[str, list[StoredLine]], list[str]]:
        """Return the lines of "train", "val" and "test" in a published split, and sentences on what was left out.

        Raises:
            UserError: a writer or form is in two of them, or one has no line.
        """
        members = self._members(name)
        lines = [line for page in self.pages for line in page.lines]
        parts = {part: [line for line in lines if _in(line, names)] for part, names in members.items()}
        if name == "course":
            held = members["val"] | members["test"]
            parts["train"] = [line for line in lines if line.of_page not in held]
        empty = [part for part, found in parts.items() if not found]
        if empty:
            raise UserError(f"iam: the split {name} has no line in {' and '.join(empty)}; its lists name other forms")
        return apart(f"iam, split {name}", parts, overlap)

    def _members(self, name: IAMSplit) -> dict[str, set[str]]:
        """Return the names of forms or lines in each part of a split."""
        listed: dict[str, set[str]] = {"train": set(), "val": set(), "test": set()}
        for file, part in LISTS.items():
            listed[part] |= set(self.lists.get(file, []))
        if name == "lwitlrt":
            return listed
        if name == "course":
            return {part: {_form_of(member) for member in members} for part, members in listed.items()}
        forms = self.published.get("aachen", {})
        return {part: set(forms.get(part, [])) or listed[part] for part in listed}


def read_iam(data: Path) -> IAM:
    """Return the database, fetched and prepared unless it is there.

    Args:
        data: folder of prepared data, downloads and descriptions.

    Raises:
        UserError: it cannot be had or read.
    """
    raw = read_raw_set("iam", data)
    recipe = {"set": "iam", "version": VERSION, "sources": raw.digests()}
    folder = prepared(data / "iam", recipe, lambda beside: _write(beside, raw, data))
    pages, index = read_pages_of(folder)
    return IAM(pages, index["lists"], raw.splits, index["left_out"])


def _write(beside: Path, raw: RawSet, data: Path) -> None:
    archive = raw.fetched(data, ARCHIVE)
    try:
        with zipfile.ZipFile(archive) as files:
            write_pages(beside, _forms(files), {"lists": _lists(files)})
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise UserError(f"{archive}: it cannot be unpacked ({error}); remove it and fetch it again") from error


def _forms(files: zipfile.ZipFile) -> Iterator[TranscribedPage]:
    """Yield the forms of the archive whose XML and picture are in it."""
    pictures = {PurePosixPath(name).stem: name for name in sorted(files.namelist()) if _is_picture(name)}
    for name in sorted(files.namelist()):
        if not name.endswith(".xml") or name.startswith("__MACOSX"):
            continue
        root = xml_of(files.read(name), name)
        form = root.get("id") or PurePosixPath(name).stem
        if root.tag != "form" or form not in pictures:
            continue
        content = files.read(pictures[form])
        yield TranscribedPage(form, root.get("writer-id"), content, list(_lines(root, name, content)))


def _lines(root, name: str, content: bytes) -> Iterator[tuple[str, TextLine]]:  # type: ignore[no-untyped-def]
    """Yield the lines of a form with their places in the pixels of its picture, which may be a smaller one."""
    width = open_image(content).shape[1]
    for line in lines_of_form(root, name):
        if line.box and line.text.strip():
            shrunk = width / line.page_width if line.page_width else 1.0
            yield line.identity, boxed(line.text.strip(), *(side * shrunk for side in line.box))


def _lists(files: zipfile.ZipFile) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in sorted(files.namelist()):
        file = PurePosixPath(name).name
        if file in LISTS:
            found[file] = files.read(name).decode("utf-8", "replace").split()
    return found


def _is_picture(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in SUFFIXES and not name.startswith("__MACOSX")


def _form_of(member: str) -> str:
    """Return the form that a list's line is of.

    >>> _form_of("a01-000u-00"), _form_of("a01-000u")
    ('a01-000u', 'a01-000u')
    """
    match = re.match(r"([a-z]\d\d-\d{3}[a-z]?)(-\d\d)?$", member)
    return match[1] if match else member


def _in(line: StoredLine, names: set[str]) -> bool:
    return line.identity in names or line.of_page in names
