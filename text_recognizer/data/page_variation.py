"""Making a page of training look like another scan of it."""

from __future__ import annotations

import cv2
import numpy as np


def varied_page(grey_HW: np.ndarray, amount: float, dice: np.random.Generator) -> np.ndarray:
    """Return a page turned, sheared, scaled, blurred and lit a little otherwise, uint8 of the same size.

    Args:
        grey_HW: uint8, dark on light.
        amount: 0 changes nothing; at 1 the changes are about a degree, 3 % of the size and half a pixel of blur.
        dice: decides on them.
    """
    if not amount:
        return grey_HW
    height, width = grey_HW.shape
    angle, shear, wider, higher = amount * dice.normal(0, (0.015, 0.06, 0.03, 0.03))
    change = np.array([[np.cos(angle), -np.sin(angle) + shear], [np.sin(angle), np.cos(angle)]])
    change = change @ np.diag([1 - abs(wider), 1 - abs(higher)])  # only smaller: nothing may leave the page
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ change.T
    change = change * min(1.0, width / np.ptp(corners[:, 0]), height / np.ptp(corners[:, 1]))
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]]) @ change.T
    shift = (np.array([width, height]) - np.ptp(corners, axis=0)) * dice.random(2) - corners.min(0)
    paper = float(np.percentile(grey_HW, 80))
    matrix = np.column_stack([change, shift])
    page = cv2.warpAffine(grey_HW, matrix, (width, height), flags=cv2.INTER_AREA, borderValue=paper)
    blur = amount * dice.uniform(0, 0.7)
    if blur > 0.3:
        page = cv2.GaussianBlur(page, (0, 0), blur)
    contrast, light = np.exp(amount * dice.normal(0, 0.15)), amount * dice.normal(0, 10)
    noise = dice.normal(0, amount * dice.uniform(0, 5), page.shape)
    return np.clip((page - paper) * contrast + paper + light + noise, 0, 255).astype(np.uint8)
