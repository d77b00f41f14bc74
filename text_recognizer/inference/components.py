"""Connected components of a mask, by runs of ink in rows and a vectorised union-find; numpy alone."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Components:
    """K connected pieces of ink (8 neighbours).

    Attributes:
        area_K: number of pixels.
        left_K, top_K, right_K, bottom_K: the box around each; right and bottom are exclusive.
        middle_K: mean y of the pixels.
        of_pixel: the component of every True pixel of the mask, in row order.
    """

    area_K: np.ndarray
    left_K: np.ndarray
    top_K: np.ndarray
    right_K: np.ndarray
    bottom_K: np.ndarray
    middle_K: np.ndarray
    of_pixel: np.ndarray

    @property
    def height_K(self) -> np.ndarray:
        """Heights of the boxes."""
        return self.bottom_K - self.top_K

    @property
    def width_K(self) -> np.ndarray:
        """Widths of the boxes."""
        return self.right_K - self.left_K


def connected_components(mask_HW: np.ndarray) -> Components:
    """Find the connected components of a bool mask."""
    row, start, end = _runs(mask_HW)
    group = _groups(len(row), *_touching(row, start, end, mask_HW.shape[1]))
    count = int(group.max()) + 1 if len(group) else 0
    length = end - start
    area = np.bincount(group, weights=length, minlength=count)
    left, top = np.full(count, mask_HW.shape[1]), np.full(count, mask_HW.shape[0])
    right, bottom = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    np.minimum.at(left, group, start)
    np.minimum.at(top, group, row)
    np.maximum.at(right, group, end)
    np.maximum.at(bottom, group, row + 1)
    middle = np.bincount(group, weights=length * row, minlength=count) / np.maximum(area, 1)
    return Components(area.astype(np.int64), left, top, right, bottom, middle, np.repeat(group, length))


def _runs(mask_HW: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return row, start and end (exclusive) of every run of True, in row order."""
    padded = np.zeros((mask_HW.shape[0], mask_HW.shape[1] + 1), dtype=bool)
    padded[:, :-1] = mask_HW
    flat = padded.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    if flat[0]:
        edges = np.concatenate([[0], edges])
    starts, ends = edges[::2], edges[1::2]
    row = starts // padded.shape[1]
    return row, starts - row * padded.shape[1], ends - row * padded.shape[1]


def _touching(row: np.ndarray, start: np.ndarray, end: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pairs of runs in neighbouring rows that touch, corners included."""
    stride = width + 2
    below = (row + 1) * stride
    first = np.searchsorted(row * stride + end, below + start, side="left")
    last = np.searchsorted(row * stride + start, below + end, side="right")
    count = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(row)), count)
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return upper, np.repeat(first, count) + offset


def _groups(count: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return for each of `count` items the number of its group, when a[i] and b[i] belong together.

    Roots are hooked to the smaller root that they touch and the paths halved until nothing moves.
    """
    parent = np.arange(count)
    while len(a):
        root_a, root_b = parent[a], parent[b]
        apart = root_a != root_b
        if not apart.any():
            break
        a, b, root_a, root_b = a[apart], b[apart], root_a[apart], root_b[apart]
        np.minimum.at(parent, np.maximum(root_a, root_b), np.minimum(root_a, root_b))
        while not np.array_equal(shorter := parent[parent], parent):
            parent = shorter
    return np.unique(parent, return_inverse=True)[1]
