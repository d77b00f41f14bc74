"""Result files back into the result tree: JSON, TSV, hOCR, ALTO and PAGE XML, told apart by their content."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from math import isfinite
from pathlib import Path
from typing import Any

from text_recognizer.errors import UserError
from text_recognizer.inference.formats import TSV_COLUMNS
from text_recognizer.inference.hocr_back import pages_of_hocr
from text_recognizer.inference.markup_back import pages_of_alto, pages_of_page_xml
from text_recognizer.inference.rebuilding import level, rebuilt_line
from text_recognizer.inference.result import Line, Page
from text_recognizer.page_markup import kind_of, root_of

DAMAGE = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError, csv.Error)
"""What is raised by files that do not say what their format has them say."""

BASELINE = 0.75
"""Where the baseline of a line is taken to be, as a share of its height from above, if a format does not say."""


def read_back(path: Path) -> list[Page]:
    """Return the pages of a file that `text-recognizer read` wrote, in any format but `text`.

    JSON gives back everything. The others round points to whole pixels, and characters stand where their boxes, which
    reach half way to the next ones, say. TSV knows neither characters nor the sizes of pages: these reach as far as
    their lines do. Lines without text are in JSON and PAGE XML only.

    Raises:
        UserError: the file cannot be opened, is none of these, or is damaged.
    """
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: it cannot be read ({error}); check the path and its rights") from error
    return pages_from(str(path), content)


def pages_from(name: str, content: bytes) -> list[Page]:
    """Return the pages of a result file; see `read_back`.

    Args:
        name: what errors call the file.
        content: of the file.
    """
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:4096]
    try:
        if start.startswith(b"{"):
            return _from_json(content)
        if start.startswith("\t".join(TSV_COLUMNS).encode()):
            return list(_from_tsv(content.decode("utf-8-sig")))
        if b"<html" in start.lower():
            return pages_of_hocr(content.decode("utf-8-sig"))
        if start.startswith(b"<"):
            return _from_markup(name, content)
    except DAMAGE as error:
        reason = str(error).split("\n")[0][:120] or type(error).__name__
        raise UserError(f"{name}: the result in it is damaged ({reason}); write it again") from error
    raise UserError(f"{name}: neither JSON, TSV, hOCR, ALTO nor PAGE XML of ours; give a file that `read` wrote")


def _from_markup(name: str, content: bytes) -> list[Page]:
    root = root_of(name, content)
    readers = {"alto": pages_of_alto, "PcGts": pages_of_page_xml}
    if kind_of(root) not in readers:
        raise UserError(f"{name}: its root is <{kind_of(root)}>, neither ALTO, PAGE nor hOCR; give one of these")
    return list(readers[kind_of(root)](root))


def _from_json(content: bytes) -> list[Page]:
    tree = json.loads(content)
    if tree.get("format") != 1:
        raise ValueError(f"its format is {tree.get('format')!r}, not 1")
    pages = [Page.from_dict(page) for page in tree["pages"]]
    for page in pages:
        _check(page)
    return pages


def _check(page: Page) -> None:
    """Raise a ValueError for what has the right keys and the wrong values."""
    numbers: list[Any] = [page.width, page.height, page.frame]
    texts: list[Any] = [page.source]
    for line in page.lines:
        texts += [line.text, *(character.text for character in line.characters)]
        if (len(line.box), len(line.corners), len(line.baseline)) != (4, 4, 2):
            raise ValueError("a line has four sides, four corners and two ends of its baseline")
        numbers += [line.confidence, *line.box, *(place for point in line.corners + line.baseline for place in point)]
        numbers += [number for c in line.characters for number in (c.x, c.y, c.confidence)]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a text is none")
    if not all(isinstance(number, int | float) and isfinite(number) for number in numbers):
        raise ValueError("a number is none")


def _from_tsv(text: str) -> Iterator[Page]:
    """Yield the pages of a table, each when a row of another one comes."""
    place: tuple[str, int] | None = None
    lines: list[Line] = []
    for row in csv.DictReader(io.StringIO(text, newline=""), dialect="excel-tab", strict=True):
        here = row["source"], int(row["frame"])
        if place not in (None, here):
            yield _page_of(lines, place)
            lines = []
        place = here
        lines.append(_tsv_line(row))
    if place is not None:
        yield _page_of(lines, place)


def _tsv_line(row: dict[str, Any]) -> Line:
    left, top, right, bottom = (int(row[name]) for name in ("left", "top", "right", "bottom"))
    y = top + BASELINE * (bottom - top)
    box = (float(left), float(top), float(right), float(bottom))
    baseline = (box[0], y), (box[2], y)
    return rebuilt_line([], box, level(box), baseline, float(row["confidence"]), row["text"])


def _page_of(lines: list[Line], place: tuple[str, int] | None) -> Page:
    source, frame = place or ("", 0)
    width, height = max(line.box[2] for line in lines), max(line.box[3] for line in lines)
    return Page(tuple(lines), width, height, source, frame)
