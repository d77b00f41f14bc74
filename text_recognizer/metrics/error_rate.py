"""Character and word error rates of texts, or of tokens of which some are no characters; with a bootstrap interval."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from rapidfuzz.distance.Levenshtein import distance as edit_distance

from text_recognizer.errors import UserError

Text = str | Sequence[Hashable]
"""A text as its characters, or as tokens."""


@dataclass(frozen=True)
class ErrorRate:
    """Errors and units of truth of each line, from which rates and intervals follow.

    Attributes:
        errors_N: edit distance of each line.
        units_N: characters or words of each line's truth.
    """

    errors_N: np.ndarray
    units_N: np.ndarray

    @property
    def rate(self) -> float:
        """Errors per unit of truth over all lines; 0 for no truth and no errors, 1 for errors without truth."""
        return _rate(self.errors_N.sum(), self.units_N.sum())

    def interval(self, share: float = 0.95, draws: int = 1000, seed: int = 0) -> tuple[float, float]:
        """Return the percentile bootstrap interval of the rate over lines.

        Source: Bisani & Ney 2004, "Bootstrap estimates for confidence intervals in ASR performance evaluation".
        """
        picks = np.random.default_rng(seed).integers(len(self.units_N), size=(draws, len(self.units_N)))
        rates = self.errors_N[picks].sum(1) / np.maximum(1, self.units_N[picks].sum(1))
        low, high = np.quantile(rates, [(1 - share) / 2, (1 + share) / 2])
        return float(low), float(high)


def character_error_rate(
    predictions: Sequence[Text], truths: Sequence[Text], ignored: Collection[Hashable] = ()
) -> ErrorRate:
    """Return the character errors of `predictions` against `truths`.

    Args:
        predictions, truths: strings, or lists of tokens.
        ignored: special tokens, as start, end and padding, which count neither as right nor as wrong.

    Raises:
        UserError: the two differ in length or are empty.
    """
    kept = [[[unit for unit in text if unit not in ignored] for text in texts] for texts in (predictions, truths)]
    return _error_rate(*kept)


def word_error_rate(
    predictions: Sequence[Text],
    truths: Sequence[Text],
    ignored: Collection[Hashable] = (),
    spaces: Collection[Hashable] = (),
) -> ErrorRate:
    """Return the word errors of `predictions` against `truths`; words are what white space separates.

    Args:
        predictions, truths: strings, or lists of tokens.
        ignored: special tokens, which neither count nor separate.
        spaces: the tokens that separate words.
    """
    return _error_rate(*([_words(text, ignored, spaces) for text in texts] for texts in (predictions, truths)))


def _words(text: Text, ignored: Collection[Hashable], spaces: Collection[Hashable]) -> list[Hashable]:
    if isinstance(text, str):
        return list("".join(unit for unit in text if unit not in ignored).split())
    units = [unit for unit in text if unit not in ignored]
    return [tuple(word) for is_space, word in groupby(units, spaces.__contains__) if not is_space]


def _error_rate(predictions: list[list[Hashable]], truths: list[list[Hashable]]) -> ErrorRate:
    if len(predictions) != len(truths) or not truths:
        raise UserError(f"{len(predictions)} predictions for {len(truths)} truths; give one for each, and at least one")
    errors = [edit_distance(p, t) for p, t in zip(predictions, truths, strict=True)]
    return ErrorRate(np.array(errors), np.array([len(truth) for truth in truths]))


def _rate(errors: int, units: int) -> float:
    return float(errors / units) if units else float(errors > 0)
