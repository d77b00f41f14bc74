"""Transcribed pages as they are prepared: their lines cut out once, their paragraphs, and who wrote them."""

from __future__ import annotations

import json
import mmap
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np

from text_recognizer.data.line_cutting import CutLine, cut_line, reduced, tidy
from text_recognizer.data.own_training_lines import packed, unpacked
from text_recognizer.data.page_xml import TextLine
from text_recognizer.errors import UserError
from text_recognizer.image import open_image

INDEX, LINES, PAGES = "index.json", "lines.bin", "pages.bin"

MARGIN = 8
"""Pixels of paper that a paragraph shows round its lines, which are about 72 px high."""


@dataclass(frozen=True)
class TranscribedPage:
    """A page before it is prepared.

    Attributes:
        identity: what lists and messages call it.
        writer: who wrote it, as the set says; None where it does not.
        picture: the content of its file.
        lines: their names, texts and places in the pixels of the picture.
    """

    identity: str
    writer: str | None
    picture: bytes
    lines: Sequence[tuple[str, TextLine]]


class Pack:
    """Pictures in one file, read where they lie.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path}

    @cached_property
    def _content(self) -> mmap.mmap:
        with self.path.open("rb") as stream:
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)

    def piece(self, place: Sequence[int]) -> bytes:
        """Return the bytes of a place: where they begin and how many they are."""
        return self._content[place[0] : place[0] + place[1]]


@dataclass(frozen=True)
class StoredLine:
    """A prepared line; its pixels are read whenever they are needed.

    Attributes:
        identity: of the line.
        text: of the line.
        writer: who wrote it, or its page where that is not known.
        of_page: the page's identity.
        width_at_40: width that it has when its ink is 36 px of 40 high.
        told: where its pixels lie, and the measures of the cut line.
        pack: of the pixels.
    """

    identity: str
    text: str
    writer: str
    of_page: str
    width_at_40: float
    told: dict[str, Any]
    pack: Pack

    @property
    def page(self) -> str:
        """Whose hand it is in, as training samples name their source."""
        return self.writer

    def cut(self) -> CutLine:
        """Return the line with its ink measured, for training."""
        grey_HW = unpacked(self.pack.piece(self.told["grey"]))
        bits = np.frombuffer(zlib.decompress(self.pack.piece(self.told["inside"])), np.uint8)
        inside_HW = np.unpackbits(bits, count=grey_HW.size).reshape(grey_HW.shape).astype(bool)
        baseline, top, bottom = self.told["rows"]
        return CutLine(grey_HW, inside_HW, baseline, top, bottom, self.text, self.writer)

    def image_HW(self) -> np.ndarray:
        """Return the line as a reader cuts it, uint8, dark on light."""
        return tidy(self.cut())


@dataclass(frozen=True)
class StoredPage:
    """A prepared page: its lines from top to bottom, and its paragraph's picture."""

    identity: str
    writer: str
    lines: tuple[StoredLine, ...]
    place: Sequence[int]
    pack: Pack

    @property
    def text(self) -> str:
        """The lines' texts, one per row."""
        return "\n".join(line.text for line in self.lines)

    def paragraph_HW(self) -> np.ndarray:
        """Return the part of the page with its lines, uint8, dark on light; lines are about 72 px high."""
        return unpacked(self.pack.piece(self.place))


def write_pages(folder: Path, pages: Iterable[TranscribedPage], more: dict[str, Any] | None = None) -> None:
    """Prepare pages into an empty folder.

    Args:
        folder: for the files.
        pages: one after the other.
        more: what else the index shall hold, as JSON.

    Raises:
        UserError: no page has a line with ink, or a picture cannot be read.
    """
    left_out: list[str] = []
    with (folder / LINES).open("wb") as lines, (folder / PAGES).open("wb") as paragraphs:
        told = [entry for page in pages if (entry := _written(page, lines, paragraphs, left_out))]
    if not told:
        raise UserError(f"{folder.name}: none of its pages has a transcribed line with ink; check the source")
    told.sort(key=lambda entry: entry["identity"])
    index = {"pages": told, "left_out": left_out, **(more or {})}
    (folder / INDEX).write_text(json.dumps(index, ensure_ascii=False, indent=1), encoding="utf-8")


def read_pages_of(folder: Path) -> tuple[list[StoredPage], dict[str, Any]]:
    """Return the pages of a prepared folder in the order of their names, and its whole index."""
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    lines, paragraphs = Pack(folder / LINES), Pack(folder / PAGES)
    return [_stored(entry, lines, paragraphs) for entry in index["pages"]], index


def _stored(entry: dict[str, Any], lines: Pack, paragraphs: Pack) -> StoredPage:
    writer = entry["writer"] or entry["identity"]
    stored = tuple(
        StoredLine(line["identity"], line["text"], writer, entry["identity"], line["width_at_40"], line, lines)
        for line in entry["lines"]
    )
    return StoredPage(entry["identity"], writer, stored, entry["place"], paragraphs)


def _written(
    page: TranscribedPage, lines: BinaryIO, paragraphs: BinaryIO, left_out: list[str]
) -> dict[str, Any] | None:
    """Append a page's pixels and return its entry of the index, None where it has no line with ink."""
    try:
        whole_HW = open_image(page.picture)
    except UserError as error:
        raise UserError(f"{page.identity}: its {error}") from error
    grey_HW, places = reduced(whole_HW, [line for _, line in page.lines])
    entries, polygons = [], []
    for (identity, _), line in zip(page.lines, places, strict=True):
        cut = cut_line(grey_HW, line, page.identity) if line.text else None
        if cut is None:
            left_out.append(identity)
            continue
        inside = zlib.compress(np.packbits(cut.inside_HW).tobytes(), 1)
        entries.append(
            {
                "identity": identity,
                "text": line.text,
                "width_at_40": round(cut.width_at_40, 2),
                "grey": _append(lines, packed(cut.grey_HW)),
                "inside": _append(lines, inside),
                "rows": [cut.baseline, cut.top, cut.bottom],
            }
        )
        polygons.append(line.polygon_M2)
    if not entries:
        return None
    place = _append(paragraphs, packed(_paragraph(grey_HW, polygons)))
    return {"identity": page.identity, "writer": page.writer, "place": place, "lines": entries}


def _paragraph(grey_HW: np.ndarray, polygons: list[np.ndarray]) -> np.ndarray:
    points = np.concatenate(polygons)
    left, top = np.floor(points.min(0) - MARGIN).astype(int).clip(0)
    right, bottom = np.ceil(points.max(0) + MARGIN).astype(int)
    return np.ascontiguousarray(grey_HW[top:bottom, left:right])


def _append(stream: BinaryIO, content: bytes) -> list[int]:
    begin = stream.tell()
    stream.write(content)
    return [begin, len(content)]


def fitted(grey_HW: np.ndarray, height: int, width: int, scale: float = 1.0) -> np.ndarray:
    """Return a page scaled by `scale`, or by less where it would not fit into `height` x `width` pixels."""
    rows, columns = grey_HW.shape
    scale = min(scale, height / rows, width / columns)
    size = (min(width, max(1, round(columns * scale))), min(height, max(1, round(rows * scale))))
    return grey_HW if size == (columns, rows) else cv2.resize(grey_HW, size, interpolation=cv2.INTER_AREA)
