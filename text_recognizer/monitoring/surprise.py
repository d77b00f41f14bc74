"""How much a text surprises the language model that comes along: text of another script or nonsense does."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from text_recognizer.charset import Charset
from text_recognizer.decoding.language_model import UNKNOWN, Continuations, LanguageModel

LINES, CHARACTERS = 12, 80
"""Of a page so many lines are asked about, and of each so many characters: the answer settles long before its end."""

RARE = -7.5
"""Log probability, without context, below which a character is unusual: rarer than one in 1,800."""


class Surprise:
    """Scores texts; not for several threads at once.

    Args:
        file: of the language model.
    """

    def __init__(self, file: Path) -> None:
        model = LanguageModel.load(file)
        self.charset = Charset(model.characters)
        self._labels = {character: label for label, character in enumerate(self.charset.characters, start=1)}
        self._continuations = Continuations(model, self.charset, capacity=20_000)
        self._common = {c for c, label in self._labels.items() if self._continuations.after(0, label)[0] > RARE}

    def features(self, texts: list[str]) -> dict[str, float]:
        """Return the surprise per character and the share of unusual characters of a page's lines.

        Args:
            texts: of its lines.
        """
        asked = [texts[int(n)] for n in np.linspace(0, len(texts) - 1, min(LINES, len(texts)))]
        scores = [score for text in asked for score in self._scores(text[:CHARACTERS])]
        seen = [character for text in texts for character in text]
        if not scores or not seen:
            return {}
        unusual = sum(character not in self._common for character in seen) / len(seen)
        return {"surprise": -float(np.mean(scores)), "unusual": unusual}

    def _scores(self, text: str) -> list[float]:
        context, scores = self._continuations.start, []
        for character in text:
            label = self._labels.get(character)
            if label is None:
                scores.append(UNKNOWN)
                context = self._continuations.start
            else:
                score, context = self._continuations.after(context, label)
                scores.append(score)
        return scores
