"""Where the words of synthetic lines come from: documents that are split by file, and made-up numbers and codes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path
from unicodedata import normalize

import numpy as np

from text_recognizer.charset import ASCII
from text_recognizer.errors import UserError
from text_recognizer.synth.splits import TEXTS, Split

PROSE, WORDS, FIGURES = 0.84, 0.07, 0.07
"""Shares of the kinds of line; the rest is random characters, so that every character is met."""


class TextSource:
    """Draws the text of a line: mostly prose, some lists of words, some figures, a few random characters.

    Args:
        split: whose documents are used.
        folder: a folder of UTF-8 ``.txt`` files to use instead of the documents that come with the package.
        characters: the characters that a line may hold; others are left out of it.

    Raises:
        UserError: `folder` holds no text that could be drawn.
    """

    def __init__(self, split: Split = "train", folder: Path | None = None, characters: str = ASCII) -> None:
        self.characters = frozenset(characters)
        self.prose = folder_text(folder) if folder else bundled_text(*TEXTS[split])
        words = bundled_text("words.txt") if split == "train" and folder is None else self.prose
        self.words = words.split()[:20_000]
        undrawable = sorted(self.characters.difference(ASCII))
        if undrawable:
            raise UserError(f"charset: {undrawable} cannot be drawn, only the 95 of ASCII can; leave these out")
        visible = self.characters - {" "}
        if not visible or (folder and not visible.intersection(self.prose)):
            raise UserError(
                f"{folder or split}: no text to draw; add .txt files with words in the charset's characters"
            )

    def line(self, rng: np.random.Generator, length: int) -> str:
        """Return a line of about `length` characters, at least one, without leading, trailing or double spaces."""
        kind = rng.random()
        if kind < PROSE:
            text = self._prose(rng, length)
        elif kind < PROSE + WORDS:
            text = " ".join(_dressed(rng, self._word(rng)) for _ in range(max(1, length // 8)))
        elif kind < PROSE + WORDS + FIGURES:
            text = " ".join(_figure(rng, self._word) for _ in range(max(1, length // 6)))
        else:
            text = self._letters(rng, length)
        return self._clean(text, length) or self._clean(self._letters(rng, length), length) or self._letter(rng)

    def paragraph(self, rng: np.random.Generator, length: int) -> str:
        """Return about `length` characters of running prose."""
        return self._clean(self._prose(rng, length), length) or self._letter(rng)

    def _letters(self, rng: np.random.Generator, length: int) -> str:
        letters = sorted(self.characters)
        return "".join(letters[i] for i in rng.integers(len(letters), size=max(1, length // 2)))

    def _letter(self, rng: np.random.Generator) -> str:
        visible = sorted(self.characters - {" "})
        return visible[rng.integers(len(visible))]

    def _word(self, rng: np.random.Generator) -> str:
        return self.words[rng.integers(len(self.words))]

    def _prose(self, rng: np.random.Generator, length: int) -> str:
        start = int(rng.integers(max(1, len(self.prose) - length - 200)))
        start = self.prose.find(" ", start) + 1
        text = self.prose[start : start + length + 12]
        end = text.rfind(" ", 1, length + 3)
        text = text[:end] if end > 0 else text[:length]
        dice = rng.random()
        return text.upper() if dice < 0.03 else text.title() if dice < 0.05 else text

    def _clean(self, text: str, length: int) -> str:
        kept = "".join(character for character in text if character in self.characters)
        return " ".join(kept[: length + 4].split())


@cache
def bundled_text(*names: str) -> str:
    """Return the package's own documents, joined, with every run of white space as one space."""
    folder = files("text_recognizer.synth") / "data" / "text"
    return " ".join(" ".join((folder / name).read_text(encoding="utf-8").split()) for name in names)


@cache
def folder_text(folder: Path) -> str:
    """Return the text of all ``.txt`` files below `folder`, in the order of their names.

    Raises:
        UserError: the folder is missing, holds no ``.txt`` file, or a file is not UTF-8.
    """
    paths = sorted(folder.rglob("*.txt")) if folder.is_dir() else []
    if not paths:
        raise UserError(f"{folder}: holds no .txt file; name a folder with at least one text file")
    return " ".join(map(_text_of, paths))


def _text_of(path: Path) -> str:
    try:
        return " ".join(normalize("NFC", path.read_text(encoding="utf-8-sig")).split())
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: is not UTF-8 at byte {error.start} ({error.reason}); save it as UTF-8") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}); allow it or remove the file") from error


def _dressed(rng: np.random.Generator, word: str) -> str:
    """Return `word` in one of the cases and with one of the marks that words wear on forms and notes."""
    dice = rng.random()
    word = word.upper() if dice < 0.15 else word.capitalize() if dice < 0.4 else word
    return word + ("", "", "", "", ",", ".", ";", "'s", "!", "?", "-", ":")[rng.integers(12)]


def _figure(rng: np.random.Generator, word: Callable[[np.random.Generator], str]) -> str:
    """Return a number, date, price, code or the like, now and then a word between them."""
    a, b, year = int(rng.integers(1, 32)), int(rng.integers(1, 1000)), int(rng.integers(1900, 2036))
    forms = (
        *(f"{b}", f"{a},{b:03d}", f"{b / 7:.2f}", f"{a}/{1 + b % 12}/{year}", f"{year}", f"${a}.{b % 100:02d}"),
        *(f"{b % 100}%", f"({a})", f"#{b}", f"{a % 24}:{b % 60:02d}", f"+{b} {a:02d}-{year}", f"{a}*{b}=", f"[{a}]"),
        *(
            f"{year}-{1 + b % 12:02d}-{a:02d}",
            f"No. {b}",
            f"{a} & {b}",
            f'"{word(rng)}"',
            word(rng),
            f"{word(rng)}@{a}",
        ),
    )
    return forms[rng.integers(len(forms))]
