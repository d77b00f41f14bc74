"""Reading lines that the recogniser is not sure of with a language model's help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from text_recognizer.charset import Charset
from text_recognizer.decoding.alignment import aligned
from text_recognizer.decoding.beam import BeamOptions, BeamSearch
from text_recognizer.decoding.best_path import BestPath
from text_recognizer.decoding.language_model import Continuations, LanguageModel

UNSURE, SURE = 0.9, 0.98
"""Confidences up to which the language model has its whole weight, and from which on only `LEAST_SHARE` of it."""

LEAST_SHARE = 0.6

NONSENSE = 0.5
"""Confidence below which a line is no writing that a language model could mend."""


@dataclass(frozen=True)
class LanguageOptions:
    """When a language model is asked and what it weighs; stored in a model's recipe.

    Args:
        file: its file, in the model's folder or the one above.
        sha256: digest of the file.
        alpha: weight of its log probabilities where the recogniser is unsure.
        beta: added to the score of a text for each of its characters.
        below: greedy confidence from which on a line is left as it is.
        most_bits: bits per character above which a text is no language (a code, a table) and left as it was.
        width: of the beam.
        confidence: scale and shift of the log odds, as the recipe's, for lines that it was asked about.
    """

    file: str
    sha256: str
    alpha: float = BeamOptions.alpha
    beta: float = BeamOptions.beta
    below: float = 0.995
    most_bits: float = 5.0
    width: int = BeamOptions.width
    confidence: tuple[float, float] = (1.0, 0.0)


class LanguageReader:
    """Decodes lines with a language model where the greedy reading was not sure.

    Args:
        file: the language model; loaded when the first such line comes.
        charset: of the recogniser.
        options: when and how much.
    """

    def __init__(self, file: Path, charset: Charset, options: LanguageOptions) -> None:
        self.file, self.charset, self.options = file, charset, options

    def reread(self, lines: Sequence[np.ndarray], greedy: Sequence[BestPath]) -> list[BestPath]:
        """Return the path of each line, the greedy one itself where the language model has no say.

        Args:
            lines: for each, natural logarithms of the classes' probabilities [T, C]; class 0 is the blank.
            greedy: their greedy paths.

        Raises:
            UserError: the language model cannot be loaded.
        """
        paths = list(greedy)
        unsure = [
            place
            for place, path in enumerate(paths)
            if len(path.labels) and NONSENSE <= path.confidence < self.options.below
        ]
        for place in unsure:
            share = share_of(paths[place].confidence)
            labels_L = self._search.labels(lines[place], share)
            if len(labels_L):
                paths[place] = self._placed(lines[place], labels_L, share, paths[place])
        return paths

    @cached_property
    def _search(self) -> BeamSearch:
        language = Continuations(LanguageModel.load(self.file), self.charset)
        return BeamSearch(language, BeamOptions(self.options.alpha, self.options.beta, self.options.width))

    def _placed(self, log_probs_TC: np.ndarray, labels_L: np.ndarray, share: float, greedy: BestPath) -> BestPath:
        """Return a text's path, or the greedy one if the text is no language."""
        if -self._search.language.log_probs(labels_L).mean() > self.options.most_bits * np.log(2):
            return greedy
        same = np.array_equal(labels_L, greedy.labels)
        steps_L = greedy.steps if same else aligned(log_probs_TC, labels_L)
        logs_L = self._search.log_probs(log_probs_TC[steps_L], labels_L, share)
        return BestPath(labels_L, steps_L, np.exp(logs_L), float(np.exp(logs_L.mean())), float(np.exp(logs_L.min())))


def share_of(confidence: float) -> float:
    """Return the share of its weight that the language model has in a line read with this confidence.

    >>> [round(share_of(confidence), 2) for confidence in (0.5, 0.9, 0.94, 0.98, 1.0)]
    [1.0, 1.0, 0.8, 0.6, 0.6]
    """
    unsure = min(1.0, max(0.0, (SURE - confidence) / (SURE - UNSURE)))
    return LEAST_SHARE + (1 - LEAST_SHARE) * unsure
