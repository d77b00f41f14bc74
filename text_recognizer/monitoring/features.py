"""All numbers that are kept of a reading, taken together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from text_recognizer.inference.result import Page
from text_recognizer.monitoring.page_features import page_features
from text_recognizer.monitoring.picture_features import picture_features
from text_recognizer.monitoring.surprise import Surprise


def features_of(pages: Sequence[Page], rows_HW: np.ndarray | None, surprise: Surprise) -> dict[str, float]:
    """Return what can be measured of a picture that was read.

    Args:
        pages: of the picture.
        rows_HW: uint8, some of its rows; None where the picture is not at hand.
        surprise: scores the text.
    """
    texts = [line.text for page in pages for line in page.lines if line.text]
    looks = picture_features(rows_HW) if rows_HW is not None else {}
    found = {**page_features(pages), **surprise.features(texts), **looks}
    return {name: float(value) for name, value in found.items()}
