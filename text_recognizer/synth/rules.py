"""Ruled, squared and Seyès paper behind a line."""

from __future__ import annotations

import numpy as np

from text_recognizer.synth.degrade import Bend


def random_rules(bend: Bend, baseline: float, x_height: float, dice: np.random.Generator) -> np.ndarray:
    """Return how much darker the printed lines make the paper, float32 [H, W], 0 to 1.

    People write on the lines, a little above or below them, and drift away from them along a line.

    Args:
        bend: of the text; `baseline` and `x_height` are in pixels of its ink.
    """
    height, width = bend.map_x.shape
    chance = dice.random(8).tolist()
    pixel = 1 / bend.scale
    lift = (0.12 * float(dice.normal()) - 0.06) * x_height
    slope = float(dice.normal(0, 0.006))
    down = (np.arange(height, dtype=np.float32)[:, None] - height / 2) * pixel
    along = (np.arange(width, dtype=np.float32)[None] - width / 2) * pixel
    middle = float(bend.map_y[height // 2, width // 2])
    y_HW = down + slope * along + (middle - baseline + lift)
    if chance[0] < 0.25:  # a page that lies as the text does
        y_HW = bend.map_y - (baseline - lift)
    x_HW = along - slope * down
    tone, thick = 0.06 + 0.4 * chance[1] ** 2, (0.03 + 0.07 * chance[2]) * x_height
    kind = chance[3]
    if kind < 0.6:
        pitch = x_height * (2.2 + 2.4 * chance[4])
        dark = tone * _near(y_HW, pitch, thick, pixel)
        if chance[5] < 0.1:  # dotted
            dark = dark * (np.sin(x_HW * (2 * np.pi / (4 * thick + 2 * pixel))) > 0)
        return dark
    if kind < 0.85:
        pitch = x_height * (1.1 + 1.3 * chance[4])
        return tone * np.maximum(_near(y_HW, pitch, thick, pixel), _near(x_HW + pitch * chance[6], pitch, thick, pixel))
    pitch = x_height * (2.6 + 1.2 * chance[4])
    main = np.maximum(_near(y_HW, pitch, thick, pixel), _near(x_HW + pitch * chance[6], pitch, thick, pixel))
    return np.maximum(tone * main, 0.5 * tone * _near(y_HW, pitch / 4, 0.7 * thick, pixel))


def _near(at_HW: np.ndarray, pitch: float, thick: float, pixel: float) -> np.ndarray:
    """Return 1 on lines `pitch` apart, 0 off them, and what a pixel sees of their edges."""
    away = np.abs(at_HW - pitch * np.rint(at_HW * np.float32(1 / pitch)))
    width = max(thick, pixel)
    return np.clip((0.5 * width - away) * np.float32(1 / pixel) + 0.5, 0, 1) * np.float32(min(1.0, thick / pixel))
