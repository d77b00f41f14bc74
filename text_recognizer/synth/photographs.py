"""A line in a photograph: seen at an angle, unevenly lit, out of focus or shaken."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from text_recognizer.synth.degrade import Bend, smooth_field


def at_an_angle(bend: Bend, dice: np.random.Generator) -> Bend:
    """Return the bend of a page that lies askew: one end of the line is further away, and all of it may be curved."""
    height, width = bend.map_x.shape
    u = np.linspace(-0.5, 0.5, width, dtype=np.float32)
    away, bow, lean = (float(v) for v in dice.normal(0, 1, 3) * (0.07, 0.05, 0.05))
    middle = bend.map_y[height // 2]
    down = bend.map_y - middle
    grown = 1 + np.clip(away, -0.15, 0.15) * 2 * u
    tall = height / bend.scale
    map_y = middle + down * grown + bow * tall * (4 * u * u - 0.33)
    map_x = bend.map_x + lean * down * u * 2
    return replace(bend, map_x=map_x.astype(np.float32), map_y=map_y.astype(np.float32))


def light(shape: tuple[int, int], dice: np.random.Generator) -> np.ndarray:
    """Return what a lamp, a window or a shadow multiplies a picture by, float32 [H, W]."""
    height, width = shape
    columns = max(2, width // (4 * height))
    light_HW = 1 + smooth_field(dice, shape, (2, columns + 1), float(dice.uniform(0.01, 0.07)))
    if dice.random() < 0.35:  # the edge of a shadow crosses the line
        at, slope, soft = dice.uniform(-0.2, 1.2), dice.normal(0, 1.2), float(dice.uniform(0.05, 2.0)) * height
        x = np.arange(width, dtype=np.float32)[None] - np.float32(at * width)
        y = np.arange(height, dtype=np.float32)[:, None] * np.float32(slope)
        side = np.clip((x + y) / np.float32(soft), -1, 1) * (1 if dice.random() < 0.5 else -1)
        light_HW = light_HW * (1 - np.float32(dice.uniform(0.1, 0.45)) * (0.5 + 0.5 * side))
    return np.clip(light_HW, 0.3, 1.25)


def shaken(grey_HW: np.ndarray, dice: np.random.Generator) -> np.ndarray:
    """Return the picture as a moved or badly focused camera gives it, uint8 [H, W]."""
    unit = grey_HW.shape[0] / 40
    if dice.random() < 0.25:
        steps = max(2, round(float(dice.uniform(1.2, 2.6)) * unit))
        angle = float(dice.uniform(0, np.pi))
        kernel = np.zeros((2 * steps + 1, 2 * steps + 1), np.float32)
        reach = 0.5 * steps * np.array([np.cos(angle), np.sin(angle)])
        ends = np.rint((steps + np.stack([-reach, reach])) * 16).astype(np.int32)
        cv2.polylines(kernel, [ends], False, 1.0, 1, cv2.LINE_AA, 4)
        return cv2.filter2D(grey_HW, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    if dice.random() < 0.35:
        return cv2.GaussianBlur(grey_HW, (0, 0), float(dice.uniform(0.4, 1.0)) * unit)
    return grey_HW
