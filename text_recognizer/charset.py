"""The characters that a model can write, and the numbers it calls them by."""

import unicodedata
from collections.abc import Iterable

from text_recognizer.errors import UserError

ASCII = "".join(map(chr, range(32, 127)))
"""The 95 printable ASCII characters, in code-point order."""

LATIN = (
    ASCII
    + "".join(chr(code) for code in range(0xC0, 0x100) if chr(code) not in "×÷")
    + "ĂăĄąĆćČčĎďĐđĘęĚěŁłĽľŃńŇňŐőŒœŘřŚśŠšŤťŮůŰűŸŹźŻżŽžȘșȚț"
    + "¡¢£§ª«°±²µ·º»½¿×÷–—‘’‚“”„†•…‹›€№−"
)
"""ASCII, the letters of Western and Central European languages, typographic marks and currency; ASCII comes first."""


class Charset:
    """An ordered set of characters; label 0 is the CTC blank, label i + 1 is the i-th character.

    Args:
        characters: each character once, every one a single code point in Unicode's NFC form.

    Raises:
        UserError: `characters` is empty, repeats a character or holds one that NFC would change.
    """

    blank = 0

    def __init__(self, characters: str) -> None:
        if not characters:
            raise UserError("charset: it holds no characters; give at least one")
        repeated = sorted({c for c in characters if characters.count(c) > 1})
        if repeated:
            raise UserError(f"charset: {_names(repeated)} appear more than once; list each character once")
        changed = [c for c in characters if unicodedata.normalize("NFC", c) != c]
        if changed:
            raise UserError(f"charset: {_names(changed)} change under NFC; list their composed forms")
        self.characters = characters
        self._labels = {character: label for label, character in enumerate(characters, start=1)}

    @property
    def classes(self) -> int:
        """The number of labels a model with this charset scores: the blank and each character."""
        return len(self.characters) + 1

    def encode(self, text: str) -> list[int]:
        """Return the labels of `text` after NFC.

        Raises:
            UserError: some characters are not in the charset; the message names them.
        """
        composed = unicodedata.normalize("NFC", text)
        missing = self.unknown(composed)
        if missing:
            raise UserError(
                f"text {_shortened(text)!r}: {_names(missing)} not among the {len(self.characters)} characters of the"
                " charset; replace them or use a model whose charset has them"
            )
        return [self._labels[character] for character in composed]

    def decode(self, labels: Iterable[int]) -> str:
        """Return the text that `labels` stand for; blanks are dropped, repeats are kept."""
        return "".join(self.characters[label - 1] for label in labels if label != self.blank)

    def unknown(self, text: str) -> list[str]:
        """Return the characters of `text` (after NFC) that have no label, each once, in code-point order."""
        return sorted(set(unicodedata.normalize("NFC", text)) - self._labels.keys())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Charset) and other.characters == self.characters

    def __hash__(self) -> int:
        return hash(self.characters)

    def __repr__(self) -> str:
        return f"Charset({self.characters!r})"


def _names(characters: list[str], limit: int = 10) -> str:
    named = [f"{character!r} (U+{ord(character):04X})" for character in characters[:limit]]
    more = len(characters) - limit
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def _shortened(text: str, limit: int = 40) -> str:
    return text if len(text) <= limit else text[:limit] + "..."
