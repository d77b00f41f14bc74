"""Writing own lines in the default layout: ``x.png`` + ``x.gt.txt``, and a manifest that is written last."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from text_recognizer.data.own_data import WHITESPACE, OwnData, OwnLine
from text_recognizer.data.own_layouts.pairs import MANIFEST, TEXT
from text_recognizer.data.own_layouts.pictures import digest_of
from text_recognizer.errors import UserError
from text_recognizer.image import open_image

FORMAT = 1

LONGEST_NAME = 80
"""Characters of a file's name before its endings."""

_BESIDE = re.compile(r"\..+\.\d+\.part")
"""What an earlier run was writing when it was stopped."""


@dataclass(frozen=True)
class Written:
    """What came of writing: the folder, the lines in it, and how many of them were there before."""

    folder: Path
    lines: int
    kept: int


def write_pairs(data: OwnData, folder: Path, parts: Mapping[str, Sequence[OwnLine]] | None = None) -> Written:
    """Write each line as a picture and its text, in a folder per split where there are splits.

    Every file is whole or absent. A run that was interrupted goes on where it stopped when it is started again: what
    is there already is compared, not written. The manifest, with the SHA-256 of every file, comes last.

    Args:
        data: the lines.
        folder: is made where it is missing; may hold nothing but an earlier run's files.
        parts: the lines of each split, as `splits` returns them; those of the layout if left out.

    Raises:
        UserError: the folder is that of the lines, holds other files, or cannot be written to.
    """
    folder = Path(folder)
    if folder.resolve() == data.folder.resolve():
        raise UserError(f"{folder}: the lines are read from there; name a folder beside {data.folder}")
    lines = _placed(data, parts)
    names = _names([line for line, _ in lines], [split for _, split in lines])
    _prepare(folder, names)
    groups = _groups(lines)
    told, kept = {}, 0
    for (line, split), name in zip(lines, names, strict=True):
        picture, text, was_there = _write(folder, name, line)
        kept += was_there
        told[f"{name}.png"] = {
            "sha256": hashlib.sha256(picture).hexdigest(),
            "text_sha256": hashlib.sha256(text).hexdigest(),
            "group": groups[line.name],
            "split": split,
            "made_from": line.name,
        }
    manifest = {"format": FORMAT, "from_layout": data.layout, "unicode": data.form, "white_space": WHITESPACE}
    content = json.dumps(manifest | {"lines": told}, indent=1, ensure_ascii=False) + "\n"
    _whole(folder / MANIFEST, content.encode())
    return Written(folder, len(lines), kept)


def _placed(data: OwnData, parts: Mapping[str, Sequence[OwnLine]] | None) -> list[tuple[OwnLine, str | None]]:
    if parts is None:
        return [(line, line.split) for line in data.lines]
    return [(line, split) for split, lines in parts.items() for line in lines]


def _groups(lines: Sequence[tuple[OwnLine, str | None]]) -> dict[str, str]:
    """Return for each line the group that is written: its own, or less of it where a split went through that."""
    units: tuple[Callable[[OwnLine], str], ...] = (lambda line: line.group, lambda line: line.page)
    found = {line.name: line.name for line, _ in lines}
    for unit in reversed(units):
        homes: dict[str, set[str | None]] = {}
        for line, split in lines:
            homes.setdefault(unit(line), set()).add(split)
        found |= {line.name: unit(line) for line, _ in lines if len(homes[unit(line)]) == 1}
    return found


def _names(lines: Sequence[OwnLine], split_of: Sequence[str | None]) -> list[str]:
    """Return for each line the path of its files without their endings; no two differ in capitals only."""
    taken: set[str] = set()
    names = []
    for line, split in zip(lines, split_of, strict=True):
        name = stem = _stem(line)
        number = 1
        while f"{split}/{name}".lower() in taken:
            number += 1
            name = f"{stem}_{number}"
        taken.add(f"{split}/{name}".lower())
        names.append(f"{split}/{name}" if split else name)
    return names


def _stem(line: OwnLine) -> str:
    """Return a name that every system takes and that has no dots, at which some tools cut names."""
    called = re.search(r"\((.*)\)$", line.name)
    plain = re.sub(r"\.[A-Za-z]{2,4}(?=$| )", "", called[1] if called else line.name)
    plain = re.sub(r"\d+$", lambda number: number[0].zfill(4), plain) if " line " in plain else plain
    return re.sub(r"[^\w-]+", "_", plain).strip("_")[-LONGEST_NAME:] or "line"


def _prepare(folder: Path, names: Sequence[str]) -> None:
    """Make the folder, refuse what does not belong into it, and take away the manifest of an earlier run."""
    try:
        for part in {folder / name for name in names} or {folder / "x"}:
            part.parent.mkdir(parents=True, exist_ok=True)
        ours = {f"{name}{ending}" for name in names for ending in (".png", TEXT)} | {MANIFEST}
        for path in sorted(folder.rglob("*")):
            if path.is_file() and _BESIDE.fullmatch(path.name):
                path.unlink()
            elif path.is_file() and (name := path.relative_to(folder).as_posix()) not in ours:
                raise UserError(f"{folder}: it holds {name}, which is not one of these lines; name a new folder")
        (folder / MANIFEST).unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot be written to ({error.strerror}); name another folder") from error


def _write(folder: Path, name: str, line: OwnLine) -> tuple[bytes, bytes, bool]:
    """Write the two files of a line, or find them written; return their contents and whether they were there."""
    picture_path, text_path = folder / f"{name}.png", folder / f"{name}{TEXT}"
    text = f"{line.text}\n".encode()
    picture = _content_of(picture_path, line)
    was_there = picture is not None and text_path.is_file() and text_path.read_bytes() == text
    if picture is None:
        stream = io.BytesIO()
        Image.fromarray(line.image_HW()).save(stream, "PNG")
        picture = stream.getvalue()
        _whole(picture_path, picture)
    if not was_there:
        _whole(text_path, text)
    return picture, text, was_there


def _content_of(path: Path, line: OwnLine) -> bytes | None:
    """Return the bytes of a picture that shows the line already, None where there is none or another."""
    if not path.is_file():
        return None
    content = path.read_bytes()
    with suppress(UserError):
        if digest_of(open_image(content)) == line.digest:
            return content
    return None


def _whole(path: Path, content: bytes) -> None:
    """Write a file beside its place and put it there when it is whole."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise UserError(f"{path}: it cannot be written ({error.strerror}); make room or name another folder") from error
