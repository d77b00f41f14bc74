"""The pictures that a command line names: files, folders and the standard input."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from text_recognizer.errors import UserError

STDIN = "-"


@dataclass(frozen=True)
class Source:
    """One picture file.

    Attributes:
        path: where it is, or None for the standard input.
        stem: path without suffix relative to the folder that was named; what its results are called.
    """

    path: Path | None
    stem: Path

    def __str__(self) -> str:
        return STDIN if self.path is None else str(self.path)


def find_sources(names: Iterable[str], suffixes: Iterable[str]) -> list[Source]:
    """Return the pictures named, those of a folder in order of their paths; hidden files are passed over.

    Whether a file exists and is a picture is found out when it is read, so that one bad file stops no other.

    Args:
        names: files, folders, ``-``.
        suffixes: in lower case; which files of a folder are pictures.

    Raises:
        UserError: a folder holds no picture.
    """
    known, sources = frozenset(suffixes), list[Source]()
    for name in names:
        path = Path(name)
        if name == STDIN:
            sources.append(Source(None, Path("stdin")))
        elif os.path.isdir(name):  # unlike Path.is_dir this says no to impossible names
            sources += _in_folder(path, known)
        else:
            sources.append(Source(path, Path(path.stem)))
    return sources


def result_names(sources: Iterable[Source], suffix: str) -> list[Path]:
    """Return a relative path for each source's result; a name that is taken gets ``-2``, ``-3`` and so on."""
    taken: set[Path] = set()
    names = []
    for source in sources:
        name, number = source.stem.with_name(source.stem.name + suffix), 1
        while name in taken:
            number += 1
            name = source.stem.with_name(f"{source.stem.name}-{number}{suffix}")
        taken.add(name)
        names.append(name)
    return names


def _in_folder(folder: Path, suffixes: frozenset[str]) -> list[Source]:
    below = ((path, path.relative_to(folder)) for path in sorted(folder.rglob("*")))
    shown = [(path, name) for path, name in below if not any(part.startswith(".") for part in name.parts)]
    pictures = [Source(path, name.with_suffix("")) for path, name in shown if path.suffix.lower() in suffixes]
    if not pictures:
        kinds = ", ".join(sorted(suffixes))
        raise UserError(f"{folder}: none of the {len(shown)} things in this folder is a picture; add any of {kinds}")
    return [picture for picture in pictures if picture.path and picture.path.is_file()]
