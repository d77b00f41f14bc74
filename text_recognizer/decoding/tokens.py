"""The tokens that a model writes one after the other: the charset's labels, and the three that are no character."""

from __future__ import annotations

from collections.abc import Iterable

from text_recognizer.charset import Charset

SPECIAL = 3
"""Tokens that are no character: padding, start and end."""


class Tokens:
    """Token 0 is padding, token i + 1 the i-th character, and behind them come start and end.

    >>> tokens = Tokens("abc")
    >>> tokens.encode("cab")
    [4, 3, 1, 2, 5]
    >>> tokens.decode([3, 1, 5, 2])
    'ca'

    Args:
        characters: in the order of their labels.
    """

    padding = Charset.blank

    def __init__(self, characters: str) -> None:
        self.charset = Charset(characters)
        self.start, self.end = self.charset.classes, self.charset.classes + 1
        self.count = len(characters) + SPECIAL

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text between start and end.

        Raises:
            UserError: some characters are not in the charset; the message names them.
        """
        return [self.start, *self.charset.encode(text), self.end]

    def decode(self, tokens: Iterable[int]) -> str:
        """Return the text up to the first end token; padding and start say nothing."""
        labels = []
        for token in tokens:
            if token == self.end:
                break
            if token not in (self.padding, self.start):
                labels.append(token)
        return self.charset.decode(labels)
