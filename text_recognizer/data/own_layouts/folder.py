"""The files of a user's folder, and the pictures that its tables mean; nothing outside it is ever opened."""

from __future__ import annotations

import os
import posixpath
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from text_recognizer.data.own_layouts.texts import read_json
from text_recognizer.errors import UserError
from text_recognizer.image import SUFFIXES

PICTURES = frozenset(SUFFIXES - {".pdf"})

MOST_FILES = 2_000_000


class Folder:
    """A folder's files by their paths below it, with slashes, in the order of their names.

    Args:
        place: the folder, or one file in it (a table, an XML or JSON file) that alone is to be read.

    Raises:
        UserError: there is no such folder, or it holds no files or too many.
    """

    def __init__(self, place: Path) -> None:
        if not place.exists():
            raise UserError(f"{place}: there is no such folder; check the path")
        self.place = place
        self.root = place if place.is_dir() else place.parent
        self.files = _files(self.root)
        if not self.files:
            raise UserError(f"{place}: the folder is empty; name the folder that holds the lines")
        self.sources = self.files if place.is_dir() else [place.name]
        self._known = frozenset(self.files)
        self._folders = frozenset(str(parent) for name in self.files for parent in PurePosixPath(name).parents)
        self._json: dict[str, Any] = {}

    @cached_property
    def pictures(self) -> list[str]:
        return [name for name in self.files if PurePosixPath(name).suffix.lower() in PICTURES]

    @cached_property
    def by_stem(self) -> dict[str, list[str]]:
        """The pictures by the names of their files without suffix."""
        found: dict[str, list[str]] = {}
        for name in self.pictures:
            found.setdefault(PurePosixPath(name).stem, []).append(name)
        return found

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.files:
            found.setdefault(PurePosixPath(name).name, []).append(name)
        return found

    def path(self, name: str) -> Path:
        return self.root / name

    def holds(self, name: str) -> bool:
        return name in self._known

    def ending(self, *suffixes: str) -> list[str]:
        """Return the files to be read whose names end so, in small letters or capitals."""
        return [name for name in self.sources if name.lower().endswith(suffixes)]

    def json(self, name: str) -> Any:
        """Return what a JSON file holds; it is read once."""
        if name not in self._json:
            self._json[name] = read_json(self.path(name), name)
        return self._json[name]

    def meant(self, reference: str, beside: str, also: tuple[str, ...] = ()) -> str:
        """Return the file that a table or page means by a path.

        Looked for beside the table, in the folder itself, in the folders `also`, and, where the path begins with
        folders of another machine, by what is left without them.

        Args:
            reference: as it stands in the table; back slashes count as slashes.
            beside: path of the table below the folder.
            also: folders beside the table where its tool keeps pictures.

        Raises:
            UserError: it leaves the folder, or there is no such file.
        """
        stated = reference.strip().replace("\\", "/")
        if not stated or "\0" in stated or len(stated) > 1024:
            raise UserError(f"{stated[:60]!r} is not the path of a picture; correct it")
        parent = posixpath.dirname(beside)
        starts = [parent, "", *(posixpath.join(parent, folder) for folder in also)]
        absolute = stated.startswith("/") or stated[1:3] == ":/"
        upwards = ".." in stated.split("/")
        if upwards and (absolute or posixpath.normpath(posixpath.join(parent, stated)).split("/")[0] == ".."):
            raise UserError(f"the path {stated!r} leaves the folder; move the picture into it")
        tries = [posixpath.normpath(posixpath.join(start, stated)) for start in starts[: 1 if upwards else None]]
        for name in [] if absolute else tries:
            if name in self._known:
                return name
        for name in self._shortened(stated, starts, absolute):
            if name in self._known:
                return name
        raise UserError(f"there is no picture {stated!r} in the folder; put it there or correct the path")

    def _shortened(self, stated: str, starts: list[str], absolute: bool) -> list[str]:
        """Return the paths that are left when leading folders, which are not here, are taken away."""
        parts = [part for part in stated.split("/") if part not in ("", ".")]
        found = []
        while len(parts) > 1:
            here = any(posixpath.normpath(posixpath.join(start, parts[0])) in self._folders for start in starts)
            if here and not absolute:
                break
            parts = parts[1:]
            found += [posixpath.normpath(posixpath.join(start, *parts)) for start in starts]
        return found


def _files(root: Path) -> list[str]:
    found: list[str] = []
    for place, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        below = Path(place).relative_to(root).as_posix()
        files = (name for name in names if not name.startswith(".") and os.path.isfile(os.path.join(place, name)))
        found += [posixpath.normpath(f"{below}/{name}") for name in files]  # pipes and broken links are no files
        if len(found) > MOST_FILES:
            raise UserError(f"{root}: it holds more than {MOST_FILES:,} files; name the folder of the lines itself")
    return sorted(found)
