"""Reading lines with a language model's help: the beam search's text, placed on the time steps, with probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from text_recognizer.decoding.alignment import aligned
from text_recognizer.decoding.beam import BeamOptions, BeamSearch
from text_recognizer.decoding.best_path import BLANK, BestPath
from text_recognizer.decoding.language_model import Rows


def language_paths(lines: Sequence[np.ndarray], search: BeamSearch) -> list[BestPath]:
    """Decode lines with a language model.

    Args:
        lines: for each, natural logarithms of the classes' probabilities [T, C]; class 0 is the blank. T may be 0.
    """
    return [
        placed(log_probs_TC, labels_L, search.rows, search.options)
        for log_probs_TC, labels_L in zip(lines, search.labels(lines), strict=True)
    ]


def placed(log_probs_TC: np.ndarray, labels_L: np.ndarray, rows: Rows, options: BeamOptions) -> BestPath:
    """Return a text's path. A label's probability is what it has, beside all others and the blank, at its time step,
    where the language model weighs what comes before it."""
    if not len(labels_L):
        silence = float(log_probs_TC[:, BLANK].mean()) if len(log_probs_TC) else 0.0
        least = float(log_probs_TC[:, BLANK].min()) if len(log_probs_TC) else 0.0
        return BestPath(labels_L, labels_L, np.empty(0), confidence=float(np.exp(silence)), least=float(np.exp(least)))
    steps_L, _ = aligned(log_probs_TC, labels_L)
    scores_LC = log_probs_TC[steps_L].astype(np.float64)
    scores_LC[:, 1:] += options.alpha * _contexts(labels_L, rows)[:, 1:] + options.beta
    probabilities = np.exp(scores_LC[np.arange(len(labels_L)), labels_L] - np.logaddexp.reduce(scores_LC, axis=1))
    logs = np.log(np.maximum(probabilities, 1e-30))
    return BestPath(labels_L, steps_L, probabilities, float(np.exp(logs.mean())), float(probabilities.min()))


def _contexts(labels_L: np.ndarray, rows: Rows) -> np.ndarray:
    """Return the language model's log probabilities before each label, [L, C]."""
    scores, context = [], rows.start
    for label in labels_L.tolist():
        row = rows.rows(np.array([context]))[0]
        scores.append(rows.log_probs_SC[row, : rows.classes])
        context = int(rows.next_SC[row, label])
    return np.stack(scores)
