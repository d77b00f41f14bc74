"""Fit the confidences of an exported model to how often it is right, and store the fit in its recipe.

The lines of the validation writers are read, greedily and, where the recipe names one, with the language model as well:
what it helped with has a fit of its own. How well the fit holds for writers that it has not seen is told by fitting
it to half of the writers and counting on the other half, in turn.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: spinning threads stall where cores are shared

import numpy as np
from jsonargparse import ArgumentParser
from rapidfuzz.distance.Levenshtein import distance

from text_recognizer.data.alto_pages import page_samples, split_pages
from text_recognizer.data.base import Sample
from text_recognizer.decoding.confidence import calibrated, log_odds
from text_recognizer.errors import UserError
from text_recognizer.inference.line_recognizer import LineReading, LineRecognizer
from text_recognizer.inference.recipe import Recipe
from text_recognizer.metrics.calibration import (
    Reliability,
    coverage_curve,
    error_rate_at,
    reliability,
    right_characters,
    temperature_of,
)
from training.command_line import mistakes_shown, parse

COVERAGES = (100, 90, 80, 50)
"""Percent of the characters that are kept."""


@dataclass(frozen=True)
class Calibration:
    """What the fit is and how well it holds.

    Attributes:
        scale, shift: of the log odds, from all lines that were to be fitted.
        before: reliability of the model's own probabilities.
        after: of the calibrated ones, each fitted without the writer that it is counted on.
        error_rates: character error rate at 100, 90, 80 and 50 % coverage, least confident lines left out first.
        least_rates: the same with the worst lines left out first: no confidence can do better.
    """

    scale: float
    shift: float
    before: Reliability
    after: Reliability
    error_rates: dict[int, float]
    least_rates: dict[int, float]


def calibration_of(
    samples: Sequence[Sample], readings: Sequence[LineReading], helped: Sequence[bool] | None = None
) -> Calibration:
    """Return the calibration of a model that read `samples` as `readings`, with uncalibrated probabilities.

    Args:
        samples: the lines.
        readings: of the lines, in the same order.
        helped: lines that the language model helped with, which are fitted apart from the others; the returned scale
            and shift are theirs. All lines are fitted together if left out.

    Raises:
        UserError: nothing was read, or by fewer than two writers.
    """
    writers = sorted({sample.source for sample in samples})
    right = [right_characters(r.text, s.text) for r, s in zip(readings, samples, strict=True)]
    chosen = np.ones(len(samples), bool) if helped is None else np.asarray(helped, bool)
    if len(writers) < 2 or not sum(len(row) for row, is_chosen in zip(right, chosen, strict=True) if is_chosen):
        raise UserError(f"calibration: {len(writers)} writers and {sum(map(len, right))} characters; give more pages")
    odd = np.array([writers.index(sample.source) % 2 == 1 for sample in samples])
    probabilities = [reading.probabilities for reading in readings]
    fitted: list[np.ndarray] = [np.zeros(0)] * len(samples)
    for half in (odd, ~odd):
        for kind in (chosen, ~chosen):
            fit = _fit(_of(probabilities, kind & ~half), _of(right, kind & ~half))
            for place in np.flatnonzero(kind & half):
                fitted[place] = calibrated(probabilities[place], *fit)
    scale, shift = _fit(_of(probabilities, chosen), _of(right, chosen))
    errors = [distance(r.text, s.text) for r, s in zip(readings, samples, strict=True)]
    lengths = [len(sample.text) for sample in samples]
    curve = coverage_curve([line_confidence(row) for row in fitted], errors, lengths)
    shares = [count / max(1, length) for count, length in zip(errors, lengths, strict=True)]
    least = coverage_curve([-share for share in shares], errors, lengths)
    return Calibration(
        scale,
        shift,
        reliability(np.concatenate(probabilities), np.concatenate(right)),
        reliability(np.concatenate(fitted), np.concatenate(right)),
        {share: error_rate_at(share / 100, curve) for share in COVERAGES},
        {share: error_rate_at(share / 100, least) for share in COVERAGES},
    )


def line_confidence(probabilities: np.ndarray) -> float:
    """Return the share of a line's characters that are likely to be right, by their calibrated confidences."""
    return float(probabilities.mean()) if len(probabilities) else 1.0


