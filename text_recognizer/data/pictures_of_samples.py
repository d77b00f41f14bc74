"""A picture of samples as a model sees them, to look at before training."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from text_recognizer.data.base import LabData

WIDTH = 1200
GAP, CAPTION = 6, 12

PAGE_WIDTH = 390
"""Pixels to which wider pages are scaled down, so that three stand beside each other."""


def sample_picture(data: LabData, count: int = 24) -> Image.Image:
    """Return samples of training, and below a rule of validation, each with its text; paper is white.

    Args:
        data: the set.
        count: samples of each, at most.
    """
    parts = [_sheet(_samples(data.train_batches(), count)), _sheet(_samples(data.validation_batches(), count))]
    height = sum(part.height for part in parts) + 2 * CAPTION + GAP
    picture = Image.new("RGB", (WIDTH, height), "white")
    drawing, y = ImageDraw.Draw(picture), 0
    for name, part in zip(("training", "validation"), parts, strict=True):
        drawing.text((GAP, y), name, "firebrick")
        picture.paste(part, (0, y + CAPTION))
        y += CAPTION + part.height
        drawing.line((0, y + GAP // 2, WIDTH, y + GAP // 2), "firebrick")
        y += GAP
    return picture


def _samples(batches: Any, count: int) -> Iterator[tuple[np.ndarray, str]]:
    """Yield the first pictures of batches, uint8 dark on white, with what they show."""
    number = 0
    limit = len(batches) if hasattr(batches, "__len__") else count
    while count > 0 and number < limit:
        batch = batches[number]
        number += 1
        for row in range(min(count, len(batch.sources))):
            yield _grey(batch, row), _label(batch, row)
        count -= len(batch.sources)


def _grey(batch: Any, row: int) -> np.ndarray:
    x_HW = batch.x_BCHW[row, 0].numpy()
    if hasattr(batch, "widths_B"):
        x_HW = x_HW[:, : int(batch.widths_B[row])]
    grey_HW = np.rint(255 * (1 - x_HW.clip(0, 1))).astype(np.uint8)
    scale = min(1.0, PAGE_WIDTH / grey_HW.shape[1]) if grey_HW.shape[0] > 128 else 1.0
    size = (round(scale * grey_HW.shape[1]), round(scale * grey_HW.shape[0]))
    return grey_HW if scale == 1 else np.asarray(Image.fromarray(grey_HW).resize(size, Image.Resampling.LANCZOS))


def _label(batch: Any, row: int) -> str:
    if hasattr(batch, "texts"):
        return f"{batch.sources[row]}: {batch.texts[row]}".replace("\n", " / ")
    return f"class {int(batch.y_B[row])}"


def _sheet(samples: Iterator[tuple[np.ndarray, str]]) -> Image.Image:
    """Return pictures beside and below each other with their captions."""
    font = import_module("PIL.ImageFont").load_default()
    placed, x, y, row = [], GAP, 0, 0
    for grey_HW, label in samples:
        height, width = grey_HW.shape
        wide = max(width, 60 if width < 100 else width)
        if x > GAP and x + wide > WIDTH:
            x, y, row = GAP, y + row, 0
        placed.append((x, y, grey_HW, label[: max(8, wide // 6)]))
        x, row = x + wide + GAP, max(row, height + CAPTION + GAP)
    sheet = Image.new("RGB", (WIDTH, y + row + 1), "gainsboro")
    drawing = ImageDraw.Draw(sheet)
    for x, y, grey_HW, label in placed:
        sheet.paste(Image.fromarray(grey_HW), (x, y + CAPTION))
        drawing.text((x, y), label.encode("latin-1", "replace").decode("latin-1"), "dimgray", font)
    return sheet
