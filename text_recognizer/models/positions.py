"""Where things stand, as vectors: sines along one or two axes."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def positions_1d(length: int, width: int) -> Tensor:
    """Return float32 [length, width]: sines in the even places, cosines in the odd ones, of falling frequencies.

    Args:
        length: number of positions.
        width: of each vector, even.

    Source: Vaswani et al. 2017, "Attention is all you need", section 3.5.
    """
    frequencies = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angles = torch.arange(length)[:, None] * frequencies
    return torch.stack([angles.sin(), angles.cos()], dim=-1).reshape(length, width)


def positions_2d(rows: int, columns: int, width: int) -> Tensor:
    """Return float32 [rows, columns, width]: one half of each vector says the row, the other the column.

    Args:
        rows, columns: of the grid.
        width: of each vector, a multiple of 4.

    Source: Singh & Karayev 2021, "Full page handwriting recognition via image to sequence extraction", section 3.
    """
    half = width // 2
    of_rows = positions_1d(rows, half)[:, None].expand(rows, columns, half)
    of_columns = positions_1d(columns, half)[None].expand(rows, columns, half)
    return torch.cat([of_rows, of_columns], dim=-1)
