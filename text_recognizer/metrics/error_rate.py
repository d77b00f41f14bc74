"""Character and word error rates, with a bootstrap interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance.Levenshtein import distance as edit_distance

from text_recognizer.errors import UserError


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


def character_error_rate(predictions: Sequence[str], truths: Sequence[str]) -> ErrorRate:
    """Return the character errors of `predictions` against `truths`.

    Raises:
        UserError: the two differ in length or are empty.
    """
    return _error_rate([list(text) for text in predictions], [list(text) for text in truths])


def word_error_rate(predictions: Sequence[str], truths: Sequence[str]) -> ErrorRate:
    """Return the word errors of `predictions` against `truths`; words are what white space separates."""
    return _error_rate([text.split() for text in predictions], [text.split() for text in truths])


def _error_rate(predictions: Sequence[list[str]], truths: Sequence[list[str]]) -> ErrorRate:
    if len(predictions) != len(truths) or not truths:
        raise UserError(f"{len(predictions)} predictions for {len(truths)} truths; give one for each, and at least one")
    errors = [edit_distance(p, t) for p, t in zip(predictions, truths, strict=True)]
    return ErrorRate(np.array(errors), np.array([len(truth) for truth in truths]))


def _rate(errors: int, units: int) -> float:
    return float(errors / units) if units else float(errors > 0)
