"""Pages that people of the Full Stack Deep Learning courses wrote, with the places and texts of their lines."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from text_recognizer.data.download import RemoteFile, fetched
from text_recognizer.data.own_layouts.label_studio import placed
from text_recognizer.data.page_store import StoredLine, TranscribedPage, read_pages_of, write_pages
from text_recognizer.data.page_xml import TextLine
from text_recognizer.data.prepared import prepared
from text_recognizer.data.raw_sets import RawSet, downloads, read_raw_set
from text_recognizer.data.split_overlap import apart
from text_recognizer.data.stored_lines import StoredLines
from text_recognizer.errors import UserError
from text_recognizer.image import open_image

ANNOTATIONS = "fsdl_handwriting.json"
VERSION = 1

SHARES = {"test": 0.1, "val": 0.1}
"""Of the pages; the rest is for training."""


class FSDLHandwriting(StoredLines):
    """Handwritten English lines of students' pages; they are split by page, as nobody tells who wrote which.

    Args:
        real: share of the real lines in training.
    """

    raw_name = "fsdl_handwriting"

    def __init__(self, real: float = 0.5, **others: Any) -> None:
        super().__init__(real=real, **others)

    def split_lines(self) -> tuple[dict[str, list[StoredLine]], list[str]]:
        raw = read_raw_set("fsdl_handwriting", self.folder)
        recipe = {"set": raw.name, "version": VERSION, "sources": raw.digests()}
        folder = prepared(self.folder / raw.name, recipe, lambda beside: _write(beside, raw, self.folder))
        pages, index = read_pages_of(folder)
        part_of = _parts(sorted({page.writer for page in pages}))
        lines = [line for page in pages for line in page.lines]
        parts = {part: [x for x in lines if part_of[x.writer] == part] for part in ("train", "val", "test")}
        kept, notes = apart(raw.name, parts, self.overlap)
        without = [f"{len(index['left_out'])} lines have no ink"] if index["left_out"] else []
        return kept, [f"{len(pages)} pages with transcribed lines, split by page", *notes, *without]


def _parts(pictures: list[str]) -> dict[str, str]:
    """Return the split of each picture; the order is that of digests, so that it never changes."""
    if len(pictures) < 3:
        raise UserError(
            f"fsdl_handwriting: it has {len(pictures)} different pages with lines; three are needed to split"
        )
    order = sorted(pictures, key=lambda name: hashlib.sha256(name.encode()).digest())
    part_of = dict.fromkeys(order, "train")
    begin = 0
    for part, share in SHARES.items():
        count = max(1, round(share * len(order)))
        part_of |= dict.fromkeys(order[begin : begin + count], part)
        begin += count
    return part_of


def _write(beside: Path, raw: RawSet, data: Path) -> None:
    path = raw.fetched(data, ANNOTATIONS)
    write_pages(beside, _pages(path, raw, data))


def _pages(path: Path, raw: RawSet, data: Path) -> Iterator[TranscribedPage]:
    """Yield the pages that have a transcribed line, each fetched from the address that the annotations give."""
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        called = f"{path} line {number}"
        try:
            record = json.loads(text)
            url, annotation = str(record["content"]), list(record["annotation"] or [])
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{called}: it is no record of a page ({error}); fetch the file again") from None
        told = [line for line in annotation if str(line.get("notes") or "").strip()]
        if not told:
            continue
        name = re.sub(r"[^A-Za-z0-9._-]", "_", unquote(urlsplit(url).path).rpartition("/")[2])
        if urlsplit(url).hostname not in raw.page_hosts:
            raise UserError(f"{called}: its page is at {url}, which is none of the hosts in {raw.path}; add it there")
        content = fetched(RemoteFile(f"pages/{name}", (url,)), _pages_folder(data, raw)).read_bytes()
        writer = hashlib.sha256(content).hexdigest()[:16]  # pages of the same picture stay in one split
        yield TranscribedPage(name, writer, content, _lines(told, content, name))


def _pages_folder(data: Path, raw: RawSet) -> Path:
    return downloads(data, raw.name)


def _lines(told: list[dict[str, Any]], content: bytes, name: str) -> list[tuple[str, TextLine]]:
    """Return the lines of a page; their corners are told as shares of the picture's sides."""
    height, width = open_image(content).shape
    lines = []
    for number, line in enumerate(told):
        identity = f"{name}-{number:02d}"
        try:
            points = [[100 * float(x), 100 * float(y)] for x, y in line["points"]]
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"{identity}: its corners are not told in numbers ({error}); fetch the file again"
            ) from None
        text = " ".join(str(line["notes"]).split())
        lines.append((identity, placed({"points": points}, (width, height), text, identity)))
    return lines
