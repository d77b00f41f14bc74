"""Error rates of a reader on a set, with bootstrap intervals over writers or fonts, and differences of two readers."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from text_recognizer.metrics.error_rate import ErrorRate, character_error_rate, word_error_rate

DRAWS = 2000
SHARE = 0.95

_PLAIN = str.maketrans(dict(zip("‘’‚“”„–—−", '\'\',"""---', strict=True)))


def plain(text: str) -> str:
    """Return the text as it is compared: NFC, typographic quotes, dashes and wide punctuation as plain ones, runs of
    white space as one space.

    Transcribers and readers differ in these without being wrong.

    >>> plain("l’art –  50（A）")
    "l'art - 50(A)"
    """
    narrow = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in unicodedata.normalize("NFC", text))
    return " ".join(narrow.translate(_PLAIN).split())


@dataclass(frozen=True)
class Interval:
    """A rate or difference with its 95 % bootstrap interval, all as shares (0.01 is 1 %)."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0


@dataclass(frozen=True)
class Score:
    """What one reader got wrong on one set.

    Attributes:
        characters, without_spaces, words: errors of each item.
        clusters_N: number of each item's writer, font or book.
    """

    characters: ErrorRate
    without_spaces: ErrorRate
    words: ErrorRate
    clusters_N: np.ndarray

    @property
    def clusters(self) -> int:
        return int(self.clusters_N.max()) + 1

    def cer(self) -> Interval:
        """Return the character error rate."""
        return _interval(self.characters.errors_N, self.characters.units_N, self.clusters_N)


def score(answers: Sequence[str], truths: Sequence[str], sources: Sequence[str]) -> Score:
    """Return what `answers` got wrong.

    Args:
        answers, truths: of each item.
        sources: writer, font or book of each item.
    """
    read, true = [plain(text) for text in answers], [plain(text) for text in truths]
    close_read, close_true = [text.replace(" ", "") for text in read], [text.replace(" ", "") for text in true]
    _, clusters_N = np.unique(sources, return_inverse=True)
    return Score(
        character_error_rate(read, true),
        character_error_rate(close_read, close_true),
        word_error_rate(read, true),
        clusters_N if clusters_N.max() > 0 else np.arange(len(sources)),
    )


def difference(ours: Score, peer: Score) -> Interval:
    """Return how much lower the CER of `ours` is than that of `peer` on the same items; above 0 ours is better."""
    fewer_N = peer.characters.errors_N - ours.characters.errors_N
    return _interval(fewer_N, ours.characters.units_N, ours.clusters_N)


def _interval(errors_N: np.ndarray, units_N: np.ndarray, clusters_N: np.ndarray, seed: int = 0) -> Interval:
    """Return the percentile bootstrap interval of errors per unit, over clusters."""
    errors_K, units_K = (np.bincount(clusters_N, weights=values) for values in (errors_N, units_N))
    picks = np.random.default_rng(seed).integers(len(units_K), size=(DRAWS, len(units_K)))
    rates = errors_K[picks].sum(1) / np.maximum(1, units_K[picks].sum(1))
    low, high = np.quantile(rates, [(1 - SHARE) / 2, (1 + SHARE) / 2])
    return Interval(float(errors_N.sum() / max(1, units_N.sum())), float(low), float(high))
