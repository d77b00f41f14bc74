"""What callbacks see of a batch, whatever it is of: its pictures in grey."""

from __future__ import annotations

import numpy as np

from text_recognizer.character_batch import CharacterBatch
from text_recognizer.line_batch import LineBatch
from text_recognizer.paragraph_batch import ParagraphBatch

AnyBatch = CharacterBatch | LineBatch | ParagraphBatch


def grey_of(batch: AnyBatch, row: int) -> np.ndarray:
    """Return a picture of a batch, uint8 [H, W], dark on light and without its padding."""
    width = int(batch.widths_B[row]) if isinstance(batch, LineBatch) else batch.x_BCHW.shape[3]
    return (255 * (1 - batch.x_BCHW[row, 0, :, :width].float().cpu().numpy().clip(0, 1))).astype(np.uint8)
