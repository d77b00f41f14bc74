"""Whose hand a page is in, by the name of its file."""

from __future__ import annotations


def writer_of(page: str) -> str:
    """Return the writer's number in the name of a page: its first four digits in a row, else the name.

    >>> writer_of("imp_wikitexte_0117_1")
    '0117'
    """
    digits = [part for part in page.replace("-", "_").split("_") if len(part) == 4 and part.isdigit()]
    return digits[0] if digits else page
