"""The batches of training seen otherwise: by one of several processes, or the same few again and again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch.utils.data import Dataset


class Shared(Dataset):
    """Batch k is what is left of batch k when several processes divide its samples among them.

    Args:
        batches: of all processes together; each has ``share(rank, world)``.
        rank: of this process.
        world: number of processes.
    """

    def __init__(self, batches: Dataset, rank: int, world: int) -> None:
        self.batches, self.rank, self.world = batches, rank, world

    def __getitem__(self, number: int) -> Any:
        return self.batches[number].share(self.rank, self.world)


class Repeated(Dataset):
    """Batch k is batch ``k % count``: what a model has to memorise before it is trained for long.

    Args:
        batches: without end.
        count: of batches that are shown.
    """

    def __init__(self, batches: Dataset, count: int) -> None:
        self.batches, self.count = batches, count

    def __getitem__(self, number: int) -> Any:
        return self.batches[number % self.count]

    def all(self) -> Sequence[Any]:
        """Return each of the batches once."""
        return [self.batches[number] for number in range(self.count)]
