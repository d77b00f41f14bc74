"""Calibration against cases whose answers are known."""

import numpy as np
import pytest

from text_recognizer.metrics.calibration import (
    coverage_curve,
    error_rate_at,
    reliability,
    right_characters,
    temperature_of,
)


def drawn(seed: int = 0, count: int = 40_000) -> tuple[np.ndarray, np.ndarray]:
    """Return true probabilities and outcomes drawn with them."""
    rng = np.random.default_rng(seed)
    p = rng.beta(4, 1, count).clip(0.01, 0.99)
    return p, (rng.random(count) < p).astype(float)


def test_true_probabilities_are_calibrated():
    assert reliability(*drawn()).expected_calibration_error < 0.01


def test_overconfidence_is_measured():
    p, right = drawn()
    assert reliability(np.ones_like(p), right).expected_calibration_error == pytest.approx(1 - right.mean())


def test_every_item_is_in_one_bin():
    p, right = drawn(count=1000)
    table = reliability(np.append(p, [0.0, 1.0]), np.append(right, [0, 1]))
    assert table.count_N.sum() == 1002


def test_sharpened_log_odds_are_brought_back():
    p, right = drawn()
    sharpened = 2.5 * np.log(p / (1 - p)) + 1.0
    scale, shift = temperature_of(sharpened, right)
    assert scale == pytest.approx(1 / 2.5, abs=0.02)
    assert shift == pytest.approx(-1.0 / 2.5, abs=0.05)


@pytest.mark.parametrize(
    ("read", "truth", "right"),
    [("abc", "abc", "111"), ("axc", "abc", "101"), ("abbc", "abc", "1?1"), ("", "abc", ""), ("ac", "abc", "11")],
)
def test_characters_are_right_where_no_edit_touches_them(read, truth, right):
    found = "".join(str(int(r)) for r in right_characters(read, truth))
    assert found == right if "?" not in right else found.count("0") == 1


def test_setting_aside_the_worst_lines_lowers_the_error():
    curve = coverage_curve([0.9, 0.5, 0.8, 0.99], [1, 10, 2, 0], [20, 20, 20, 20])
    assert error_rate_at(1.0, curve) == pytest.approx(13 / 80)
    assert error_rate_at(0.75, curve) == pytest.approx(3 / 60)
    assert error_rate_at(0.2, curve) == 0
