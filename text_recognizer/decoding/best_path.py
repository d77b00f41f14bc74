"""Greedy CTC decoding: the likeliest label of every time step, repeats merged and blanks dropped."""

from dataclasses import dataclass

import numpy as np

BLANK = 0


@dataclass(frozen=True)
class BestPath:
    """What a line's likeliest path says.

    Attributes:
        labels: int64 [L], without blanks.
        steps: int64 [L], the time step at which each label peaks, ascending.
        probabilities: float64 [L], the label's probability at that step.
        confidence: geometric mean of `probabilities`; for an empty line that of the blank over all time steps.
        least: the smallest of `probabilities`; for an empty line the smallest of the blank's.
    """

    labels: np.ndarray
    steps: np.ndarray
    probabilities: np.ndarray
    confidence: float
    least: float


def best_path(log_probs_TC: np.ndarray) -> BestPath:
    """Decode one line.

    Args:
        log_probs_TC: natural logarithms of the classes' probabilities; class 0 is the blank. T may be 0.

    Source: Graves et al. 2006, section 3.2.
    """
    if not len(log_probs_TC):
        none = np.empty(0, dtype=np.int64)
        return BestPath(none, none, np.empty(0), confidence=1.0, least=1.0)
    best_T = log_probs_TC.argmax(axis=1)
    score_T = log_probs_TC[np.arange(len(best_T)), best_T].astype(np.float64)
    starts = np.flatnonzero(np.diff(best_T, prepend=-1))
    peaks = np.maximum.reduceat(score_T, starts)
    run_T = np.cumsum(np.diff(best_T, prepend=best_T[0]) != 0)
    highest = np.flatnonzero(score_T == peaks[run_T])
    steps = highest[np.unique(run_T[highest], return_index=True)[1]]
    written = best_T[starts] != BLANK
    scores = peaks[written] if written.any() else score_T
    return BestPath(
        labels=best_T[starts][written],
        steps=steps[written],
        probabilities=np.exp(peaks[written]),
        confidence=float(np.exp(scores.mean())),
        least=float(np.exp(scores.min())),
    )
