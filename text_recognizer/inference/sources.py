"""The pictures that a command line names: files, folders, archives, the standard input and places elsewhere.

They are found while others are read already, so that a million of them need no more memory than ten.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from text_recognizer.errors import UserError
from text_recognizer.image import Limits
from text_recognizer.inference.places import KeptFile, LocalFile, Passing, Place, standard_input
from text_recognizer.inference.result_names import ResultNames as ResultNames
from text_recognizer.inference.result_names import safe_stem as safe_stem

STDIN = "-"
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True)
class Source:
    """One picture file.

    Attributes:
        name: as it is shown to people.
        stem: path without suffix, what its results are called; never absolute and never with ``..``.
        place: where its bytes are; None if they cannot be had.
        problem: why not.
        file: counts the files that hold the sources, from 0; all members of an archive are in one.
    """

    name: str
    stem: Path
    place: Place | None = None
    problem: str = ""
    file: int = 0

    def __str__(self) -> str:
        return self.name

    @property
    def is_anonymous(self) -> bool:
        """Whether nothing is known of the bytes before they have been read."""
        return isinstance(self.place, Passing) and self.place.mark is None

    def content(self, limits: Limits) -> Path | bytes:
        """Return the file, or its bytes.

        Raises:
            UserError: they cannot be had, or there are more than the limit.
        """
        if self.place is None:
            raise UserError(self.problem)
        return self.place.content(self.name, limits)

    def kept(self, folder: Path, limits: Limits) -> Source:
        """Return the source in a place that can be read again, a copy in a folder if it passes by once only."""
        if not isinstance(self.place, Passing):
            return self
        try:
            return replace(self, place=self.place.kept(self.name, folder, limits))
        except UserError as error:
            return replace(self, place=None, problem=str(error))

    def forget(self) -> None:
        """Remove the copy that was kept, if there is one."""
        if isinstance(self.place, KeptFile):
            self.place.path.unlink(missing_ok=True)


def find_sources(names: Iterable[str], suffixes: Iterable[str]) -> Iterator[Source]:
    """Yield the pictures named, those of a folder in order of their paths; hidden files are passed over.

    Whether a file exists and is a picture is found out when it is read, so that one bad file stops no other. A folder
    or an archive that holds none is a source with a problem.

    Args:
        names: files, folders, archives, ``-``, and URLs of files, folders and patterns.
        suffixes: in lower case; which files of a folder or an archive are pictures.
    """
    known, file = frozenset(suffixes), -1
    for name in names:
        last = None
        for source, key in _named(name, known):
            file += key != last
            last = key
            yield replace(source, file=file)


def count_files(names: Iterable[str], suffixes: Iterable[str]) -> int:
    """Return how many files the names stand for; an archive and a place elsewhere count as one each."""
    known, files = frozenset(suffixes), 0
    for name in names:
        if is_elsewhere(name) or not os.path.isdir(name):
            files += 1
        else:
            files += sum(1 for path, _ in _shown(Path(name)) if _is_picture(path, known) or is_archive(path.name))
    return files


def is_elsewhere(name: str) -> bool:
    """Return whether a name is that of a place on another machine."""
    return _ELSEWHERE.match(name) is not None


def is_archive(name: str) -> bool:
    """Return whether a file's name is that of an archive."""
    return name.lower().endswith(ARCHIVES)


def is_picture(name: str, suffixes: frozenset[str]) -> bool:
    """Return whether a file's name is that of a picture."""
    return os.path.splitext(name)[1].lower() in suffixes


def printable(name: str) -> str:
    """Return a name from elsewhere with ``?`` for what would upset a terminal or a table."""
    return "".join(character if character.isprintable() else "?" for character in name)


def _named(name: str, suffixes: frozenset[str]) -> Iterator[tuple[Source, str]]:
    """Yield the sources that one name stands for, each with the file that holds it."""
    path = Path(name)
    if name == STDIN:
        yield Source(STDIN, Path("stdin"), standard_input()), name
    elif is_elsewhere(name):
        from text_recognizer.inference.remote import remote_sources

        yield from ((source, source.name) for source in remote_sources(name, suffixes))
    elif os.path.isdir(name):  # unlike Path.is_dir this says no to impossible names
        yield from _in_folder(path, suffixes)
    else:
        yield from ((source, name) for source in _of_file(path, Path(path.stem), suffixes))


def _of_file(path: Path, stem: Path, suffixes: frozenset[str]) -> Iterator[Source]:
    if is_archive(path.name):
        from text_recognizer.inference.archives import members

        yield from members(str(path), LocalFile(path), stem.with_name(without_archive(path.name)), suffixes)
    else:
        yield Source(str(path), stem, LocalFile(path))


def without_archive(name: str) -> str:
    """Return an archive's name without its suffix, or both of its suffixes."""
    suffix = next(suffix for suffix in sorted(ARCHIVES, key=len, reverse=True) if name.lower().endswith(suffix))
    return name[: -len(suffix)] or "archive"


def _in_folder(folder: Path, suffixes: frozenset[str]) -> Iterator[tuple[Source, str]]:
    shown = pictures = 0
    for path, problem in _shown(folder):
        shown += 1
        problem = problem or _broken_link(path, suffixes)
        if problem:
            pictures += 1
            yield Source(str(path), path.relative_to(folder), problem=problem), ""
        elif _is_picture(path, suffixes) or is_archive(path.name):
            pictures += 1
            stem = path.relative_to(folder).with_suffix("")
            yield from ((source, str(path)) for source in _of_file(path, stem, suffixes))
    if not pictures:
        yield Source(str(folder), Path(folder.name), problem=no_pictures(str(folder), "folder", shown, suffixes)), ""


def no_pictures(name: str, kind: str, shown: int, suffixes: frozenset[str]) -> str:
    """Return the sentence about a folder or an archive that holds no picture."""
    return f"{name}: none of the {shown} things in this {kind} is a picture; add any of {', '.join(sorted(suffixes))}"


def _shown(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield what is below a folder but hidden things, in order of the paths, and what is wrong with it, if anything."""
    try:
        with os.scandir(folder) as entries:
            listed = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
    except OSError as error:
        yield folder, f"{folder}: this folder cannot be listed ({error.strerror}); check its rights"
        return
    for name, is_folder in listed:
        if not name.startswith("."):
            yield folder / name, ""
            if is_folder:
                yield from _shown(folder / name)


def _broken_link(path: Path, suffixes: frozenset[str]) -> str:
    """Return the sentence about a link that is called like a picture and leads nowhere; nothing about all else."""
    if not is_picture(path.name, suffixes) or not path.is_symlink() or os.path.exists(path):
        return ""
    return f"{path}: this link leads to {os.readlink(path)}, where nothing is; put the picture there or remove the link"


def _is_picture(path: Path, suffixes: frozenset[str]) -> bool:
    return is_picture(path.name, suffixes) and path.is_file()