def _fit(probabilities: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    if not len(right):
        return 1.0, 0.0
    return temperature_of(log_odds(probabilities), right.astype(np.float64))


def _of(rows: Sequence[np.ndarray], chosen: np.ndarray) -> np.ndarray:
    return np.concatenate([row for row, is_chosen in zip(rows, chosen, strict=True) if is_chosen] or [np.zeros(0)])


def draw(calibration: Calibration, path: Path) -> None:
    """Draw confidence against accuracy before and after, the marks as large as the number of characters."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot(
        xlabel="confidence of a character", ylabel="share that is right", xlim=(0, 1.02), ylim=(0, 1.02)
    )
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    for name, table in (("as the model says", calibration.before), ("calibrated", calibration.after)):
        error = 100 * table.expected_calibration_error
        size = 10 + 200 * table.count_N / table.count_N.sum()
        axes.scatter(table.confidence_N, table.accuracy_N, size, alpha=0.7, label=f"{name}: ECE {error:.1f} %")
    axes.legend(loc="upper left")
    figure.savefig(path)


def calibrated_recipe(recipe: Recipe, folder: Path, samples: Sequence[Sample]) -> tuple[Recipe, Calibration]:
    """Return the recipe with new confidences, and the calibration of what the model reads by it; print both."""
    language = recipe.language_model
    recipe = dataclasses.replace(recipe, confidence=(1.0, 0.0), language_model=None)
    images = [sample.image_HW for sample in samples]
    greedy = LineRecognizer(recipe, folder / recipe.model).read(images)
    found = calibration_of(samples, greedy)
    told("greedy", found, len(samples))
    confidence = (round(found.scale, 4), round(found.shift, 4))
    if language:
        language = dataclasses.replace(language, confidence=(1.0, 0.0))
        with_language = dataclasses.replace(recipe, language_model=language)
        readings = LineRecognizer(with_language, folder / recipe.model).read(images)
        helped = [not np.array_equal(a.probabilities, b.probabilities) for a, b in zip(greedy, readings, strict=True)]
        if any(helped):
            found = calibration_of(samples, readings, helped)
            told("with the language model", found, sum(helped))
            language = dataclasses.replace(language, confidence=(round(found.scale, 4), round(found.shift, 4)))
    return dataclasses.replace(recipe, confidence=confidence, language_model=language), found


def told(name: str, found: Calibration, lines: int) -> None:
    """Print a calibration that was fitted to a number of lines."""
    before, after = (100 * table.expected_calibration_error for table in (found.before, found.after))
    rates, least = (
        ", ".join(f"{share} %: {100 * rate:.2f} %" for share, rate in of.items())
        for of in (found.error_rates, found.least_rates)
    )
    print(f"{name}: log odds x {found.scale:.3f} + {found.shift:.3f}, from {lines} lines")
    print(f"  expected calibration error: {before:.2f} % before, {after:.2f} % after, on writers left out of the fit")
    print(f"  CER at coverage: {rates}")
    print(f"  and if the worst lines were known: {least}")


def main(arguments: list[str] | None = None) -> int:
    """Calibrate a model's folder in place and return 0."""
    parser = ArgumentParser(description=__doc__, exit_on_error=False)
    parser.add_argument("model", type=Path, help="folder of an exported model; its recipe is written anew")
    parser.add_argument("--pages", type=Path, default=Path("data/copiste"), help="transcribed pages with a split val")
    parser.add_argument("--plot", type=Path | None, help="picture of the reliability")
    options = parse(parser, arguments, {})
    recipe = Recipe.load(options.model)
    samples = page_samples(split_pages(options.pages, "val"))
    recipe, found = calibrated_recipe(recipe, options.model, samples)
    recipe.save(options.model)
    if options.plot:
        draw(found, options.plot)
    return 0


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
