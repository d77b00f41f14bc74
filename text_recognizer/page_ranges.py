"""Which pages of a file are wanted: ``3-9``, ``1,4,7-``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from text_recognizer.errors import UserError

_RANGE = re.compile(r"\s*(\d{0,6})\s*(-?)\s*(\d{0,6})\s*")


@dataclass(frozen=True)
class PageRanges:
    """Pages by their numbers from 1.

    Attributes:
        ranges: first and last page of each, the last None where there is no end.
        text: as it was written.
    """

    ranges: tuple[tuple[int, int | None], ...] = ((1, None),)
    text: str = "1-"

    @classmethod
    def parse(cls, text: str) -> PageRanges:
        """Read ranges as people write them.

        >>> PageRanges.parse("1,4,7-").ranges
        ((1, 1), (4, 4), (7, None))

        Raises:
            UserError: it is none, or a page is 0, or a range ends before it begins.
        """
        ranges = []
        for part in text.split(","):
            found = _RANGE.fullmatch(part)
            first, dash, last = found.groups() if found else ("", "", "")
            if not (first or last):
                raise UserError(
                    f"pages {text!r}: {part.strip()!r} is no range of pages; write them as in 3-9 or 1,4,7-"
                )
            low = int(first or 1)
            high = int(last) if last else (None if dash else low)
            if low < 1 or (high is not None and high < low):
                raise UserError(
                    f"pages {text!r}: {part.strip()!r} begins after its end or before 1; the first page is 1"
                )
            ranges.append((low, high))
        return cls(tuple(ranges), text)

    def __contains__(self, number: int) -> bool:
        return any(low <= number and (high is None or number <= high) for low, high in self.ranges)

    def is_over(self, number: int) -> bool:
        """Return whether no page from `number` on is wanted."""
        return all(high is not None and high < number for _, high in self.ranges)


ALL_PAGES = PageRanges()
