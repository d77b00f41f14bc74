"""Whether readings still look like those of the reference: a Kolmogorov-Smirnov test and the stability index.

The last readings are looked at through windows of several lengths: a short one sees another scanner or script within a
few pages, a long one a slow change. `benchmarks/drift.py` measures how soon, and how often for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from text_recognizer.monitoring.layer import library
from text_recognizer.monitoring.records import Reading
from text_recognizer.monitoring.reference import Reference, column

WINDOWS = (8, 32, 128)
"""The last so many readings are compared with the reference."""

ALPHA = 1e-5
"""Probability, under the hypothesis that nothing changed, below which a difference counts. So low because it is asked
of 14 features in three windows with every page."""

DOUBTFUL = 0.01
"""Probability by the limiting distribution below which the exact one is asked, which takes longer."""

SHIFTED = 0.25
"""Stability index from which on a distribution has shifted, as the custom of credit scoring has it."""

BINS = 10


@dataclass(frozen=True)
class Finding:
    """How a feature of the last `window` readings compares with the reference.

    Attributes:
        ks: the largest distance of the two cumulative distributions, 0 to 1.
        p_value: how likely one as large is if nothing changed.
        psi: population stability index over tenths of the reference.
        was, now: the medians.
    """

    feature: str
    window: int
    ks: float
    p_value: float
    psi: float
    was: float
    now: float

    @property
    def is_alarm(self) -> bool:
        """Whether the difference is neither chance nor too small to matter."""
        return self.p_value < ALPHA and self.psi >= SHIFTED


def findings(reference: Reference, readings: Sequence[Reading], windows: Sequence[int] = WINDOWS) -> list[Finding]:
    """Compare the last readings with the reference, feature by feature and window by window.

    Args:
        reference: of when all was well.
        readings: in the order of their times.
        windows: lengths; those that are longer than the readings are left out.
    """
    found = []
    for window in (window for window in windows if window <= len(readings)):
        last = readings[-window:]
        for feature, known in reference.values.items():
            values = column(last, feature)
            if len(values) >= min(windows):
                found.append(_compared(feature, window, known, values))
    return found


def alarms(found: Sequence[Finding]) -> list[Finding]:
    """Return the alarms, one per feature: that of the smallest probability."""
    of_feature: dict[str, Finding] = {}
    for finding in sorted((one for one in found if one.is_alarm), key=lambda one: -one.p_value):
        of_feature[finding.feature] = finding
    return sorted(of_feature.values(), key=lambda one: one.p_value)


def stability_index(known: np.ndarray, values: np.ndarray) -> float:
    """Return the population stability index of values over tenths of the known ones; half a value is added to each.

    Args:
        known: float64 [N], sorted.
        values: float64 [M].
    """
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))
    expected, seen = (_shares(some, edges) for some in (known, values))
    return float(np.sum((seen - expected) * np.log(seen / expected)))


def _shares(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1) + 0.5
    return counts / counts.sum()


def distance(known: np.ndarray, values: np.ndarray) -> float:
    """Return the largest distance of the cumulative distributions of two sorted samples, 0 to 1."""
    at = np.concatenate([known, values])
    first, second = (np.searchsorted(some, at, side="right") / len(some) for some in (known, values))
    return float(np.abs(first - second).max())


def _compared(feature: str, window: int, known: np.ndarray, values: np.ndarray) -> Finding:
    ks = distance(known, np.sort(values))
    size = len(known) * len(values) / (len(known) + len(values))
    p_value = float(library("scipy.special").kolmogorov(np.sqrt(size) * ks))
    if p_value < DOUBTFUL:
        p_value = float(library("scipy.stats").ks_2samp(known, values, method="auto").pvalue)
    was, now = float(np.median(known)), float(np.median(values))
    return Finding(feature, window, ks, p_value, stability_index(known, values), was, now)
