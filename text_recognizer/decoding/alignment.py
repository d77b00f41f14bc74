"""When a recogniser says each character of a text that is given: the likeliest path that reads it."""

import numpy as np

from text_recognizer.decoding.best_path import BLANK

NEVER = -1e30


def aligned(log_probs_TC: np.ndarray, labels_L: np.ndarray) -> np.ndarray:
    """Return the time step at which each label peaks, int64 [L], ascending.

    Args:
        log_probs_TC: natural logarithms of the classes' probabilities; class 0 is the blank.
        labels_L: at least one, without blanks.

    Raises:
        ValueError: there are too few time steps for the labels.

    Source: Graves et al. 2006, section 4.1, with the maximum in the place of the sum.
    """
    states_S = np.full(2 * len(labels_L) + 1, BLANK)
    states_S[1::2] = labels_L
    path_T = _path(log_probs_TC[:, states_S].astype(np.float64), states_S)
    here = np.flatnonzero(path_T % 2)
    label_of = path_T[here] // 2
    said = log_probs_TC[here, labels_L[label_of]].astype(np.float64)
    order = np.lexsort((here, -said, label_of))
    return here[order][np.unique(label_of[order], return_index=True)[1]]


def _path(scores_TS: np.ndarray, states_S: np.ndarray) -> np.ndarray:
    """Return the likeliest state of each time step; state 2 k + 1 is label k, the others are blanks."""
    steps, size = scores_TS.shape
    may_skip_S = np.zeros(size, bool)
    may_skip_S[3::2] = states_S[3::2] != states_S[1:-2:2]
    best_S = np.full(size + 2, NEVER)  # two states before the first, never reached, spare the tests at the edge
    best_S[2:4] = scores_TS[0, :2]
    moves_TS = np.zeros((steps, size), np.intp)
    skipped_S = np.where(may_skip_S, 0.0, NEVER)
    choices_3S = np.empty((3, size))
    for t in range(1, steps):
        choices_3S[0], choices_3S[1] = best_S[2:], best_S[1:-1]
        np.add(best_S[:-2], skipped_S, out=choices_3S[2])
        choices_3S.argmax(axis=0, out=moves_TS[t])
        np.add(choices_3S.max(axis=0), scores_TS[t], out=best_S[2:])
    state = size - 1 if size == 1 or best_S[-1] >= best_S[-2] else size - 2
    if best_S[2 + state] < NEVER / 2:
        raise ValueError(f"{size // 2} labels do not fit into {steps} time steps; give fewer")
    path_T = np.empty(steps, np.int64)
    for t in range(steps - 1, -1, -1):
        path_T[t] = state
        state -= int(moves_TS[t, state])
    return path_T
