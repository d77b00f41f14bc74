"""Models in 8 bits."""

import numpy as np
import pytest

from tests.training.tiny_run import tiny_model
from text_recognizer.errors import UserError
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.inference.recipe import Recipe
from training import export


def test_an_int8_model_is_smaller_and_reads_almost_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "MOST_CHANGED", 1.0)  # random weights leave every choice on an edge
    lines = export.fresh_lines(tiny_model().characters, 8)
    for name, ranges in (("float", None), ("int8", lines)):
        export.export(tiny_model(), tmp_path / name, name, {}, "", 8, ranges)
    assert Recipe.load(tmp_path / "int8").sha256 != Recipe.load(tmp_path / "float").sha256
    probabilities = []
    for name in ("float", "int8"):
        recognizer = LineRecognizer.load(tmp_path / name)
        probabilities.append(
            np.concatenate([reading.probabilities for reading in recognizer.read(lines)] or [np.zeros(0)])
        )
    assert abs(probabilities[0].mean() - probabilities[1].mean()) < 0.1


def test_a_quantisation_that_changes_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(export, "MOST_CHANGED", -1.0)
    lines = export.fresh_lines(tiny_model().characters, 4)
    with pytest.raises(UserError, match=r"int8 changes .*nothing was written"):
        export.export(tiny_model(), tmp_path / "m", "m", {}, "", 4, lines)
    assert not (tmp_path / "m").exists()
