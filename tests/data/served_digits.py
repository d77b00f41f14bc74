"""Real digits in MNIST's format: scikit-learn's bundled ones, scaled to 28 x 28, in a folder that can be served."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import cv2
import numpy as np

from .served_sets import write_mnist

SIDE, INNER = 28, 20
"""Pixels of a picture and of the square in it that holds the digit, as in MNIST."""


def write_digits(folder: Path, seed: int = 0, test_share: float = 0.2) -> tuple[int, int]:
    """Write the 1,797 digits of 13 writers as MNIST's four files and return how many train and test.

    The digits are 8 x 8 pixels of 17 levels, scaled by cubic interpolation. Which of them test is drawn by `seed`; the
    set does not tell its writers, so they cannot be kept apart.

    Source: scikit-learn, ``load_digits``, from the UCI set "Optical recognition of handwritten digits".
    """
    digits = import_module("sklearn.datasets").load_digits()
    ink_NHW = np.stack([_scaled(image_HW) for image_HW in digits.images])
    order = np.random.default_rng(seed).permutation(len(ink_NHW))
    count = round(test_share * len(order))
    test, train = order[:count], order[count:]
    write_mnist(folder, (ink_NHW[train], digits.target[train]), (ink_NHW[test], digits.target[test]))
    return len(train), len(test)


def _scaled(image_HW: np.ndarray) -> np.ndarray:
    inner = cv2.resize(image_HW.astype(np.float32) * (255 / 16), (INNER, INNER), interpolation=cv2.INTER_CUBIC)
    room = (SIDE - INNER) // 2
    return np.pad(inner.clip(0, 255).astype(np.uint8), room)
