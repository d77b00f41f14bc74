"""Where the words of synthetic lines come from: documents that are split by file, and made-up numbers and codes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from text_recognizer.charset import ASCII, LATIN
from text_recognizer.errors import UserError
from text_recognizer.synth.documents import Language, bundled_text, folder_languages, one_language
from text_recognizer.synth.figures import continental_figure, dressed, figure, typeset
from text_recognizer.synth.splits import TEXTS, Split

PROSE, WORDS, FIGURES = 0.84, 0.07, 0.07
"""Shares of the kinds of line; the rest is random characters, so that every character is met."""
LATIN_PROSE, RARE = 0.81, 0.4
"""With letters beyond ASCII, more lines are random characters, and this share of words is drawn by a rare letter."""


class TextSource:
    """Draws the text of a line: mostly prose, some lists of words, some figures, a few random characters.

    Args:
        split: whose documents are used.
        folder: UTF-8 ``.txt`` files to use instead of the documents that come with the package; its sub-folders are
            languages, drawn with equal chances but for French and English, which are drawn more often.
        characters: the characters that a line may hold; others are left out of it.

    Raises:
        UserError: `folder` holds no text that could be drawn, or a character is not one of `charset.LATIN`.
    """

    def __init__(self, split: Split = "train", folder: Path | None = None, characters: str = ASCII) -> None:
        self.characters = frozenset(characters)
        undrawable = sorted(self.characters.difference(LATIN))
        if undrawable:
            raise UserError(
                f"charset: {undrawable} cannot be drawn, only the {len(LATIN)} of charset.LATIN can; leave these out"
            )
        self.languages = _languages(split, folder)
        self._letters = sorted(self.characters)
        self._visible = sorted(self.characters - {" "})
        self._beyond_ascii = bool(self.characters.difference(ASCII))
        weights = np.cumsum([language.weight for language in self.languages])
        self._shares = weights / weights[-1]
        has_text = any(set(self._visible) & {*language.prose} for language in self.languages)
        if not self._visible or (folder is not None and not has_text):
            raise UserError(
                f"{folder or split}: no text to draw; add .txt files with words in the charset's characters"
            )

    def line(self, rng: np.random.Generator, length: int) -> str:
        """Return a line of about `length` characters, at least one, without leading, trailing or double spaces."""
        kind = rng.random()
        language = self._language(rng)
        prose = LATIN_PROSE if self._beyond_ascii else PROSE
        if kind < prose:
            text = self._prose(rng, language, length)
        elif kind < prose + WORDS:
            text = " ".join(dressed(rng, self._word(rng, language)) for _ in range(max(1, length // 8)))
        elif kind < prose + WORDS + FIGURES:
            text = " ".join(self._figure(rng, language) for _ in range(max(1, length // 6)))
        else:
            text = self._random(rng, length)
        return self._clean(text, length) or self._clean(self._random(rng, length), length) or self._letter(rng)

    def paragraph(self, rng: np.random.Generator, length: int) -> str:
        """Return about `length` characters of running prose."""
        return self._clean(self._prose(rng, self._language(rng), length), length) or self._letter(rng)

    def _language(self, rng: np.random.Generator) -> Language:
        if len(self.languages) == 1:
            return self.languages[0]
        return self.languages[int(np.searchsorted(self._shares, rng.random(), side="right"))]

    def _random(self, rng: np.random.Generator, length: int) -> str:
        return "".join(self._letters[i] for i in rng.integers(len(self._letters), size=max(1, length // 2)))

    def _letter(self, rng: np.random.Generator) -> str:
        return self._visible[rng.integers(len(self._visible))]

    def _word(self, rng: np.random.Generator, language: Language) -> str:
        if self._beyond_ascii and language.rare and rng.random() < RARE:
            words = list(language.rare.values())[rng.integers(len(language.rare))]
            return words[rng.integers(len(words))]
        return language.words[rng.integers(len(language.words))]

    def _figure(self, rng: np.random.Generator, language: Language) -> str:
        draw = continental_figure if self._beyond_ascii and rng.random() < 0.6 else figure
        return draw(rng, lambda rng: self._word(rng, language))

    def _prose(self, rng: np.random.Generator, language: Language, length: int) -> str:
        start = int(rng.integers(max(1, len(language.prose) - length - 200)))
        start = language.prose.find(" ", start) + 1
        text = language.prose[start : start + length + 12]
        end = text.rfind(" ", 1, length + 3)
        text = text[:end] if end > 0 else text[:length]
        dice = rng.random()
        text = text.upper() if dice < 0.03 else text.title() if dice < 0.05 else text
        return typeset(rng, text) if self._beyond_ascii else text

    def _clean(self, text: str, length: int) -> str:
        kept = "".join(character for character in text if character in self.characters)
        return " ".join(kept[: length + 4].split())


def _languages(split: Split, folder: Path | None) -> tuple[Language, ...]:
    if folder is not None:
        return folder_languages(folder, split)
    prose = bundled_text(*TEXTS[split])
    words = bundled_text("words.txt") if split == "train" else prose
    return (one_language("", prose, words.split()[:20_000]),)
