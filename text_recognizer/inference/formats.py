"""All formats of results, each written piece by piece so that a thousand pages need the memory of one."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator

from text_recognizer.inference.alto import as_alto
from text_recognizer.inference.hocr import as_hocr
from text_recognizer.inference.page_xml import as_page_xml
from text_recognizer.inference.result import Line, Page

TSV_COLUMNS = ("source", "frame", "line", "left", "top", "right", "bottom", "confidence", "text")


def as_text(pages: Iterable[Page], titled: bool = False) -> Iterator[str]:
    """Yield the pages' text; with `titled`, a row like ``==> scan.png <==`` stands above each."""
    for number, page in enumerate(pages):
        if titled:
            shown = page.source + (f" page {page.frame + 1}" if page.frame else "")
            yield f"{chr(10) * bool(number)}==> {shown} <==\n"
        if page.text:
            yield page.text + "\n"


def as_json(pages: Iterable[Page], titled: bool = False) -> Iterator[str]:
    """Yield one JSON document ``{"format": 1, "pages": [...]}``, a row per page."""
    yield '{"format": 1, "pages": ['
    for number, page in enumerate(pages):
        yield (",\n" if number else "\n") + json.dumps(rounded(page.to_dict()), ensure_ascii=False)
    yield "\n]}\n"


def as_tsv(pages: Iterable[Page], titled: bool = False) -> Iterator[str]:
    """Yield a header and a row per line that has text; lengths in px of the picture, `line` counts from 0."""
    yield "\t".join(TSV_COLUMNS) + "\n"
    for page in pages:
        for number, line in enumerate(page.lines):
            if line.text:
                yield _row(page, number, line)


def _row(page: Page, number: int, line: Line) -> str:
    row = io.StringIO()
    cells = (page.source, page.frame, number, *line.box, f"{line.confidence:.4f}", line.text)
    csv.writer(row, dialect="excel-tab", lineterminator="\n").writerow(cells)
    return row.getvalue()


def rounded(tree: object) -> object:
    """Return the tree with its floats cut to 4 digits behind the point."""
    if isinstance(tree, float):
        return round(tree, 4)
    if isinstance(tree, dict):
        return {key: rounded(value) for key, value in tree.items()}
    return [rounded(value) for value in tree] if isinstance(tree, list | tuple) else tree


FORMATS: dict[str, Callable[..., Iterator[str]]] = {
    "text": as_text,
    "json": as_json,
    "tsv": as_tsv,
    "hocr": as_hocr,
    "alto": as_alto,
    "page": as_page_xml,
}
SUFFIX_OF = {"text": ".txt", "json": ".json", "tsv": ".tsv", "hocr": ".hocr", "alto": ".xml", "page": ".xml"}

ONE_PAGE = ("page",)
"""Formats that have no place for a second page."""
