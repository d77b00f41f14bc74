"""CTC prefix beam search with a character language model, vectorised over lines, beams and candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np

from text_recognizer.decoding.best_path import BLANK
from text_recognizer.decoding.language_model import Rows

NEVER = -1e30
_FACTOR = np.int64(-7046029254386353131)


@dataclass(frozen=True)
class BeamOptions:
    """How the search weighs and prunes.

    Args:
        alpha: weight of the language model's log probabilities.
        beta: added to the score of a text for each of its characters; makes up for what alpha takes.
        width: texts of a line that are kept from one time step to the next.
        candidates: labels that are tried at a time step, at most.
        least: log probability below which a label is not tried.
        behind: texts whose score is this much below the line's best are dropped.
        blank: probability of the blank from which a time step is taken for one of silence.
    """

    alpha: float = 0.35
    beta: float = 0.5
    width: int = 12
    candidates: int = 8
    least: float = -6.0
    behind: float = 7.0
    blank: float = 0.995


@dataclass
class _Beams:
    """Texts that are still in the race, ordered by line.

    Attributes:
        scores_3B: float64, three log probabilities of each: of all paths to it that end in a blank, of those that end
            in its last label, and alpha times the language model's with the characters' beta.
        state_5B: int64, its hash, that of the text without the last label, its last label (the blank for an empty
            text), the language model's context, and the number of the line.
    """

    scores_3B: np.ndarray
    state_5B: np.ndarray

    def of_lines_before(self, line: int) -> _Beams:
        end = int(self.state_5B[4].searchsorted(line))
        return _Beams(self.scores_3B[:, :end], self.state_5B[:, :end])


@dataclass(frozen=True)
class _Steps:
    """The time steps of a line at which labels are tried.

    Attributes:
        scores_NC: float64, log probabilities at these N steps.
        labels_NK: labels to try, the blank where there are less than K.
        silence_N: log probability of the blanks since the step before; NaN where there was none.
    """

    scores_NC: np.ndarray
    labels_NK: np.ndarray
    silence_N: np.ndarray


class BeamSearch:
    """Finds the texts that model and language model together find likeliest.

    Args:
        rows: the language model for the recogniser's charset.
        options: weights and bounds.
        together: lines that are searched in one go.
    """

    def __init__(self, rows: Rows, options: BeamOptions, together: int = 8) -> None:
        self.rows, self.options, self.together = rows, options, together
        self._lock = Lock()

    def labels(self, lines: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Return the labels of the best text of each line, int64 [L], without blanks.

        Args:
            lines: for each, natural logarithms of the classes' probabilities [T, C]; class 0 is the blank. T may be 0.

        Source: Hannun et al. 2014, "First-pass large vocabulary continuous speech recognition", algorithm 1.
        """
        steps = [self._steps(log_probs_TC) for log_probs_TC in lines]
        order = sorted(range(len(lines)), key=lambda line: -len(steps[line].scores_NC))
        found = [np.empty(0, np.int64)] * len(lines)
        for start in range(0, len(order), self.together):
            group = order[start : start + self.together]
            with self._lock:  # the rows are shared
                for line, labels_L in zip(group, self._search([steps[line] for line in group]), strict=True):
                    found[line] = labels_L
        return found

    def _steps(self, log_probs_TC: np.ndarray) -> _Steps:
        options = self.options
        blank_T = log_probs_TC[:, BLANK].astype(np.float64)
        count = min(options.candidates, log_probs_TC.shape[1] - 1)
        active = np.flatnonzero((blank_T <= np.log(options.blank)) & (log_probs_TC[:, 1:].max(axis=1) > options.least))
        scores_NC = log_probs_TC[active].astype(np.float64)
        labels_NK = np.argpartition(-scores_NC[:, 1:], count - 1, axis=1)[:, :count] + 1
        labels_NK[np.take_along_axis(scores_NC, labels_NK, axis=1) <= options.least] = BLANK
        silence_T = np.cumsum(np.concatenate([[0.0], blank_T]))
        before_N = np.concatenate([[0], active + 1])[:-1]
        silence_N = np.where(before_N < active, silence_T[active] - silence_T[before_N], np.nan)
        return _Steps(scores_NC, labels_NK, silence_N)

    def _search(self, lines: list[_Steps]) -> list[np.ndarray]:
        """Search lines, those with more steps first."""
        lengths = [len(steps.scores_NC) for steps in lines]
        beams = _Beams(np.zeros((3, len(lines))), np.zeros((5, len(lines)), np.int64))
        beams.scores_3B[1] = NEVER
        beams.state_5B[0] = 1 + np.arange(len(lines))  # no two lines' texts have the same hash
        beams.state_5B[3], beams.state_5B[4] = self.rows.start, np.arange(len(lines))
        history: list[tuple[np.ndarray, np.ndarray]] = []
        best = [0] * len(lines)
        running = len(lines)
        for n in range(max(lengths, default=0) + 1):
            while running and lengths[running - 1] == n:
                running -= 1
                best[running] = _best(beams, running)
            if not running:
                break
            beams = beams.of_lines_before(running)
            scores_LC = np.stack([steps.scores_NC[n] for steps in lines[:running]])
            labels_LK = np.stack([steps.labels_NK[n] for steps in lines[:running]])
            _fall_silent(beams, np.array([steps.silence_N[n] for steps in lines[:running]]))
            beams, source_B, added_B = self._step(beams, scores_LC, labels_LK)
            history.append((source_B, added_B))
        return [_traced(history[:length], beam) for length, beam in zip(lengths, best, strict=True)]

    def _step(
        self, beams: _Beams, scores_LC: np.ndarray, labels_LK: np.ndarray
    ) -> tuple[_Beams, np.ndarray, np.ndarray]:
        """Return the beams after one more time step, the beam that each came from, and the label it added or 0.

        Column 0 of the tables is a beam that stays as it is, column k + 1 one that grows by label k.
        """
        blank_B, label_B, text_B = beams.scores_3B
        hash_B, parent_B, last_B, context_B, line_B = beams.state_5B
        labels_BK = labels_LK[line_B]
        at = self.rows.rows(context_B)[:, None], labels_BK
        scores_BK = np.take_along_axis(scores_LC, labels_LK, axis=1)[line_B]
        scores_BK[labels_BK == BLANK] = NEVER
        total_B = np.logaddexp(blank_B, label_B)
        scores_3BK = np.full((3, len(hash_B), 1 + labels_BK.shape[1]), NEVER)
        scores_3BK[0, :, 0] = total_B + scores_LC[line_B, BLANK]
        scores_3BK[1, :, 0] = label_B + scores_LC[line_B, last_B]
        scores_3BK[1, :, 1:] = np.where(labels_BK == last_B[:, None], blank_B[:, None], total_B[:, None]) + scores_BK
        scores_3BK[2, :, 0] = text_B
        scores_3BK[2, :, 1:] = self.rows.log_probs_SC[at] * self.options.alpha + (text_B + self.options.beta)[:, None]
        _merge(scores_3BK[1], (parent_B == hash_B[:, None]).nonzero(), labels_BK, last_B)
        chosen = self._chosen(np.logaddexp(scores_3BK[0], scores_3BK[1]) + scores_3BK[2], line_B)
        source_B, column_B = np.divmod(chosen, scores_3BK.shape[2])
        after = _Beams(scores_3BK.reshape(3, -1)[:, chosen], beams.state_5B[:, source_B])
        grown = column_B.nonzero()[0]
        source_G, column_G = source_B[grown], column_B[grown] - 1
        added_G = labels_BK[source_G, column_G]
        next_G = self.rows.next_SC[at[0][source_G, 0], added_G]
        after.state_5B[:4, grown] = hash_B[source_G] * _FACTOR + added_G, hash_B[source_G], added_G, next_G
        added_B = np.zeros(len(chosen), np.int64)
        added_B[grown] = added_G
        return after, source_B, added_B

    def _chosen(self, scores_BK: np.ndarray, line_B: np.ndarray) -> np.ndarray:
        """Return the places in the table of the best beams of each line, ascending."""
        best_B = scores_BK.max(axis=1)
        best_L = np.maximum.reduceat(best_B, line_B.searchsorted(np.arange(line_B[-1] + 1)))
        beam, column = (scores_BK > (best_L - self.options.behind)[line_B][:, None]).nonzero()
        chosen = beam * scores_BK.shape[1] + column
        line = line_B[beam]
        if np.bincount(line).max() > self.options.width:
            order = np.lexsort((-scores_BK[beam, column], line))
            rank = np.arange(len(order)) - line.searchsorted(line)
            chosen = np.sort(chosen[order[rank < self.options.width]])
        return chosen


