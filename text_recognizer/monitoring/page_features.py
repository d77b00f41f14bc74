"""Numbers that say how a picture was read, without its text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from text_recognizer.inference.result import Page


def page_features(pages: Sequence[Page]) -> dict[str, float]:
    """Return the confidences and lengths of what was read in a picture.

    Args:
        pages: of the picture, one unless it is a PDF or TIFF.
    """
    lines = [line for page in pages for line in page.lines if line.text]
    sure = np.array([character.confidence for line in lines for character in line.characters])
    found = {"lines": float(len(lines)), "characters": float(sum(len(line.text) for line in lines))}
    if not lines:
        return found
    of_lines = [line.confidence for line in lines]
    return {
        **found,
        "line_length": found["characters"] / len(lines),
        "confidence": float(sure.mean()) if len(sure) else float(np.mean(of_lines)),
        "confidence_low": float(np.percentile(sure if len(sure) else of_lines, 10)),
        "line_confidence_low": float(min(of_lines)),
    }
