"""Calibrated confidences."""

import numpy as np
import pytest

from text_recognizer.decoding.confidence import calibrated, log_odds


def test_nothing_changes_without_a_calibration():
    p = np.array([0.0, 0.2, 1.0])
    assert calibrated(p, 1.0, 0.0) is p


@pytest.mark.parametrize(("scale", "shift"), [(0.4, -0.5), (3.0, 1.0)])
def test_the_order_of_confidences_stays(scale, shift):
    p = calibrated(np.linspace(0, 1, 50), scale, shift)
    assert (np.diff(p) >= 0).all() and p.min() >= 0 and p.max() <= 1


def test_certain_characters_have_finite_odds():
    assert np.isfinite(log_odds(np.array([0.0, 1.0]))).all()