def _fall_silent(beams: _Beams, silence_L: np.ndarray) -> None:
    """Add the blanks between the last step and the next, for the lines that have any."""
    silence_B = silence_L[beams.state_5B[4]]
    silent = ~np.isnan(silence_B)
    blank_B, label_B, _ = beams.scores_3B
    blank_B[silent] = np.logaddexp(blank_B, label_B)[silent] + silence_B[silent]
    label_B[silent] = NEVER


def _merge(
    scores_BK: np.ndarray, pairs: tuple[np.ndarray, np.ndarray], labels_BK: np.ndarray, last_B: np.ndarray
) -> None:
    """Give what a beam grows to, where that is in the race, to the beam that has it; `pairs` are parent, child."""
    if len(pairs[0]):
        pair, place = (labels_BK[pairs[0]] == last_B[pairs[1], None]).nonzero()
        parent, child = pairs[0][pair], pairs[1][pair]
        scores_BK[child, 0] = np.logaddexp(scores_BK[child, 0], scores_BK[parent, place + 1])
        scores_BK[parent, place + 1] = NEVER


def _best(beams: _Beams, line: int) -> int:
    start, end = beams.state_5B[4].searchsorted([line, line + 1])
    blank_B, label_B, text_B = beams.scores_3B[:, start:end]
    return int(start + np.argmax(np.logaddexp(blank_B, label_B) + text_B))


def _traced(history: list[tuple[np.ndarray, np.ndarray]], beam: int) -> np.ndarray:
    labels = []
    for source_B, added_B in reversed(history):
        if added_B[beam]:
            labels.append(int(added_B[beam]))
        beam = int(source_B[beam])
    return np.array(labels[::-1], dtype=np.int64)
