"""The documents that synthetic lines quote: those of the package, or a folder with one sub-folder per language."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from unicodedata import normalize

from text_recognizer.charset import LATIN
from text_recognizer.errors import UserError
from text_recognizer.synth.splits import Split, split_of_document

WEIGHTS = {"french": 4, "english": 3}
"""How much more often than another language these are drawn."""

WORDS = 20_000


@dataclass(frozen=True)
class Language:
    """The text of one language.

    Attributes:
        name: of its folder; "" for text that lies in no language's folder.
        prose: its documents, joined, with every run of white space as one space.
        words: some of its words, in the order of the text.
        rare: letter outside ASCII -> words with it, so that a letter that prose seldom holds can be drawn in a word.
        weight: how often it is drawn, relative to others.
    """

    name: str
    prose: str
    words: list[str]
    rare: dict[str, list[str]]
    weight: int = 1


def one_language(name: str, prose: str, words: list[str] | None = None) -> Language:
    """Return the language of a text; its words are spread over the text unless they are given."""
    if words is None:
        every = prose.split()
        words = every[:: len(every) // WORDS + 1] if name else every[:WORDS]
    return Language(name, prose, words, _rare(prose[:600_000].split()), WEIGHTS.get(name, 1))


def _rare(words: Iterable[str], most: int = 40) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in dict.fromkeys(words):
        if not word.isascii() and len(word) < 20:
            for character in {*word}:
                if character.isalpha() and character > "\x7f" and character in LATIN:
                    found.setdefault(character, []).append(word)
    return {character: found[character][:: len(found[character]) // most + 1] for character in sorted(found)}


@cache
def bundled_text(*names: str) -> str:
    """Return the package's own documents, joined, with every run of white space as one space."""
    folder = files("text_recognizer.synth") / "data" / "text"
    return " ".join(" ".join((folder / name).read_text(encoding="utf-8").split()) for name in names)


@cache
def folder_languages(folder: Path, split: Split) -> tuple[Language, ...]:
    """Return the languages of `folder`, one per sub-folder that holds text of `split`, in the order of their names.

    Files that lie in `folder` itself are taken as one language more. Documents belong to a split by their names
    (synth/splits.py); a folder without a document of `split` is the user's own and is taken whole.

    Raises:
        UserError: the folder is missing, holds no ``.txt`` file, or a file is not UTF-8.
    """
    paths = sorted(folder.rglob("*.txt")) if folder.is_dir() else []
    if not paths:
        raise UserError(f"{folder}: holds no .txt file; name a folder with at least one text file")
    paths = [path for path in paths if split_of_document(path.stem) == split] or paths
    by_name: dict[str, list[Path]] = {}
    for path in paths:
        by_name.setdefault(next(iter(path.relative_to(folder).parts[:-1]), ""), []).append(path)
    return tuple(one_language(name, " ".join(map(text_of, by_name[name]))) for name in sorted(by_name))


def text_of(path: Path) -> str:
    """Return the text of a file in NFC, with every run of white space as one space.

    Raises:
        UserError: it is not UTF-8 or cannot be read.
    """
    try:
        return " ".join(normalize("NFC", path.read_text(encoding="utf-8-sig")).split())
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is not UTF-8 at byte {error.start} ({error.reason}); save it as UTF-8") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); allow it or remove the file") from error
