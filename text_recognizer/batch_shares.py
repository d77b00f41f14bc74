"""How the samples of a batch are divided among processes, and what each share counts."""

from __future__ import annotations


def rows_of(rank: int, world: int, count: int) -> slice:
    """Return which of `count` samples a process gets: every `world`-th; the first where none is left for it."""
    return slice(rank, None, world) if rank < count else slice(1)


def weight_of(part: int, whole: int, rank: int, world: int, count: int) -> float:
    """Return what a mean over a share counts, so that the mean of all processes is that of the whole batch.

    Args:
        part: what the mean is taken over in this share: samples, or labels.
        whole: the same in the whole batch.
        rank, world, count: as `rows_of` has them.

    >>> [weight_of(part, 3, rank, 2, 3) for rank, part in enumerate((2, 1))]
    [1.3333333333333333, 0.6666666666666666]
    """
    return world * part / whole if rank < count and whole else 0.0
