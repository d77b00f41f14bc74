"""Whether confidences mean something: how often what was read with confidence p is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein


@dataclass(frozen=True)
class Reliability:
    """Confidences in bins of equal width, beside how often they were right.

    Attributes:
        confidence_N: float64, mean confidence of each bin that is not empty.
        accuracy_N: float64, share of its items that were right.
        count_N: int64, its items.
    """

    confidence_N: np.ndarray
    accuracy_N: np.ndarray
    count_N: np.ndarray

    @property
    def expected_calibration_error(self) -> float:
        """Mean distance between confidence and accuracy over all items, 0 to 1.

        Source: Guo et al. 2017, "On calibration of modern neural networks", equation 3.
        """
        gaps = np.abs(self.confidence_N - self.accuracy_N)
        return float((gaps * self.count_N).sum() / max(1, self.count_N.sum()))


def reliability(confidences: np.ndarray, right: np.ndarray, bins: int = 15) -> Reliability:
    """Return confidences in 0 to 1 against whether each item was right, in bins of equal width."""
    place = np.minimum((np.asarray(confidences) * bins).astype(np.int64), bins - 1)
    count = np.bincount(place, minlength=bins)
    kept = count > 0
    means = [np.bincount(place, values, minlength=bins)[kept] / count[kept] for values in (confidences, right)]
    return Reliability(means[0], means[1], count[kept])


def right_characters(read: str, truth: str) -> np.ndarray:
    """Return for each character of `read` whether it stands in `truth` too, in the alignment with the fewest edits.

    >>> right_characters("hullo", "hello").astype(int)
    array([1, 0, 1, 1, 1])
    """
    right = np.ones(len(read), bool)
    for edit in Levenshtein.editops(read, truth):
        if edit.tag != "insert":
            right[edit.src_pos] = False
    return right


def coverage_curve(
    confidences: Sequence[float], errors: Sequence[int], lengths: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return what is left to be wrong when the least confident lines are set aside.

    Args:
        confidences: of the lines.
        errors: edits that each line needs.
        lengths: characters of each line's truth.

    Returns:
        Coverage (share of the characters that are kept), ascending, and the character error rate on them.
    """
    order = np.argsort(-np.asarray(confidences, np.float64), kind="stable")
    kept, wrong = np.cumsum(np.asarray(lengths)[order]), np.cumsum(np.asarray(errors)[order])
    return kept / max(1, kept[-1]), wrong / np.maximum(1, kept)


def error_rate_at(coverage: float, curve: tuple[np.ndarray, np.ndarray]) -> float:
    """Return the character error rate on the most confident lines that hold that share of the characters."""
    shares, rates = curve
    return float(rates[min(int(np.searchsorted(shares, coverage)), len(rates) - 1)])


def temperature_of(log_odds: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Return the scale and shift of log odds that make them fit best whether items were right.

    Fitted by Newton's method on the logistic likelihood, with log odds beyond 20 taken as 20.

    Source: Platt 1999; with a shift of 0 it is the temperature of Guo et al. 2017.
    """
    x_N2 = np.stack([np.clip(log_odds, -20, 20), np.ones_like(log_odds)], axis=1)
    weights = np.array([1.0, 0.0])
    for _ in range(100):
        p_N = 1 / (1 + np.exp(-(x_N2 @ weights)))
        gradient = x_N2.T @ (p_N - right) + 1e-3 * (weights - (1.0, 0.0))
        hessian = (x_N2 * (p_N * (1 - p_N))[:, None]).T @ x_N2 + 1e-3 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        weights = weights - step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-8:
            break
    return float(weights[0]), float(weights[1])
