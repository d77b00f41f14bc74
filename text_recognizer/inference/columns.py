"""Moving the columns of a picture up and down, which makes bent and leaning lines level."""

from itertools import pairwise

import numpy as np


def moved_columns(picture_HW: np.ndarray, top_W: np.ndarray, tall: int, fill: int | None = None) -> np.ndarray:
    """Return `tall` rows of each column, from row `top_W` of that column on, [tall, W].

    Args:
        picture_HW: of any type.
        top_W: int, may lie outside of the picture.
        tall: rows of the result.
        fill: what lies outside of the picture; its nearest row if left out.
    """
    rows = picture_HW.shape[0]
    over, under = max(0, -int(top_W.min())), max(0, int(top_W.max()) + tall - rows)
    if over or under:
        room = ((over, under), (0, 0))
        picture_HW = (
            np.pad(picture_HW, room, mode="edge") if fill is None else np.pad(picture_HW, room, constant_values=fill)
        )
    moved_hw = np.empty((tall, picture_HW.shape[1]), picture_HW.dtype)
    edges = [0, *(np.flatnonzero(np.diff(top_W)) + 1).tolist(), len(top_W)]
    for left, right in pairwise(edges):  # columns that move alike are copied together
        top = int(top_W[left]) + over
        moved_hw[:, left:right] = picture_HW[top : top + tall, left:right]
    return moved_hw
