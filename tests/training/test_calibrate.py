"""Calibrating an exported model on pages of several writers."""

import numpy as np
import pytest

from tests.data.written_pages import write_page
from tests.decoding.tiny_language_model import tiny_language_model
from tests.inference.tiny_model import draw_faint_flags, save_tiny_model
from text_recognizer.data.base import Sample
from text_recognizer.errors import UserError
from text_recognizer.inference.line_recognizer import LineReading
from text_recognizer.inference.recipe import Recipe
from training import add_language_model, calibrate


def read(text: str, probability: float) -> LineReading:
    return LineReading(text, probability, np.arange(len(text), dtype=float), np.full(len(text), probability))


def samples_and_readings(right: float, said: float, lines: int = 200) -> tuple[list[Sample], list[LineReading]]:
    """Return lines of four writers that a model reads right in a share `right`, and says so with `said`."""
    dice = np.random.default_rng(0)
    samples = [Sample(np.zeros((1, 1), np.uint8), "a" * 10, None, f"writer {n % 4}") for n in range(lines)]
    texts = ["".join("a" if dice.random() < right else "b" for _ in range(10)) for _ in range(lines)]
    return samples, [read(text, said) for text in texts]


def test_an_overconfident_model_is_corrected():
    found = calibrate.calibration_of(*samples_and_readings(right=0.7, said=0.95))
    assert found.before.expected_calibration_error == pytest.approx(0.25, abs=0.03)
    assert found.after.expected_calibration_error < 0.03


def test_no_confidence_leaves_out_more_errors_than_knowing_the_worst_lines():
    found = calibrate.calibration_of(*samples_and_readings(right=0.7, said=0.95))
    assert found.least_rates[100] == found.error_rates[100]
    assert all(found.least_rates[share] < found.error_rates[share] for share in (90, 80, 50))


def test_lines_that_the_language_model_helped_with_are_fitted_apart():
    samples, doubtful = samples_and_readings(right=0.7, said=0.9)
    _, sure = samples_and_readings(right=0.99, said=0.9)
    helped = [number % 8 < 4 for number in range(len(samples))]
    readings = [a if is_helped else b for a, b, is_helped in zip(doubtful, sure, helped, strict=True)]
    together = calibrate.calibration_of(samples, readings)
    apart = calibrate.calibration_of(samples, readings, helped)
    said = 1 / (1 + np.exp(-(apart.scale * np.log(9) + apart.shift)))
    assert said == pytest.approx(0.7, abs=0.03), "the scale and shift are those of the lines it helped with"
    assert together.after.confidence_N.max() == pytest.approx(0.85, abs=0.03)
    assert apart.after.confidence_N.max() == pytest.approx(0.99, abs=0.01), "the others are as sure as they may be"


def test_one_writer_is_not_enough():
    samples, readings = samples_and_readings(0.7, 0.9, lines=1)
    with pytest.raises(UserError, match="1 writers and 10 characters; give more pages"):
        calibrate.calibration_of(samples, readings)


@pytest.fixture
def model(tmp_path):
    folder = save_tiny_model(tmp_path / "model")
    add_language_model.main([str(folder), "--file", str(tiny_language_model(tmp_path / "lm.npz")), "--most_bits", "99"])
    return folder


def test_the_program_writes_both_fits_into_the_recipe(model, monkeypatch, capsys):
    lines = [("abcab", f"writer {number}") for number in range(6)]
    samples = [Sample(draw_faint_flags(text, {2: 0.4}, 0.55), text, None, writer) for text, writer in lines]
    monkeypatch.setattr(calibrate, "split_pages", lambda folder, split: [])
    monkeypatch.setattr(calibrate, "page_samples", lambda pages: samples)
    assert calibrate.main([str(model)]) == 0
    out = capsys.readouterr().out
    assert "greedy: log odds" in out and "with the language model: log odds" in out
    recipe = Recipe.load(model)
    assert (1.0, 0.0) not in (recipe.confidence, recipe.language_model.confidence)
    assert recipe.confidence != recipe.language_model.confidence


def test_a_language_model_that_helps_with_no_line_keeps_its_weights(model, tmp_path, capsys):
    for number in (1, 2):
        write_page(tmp_path / "pages" / "val", f"{number}_1", ["abcab", "bca"])
    assert calibrate.main([str(model), "--pages", str(tmp_path / "pages")]) == 0
    assert "with the language model" not in capsys.readouterr().out
    assert Recipe.load(model).language_model.confidence == (1.0, 0.0)
