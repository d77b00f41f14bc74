"""CTC prefix beam search with a character language model.

Plain Python: at a time step there are about ten texts and two labels, too few for arrays to pay.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, log

import numpy as np

from text_recognizer.decoding.best_path import BLANK
from text_recognizer.decoding.language_model import Continuations

Step = tuple[bool, list[float], list[int]]
"""Whether there was silence since the step before, the probabilities of all classes, and the labels to try."""


@dataclass(frozen=True)
class BeamOptions:
    """How the search weighs and prunes.

    Args:
        alpha: weight of the language model's log probabilities.
        beta: added to the score of a text for each of its characters; makes up for what alpha takes.
        width: texts of a line that are kept from one time step to the next.
        candidates: labels that are tried at a time step, at most.
        least: log probability below which a label is not tried.
        behind: texts whose score is this much below the best are dropped.
        blank: probability of the blank from which a time step is taken for one of silence.
    """

    alpha: float = 0.7
    beta: float = 1.6
    width: int = 12
    candidates: int = 8
    least: float = -6.0
    behind: float = 7.0
    blank: float = 0.995


class _Text:
    """A text that is in the race or was.

    Attributes:
        before: the text without its last label, None for the empty text.
        label: the last one, the blank for the empty text.
        context: the language model's, after the text.
        score: alpha times the language model's log probability, with the characters' beta.
        longer: texts with one more label, by that label, of a text that was kept for a step.
    """

    __slots__ = ("before", "label", "context", "score", "longer")

    def __init__(self, before: _Text | None, label: int, context: int, score: float) -> None:
        self.before, self.label, self.context, self.score = before, label, context, score
        self.longer: dict[int, _Text] | None = None

    def labels(self) -> np.ndarray:
        found, text = [], self
        while text.before is not None:
            found.append(text.label)
            text = text.before
        return np.array(found[::-1], dtype=np.int64)


Race = dict[_Text, tuple[float, float]]
"""By text: sums of the probabilities of its paths that end in a blank, and of those that end in its last label."""


class BeamSearch:
    """Finds the text that model and language model together find likeliest.

    Args:
        language: the language model for the recogniser's charset.
        options: weights and bounds.
    """

    def __init__(self, language: Continuations, options: BeamOptions) -> None:
        self.language, self.options = language, options

    def labels(self, log_probs_TC: np.ndarray, share: float = 1.0) -> np.ndarray:
        """Return the labels of a line's best text, int64 [L], without blanks.

        Args:
            log_probs_TC: natural logarithms of the classes' probabilities; class 0 is the blank. T may be 0.
            share: of alpha and beta that this line gets.

        Source: Hannun et al. 2014, "First-pass large vocabulary continuous speech recognition", algorithm 1.
        """
        race: Race = {_Text(None, BLANK, self.language.start, 0.0): (1.0, 0.0)}
        for silent, probabilities, labels in self._steps(log_probs_TC):
            if silent:
                race = {text: (in_blank + in_label, 0.0) for text, (in_blank, in_label) in race.items()}
            race = self._best(self._grown(race, probabilities, labels, share))
        return max(race, key=lambda text: log(sum(race[text])) + text.score).labels()

    def log_probs(self, log_probs_LC: np.ndarray, labels_L: np.ndarray, share: float = 1.0) -> np.ndarray:
        """Return how likely each label of a text is beside the blank and the others that might stand in its place.

        The language model weighs all of them by the text before.

        Args:
            log_probs_LC: the recogniser's, at the labels' time steps.
            labels_L: of the text.
            share: of alpha and beta.

        Returns:
            Natural logarithms, float64 [L].
        """
        context, found = self.language.start, []
        for log_probs_C, label in zip(log_probs_LC.astype(np.float64), labels_L.tolist(), strict=True):
            rivals = np.flatnonzero(log_probs_C > self.options.least).tolist()
            scores = {rival: float(log_probs_C[rival]) for rival in {label, *rivals}}
            for rival in scores.keys() - {BLANK}:
                log_prob, _ = self.language.after(context, rival)
                scores[rival] += share * (self.options.alpha * log_prob + self.options.beta)
            found.append(scores[label] - log(sum(map(exp, scores.values()))))
            context = self.language.after(context, label)[1]
        return np.array(found)

    def _steps(self, log_probs_TC: np.ndarray) -> Iterator[Step]:
        """Yield the time steps at which labels are tried."""
        tried_TC = log_probs_TC > self.options.least
        tried_TC[:, BLANK] = False
        active = np.flatnonzero((log_probs_TC[:, BLANK] <= np.log(self.options.blank)) & tried_TC.any(axis=1))
        probabilities_NC = np.exp(log_probs_TC[active].astype(np.float64))
        before = -1
        for step, probabilities_C in zip(active.tolist(), probabilities_NC, strict=True):
            labels = np.flatnonzero(tried_TC[step])
            if len(labels) > self.options.candidates:
                labels = labels[np.argsort(-probabilities_C[labels], kind="stable")[: self.options.candidates]]
            yield step > before + 1, probabilities_C.tolist(), labels.tolist()
            before = step

    def _grown(self, race: Race, probabilities: list[float], labels: list[int], share: float) -> Race:
        """Return all texts that the race leads to with one more time step."""
        blank = probabilities[BLANK]
        grown = {}
        for text, (in_blank, in_label) in race.items():
            grown[text] = (in_blank + in_label) * blank, in_label * probabilities[text.label]
        for text, (in_blank, in_label) in race.items():
            if text.longer is None:
                text.longer = {}
            for label in labels:
                longer = text.longer.get(label) or self._longer(text, text.longer, label, share)
                added = (in_blank if label == text.label else in_blank + in_label) * probabilities[label]
                was = grown.get(longer)
                grown[longer] = (was[0], was[1] + added) if was else (0.0, added)
        return grown

    def _longer(self, text: _Text, longer: dict[int, _Text], label: int, share: float) -> _Text:
        log_prob, context = self.language.after(text.context, label)
        score = text.score + share * (self.options.alpha * log_prob + self.options.beta)
        return longer.setdefault(label, _Text(text, label, context, score))

    def _best(self, race: Race) -> Race:
        """Return the best texts, their probabilities scaled so that these do not run into 0 on a long line."""
        totals = {text: in_blank + in_label for text, (in_blank, in_label) in race.items()}
        scores = {text: log(total) + text.score for text, total in totals.items() if total}
        least = max(scores.values()) - self.options.behind
        kept = [text for text, score in scores.items() if score > least]
        if len(kept) > self.options.width:
            kept = sorted(kept, key=scores.__getitem__, reverse=True)[: self.options.width]
        scale = 1 / max(totals[text] for text in kept)
        return {text: (race[text][0] * scale, race[text][1] * scale) for text in kept}
