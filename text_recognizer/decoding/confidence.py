"""From a model's probabilities to confidences that mean how often such a character is right."""

from __future__ import annotations

import numpy as np


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """Return ``log(p / (1 - p))``, for p within 1e-6 of 0 and 1 that of the bound."""
    p = np.clip(probabilities, 1e-6, 1 - 1e-6)
    return np.log(p) - np.log1p(-p)


def calibrated(probabilities: np.ndarray, scale: float, shift: float) -> np.ndarray:
    """Return probabilities whose log odds are scaled and shifted; a scale of 1 and a shift of 0 change nothing.

    Source: Platt 1999; the scale is one over the temperature of Guo et al. 2017.

    >>> calibrated(np.array([0.5, 0.9]), 2.0, 0.0).round(3)
    array([0.5  , 0.988])
    """
    if scale == 1.0 and shift == 0.0:
        return probabilities
    return 1 / (1 + np.exp(-(scale * log_odds(probabilities) + shift)))
