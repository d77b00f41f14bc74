"""Keeping what a model knew: of what it has learnt anew, as much is taken as leaves print read as it was before.

Source: Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", section 3, which averages the weights before and
after.
"""

from __future__ import annotations

import copy

from text_recognizer.metrics.error_rate import character_error_rate
from text_recognizer.models.base import LineModel
from text_recognizer.synth.lines import GROUP, LineSynthesiser, SyntheticLine
from training.readers import torch_reader

SHARES = (1.0, 0.85, 0.7, 0.55, 0.4, 0.25, 0.1)
"""Of what was learnt, tried in turn."""

FORGOTTEN = 0.0005
"""Rise of the character error rate of print from which on less is taken."""


def print_lines(characters: str, count: int = 240) -> list[SyntheticLine]:
    """Return printed lines of families and a text that no training has seen."""
    lines = LineSynthesiser(seed=5, split="validation", handwriting=0.0, characters=characters)
    return [lines.line(i * GROUP) for i in range(count)]


class Known:
    """A model, and how well it reads print: what tuning may not make it forget.

    Args:
        model: before it was tuned.
        lines: that are to be read as well as it reads them.
        forgotten: rise of their character error rate that is allowed.
    """

    def __init__(self, model: LineModel, lines: list[SyntheticLine], forgotten: float = FORGOTTEN) -> None:
        self.model, self.lines = model, lines
        self.allowed = _error_rate(model, lines) + forgotten

    def kept(self, after: LineModel) -> tuple[LineModel, float]:
        """Return the model between this one and `after` that has forgotten none of the lines, and its share of `after`.

        Args:
            after: of the same shape.
        """
        for share in SHARES:
            model = between(self.model, after, share)
            if _error_rate(model, self.lines) <= self.allowed:
                return model, share
        return self.model, 0.0


def between(before: LineModel, after: LineModel, share: float) -> LineModel:
    """Return a model whose weights are a weighted mean of two models'."""
    model = copy.deepcopy(after)
    old = before.state_dict()
    mean = {
        name: old[name].lerp(value, share) if value.is_floating_point() else value
        for name, value in after.state_dict().items()
    }
    model.load_state_dict(mean)
    return model.eval()


def _error_rate(model: LineModel, lines: list[SyntheticLine]) -> float:
    read = torch_reader(model)([line.image_HW for line in lines])
    return float(character_error_rate(read, [line.text for line in lines]).rate)
