"""Own lines as training and validation take them: pages are cut once and kept packed, files are read each time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from text_recognizer.charset import Charset
from text_recognizer.data.base import Sample, collate
from text_recognizer.data.line_cutting import CutLine
from text_recognizer.data.own_data import OwnLine
from text_recognizer.line_batch import LineBatch


@dataclass(frozen=True)
class QuickLine:
    """A line of training that is read from its file whenever a batch needs it."""

    line: OwnLine

    @property
    def text(self) -> str:
        return self.line.text

    @property
    def page(self) -> str:
        return self.line.group

    @property
    def width_at_40(self) -> float:
        return self.line.width_at_40

    def cut(self) -> CutLine:
        return self.line.cut()


@dataclass(frozen=True)
class PackedLine:
    """A line of training that was cut out of a page or table, compressed without loss.

    Attributes:
        text: of the line.
        page: its group.
        width_at_40: width that it has when its ink is 36 px of 40 high.
        grey, inside: the compressed pixels and outline of the cut line.
        baseline, top, bottom: as the cut line has them.
    """

    text: str
    page: str
    width_at_40: float
    grey: bytes
    inside: bytes
    baseline: float
    top: int
    bottom: int

    def cut(self) -> CutLine:
        grey_HW = unpacked(self.grey)
        bits = np.frombuffer(zlib.decompress(self.inside), np.uint8)
        inside_HW = np.unpackbits(bits, count=grey_HW.size).reshape(grey_HW.shape).astype(bool)
        return CutLine(grey_HW, inside_HW, self.baseline, self.top, self.bottom, self.text, self.page)


def training_lines(lines: Sequence[OwnLine]) -> list[QuickLine | PackedLine]:
    """Return the lines for training, narrow ones first."""
    ready = [QuickLine(line) if line.picture.quick else _packed_line(line) for line in lines]
    return sorted(ready, key=lambda line: (line.width_at_40, line.text))


def _packed_line(line: OwnLine) -> PackedLine:
    cut = line.cut()
    inside = zlib.compress(np.packbits(cut.inside_HW).tobytes(), 1)
    grey = packed(cut.grey_HW)
    return PackedLine(line.text, line.group, line.width_at_40, grey, inside, cut.baseline, cut.top, cut.bottom)


def packed(grey_HW: np.ndarray) -> bytes:
    """Return the pixels as a PNG, compressed quickly."""
    return cv2.imencode(".png", grey_HW, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()


def unpacked(content: bytes) -> np.ndarray:
    """Return the pixels that `packed` took."""
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE))


class OwnBatches(Sequence[LineBatch]):
    """The lines of validation as they are, always in the same batches, read when a batch is asked for.

    Args:
        lines: real lines.
        charset: of the labels.
        height: of the batch's lines, in pixels.
        count: lines in a batch.
    """

    def __init__(self, lines: Sequence[OwnLine], charset: Charset, height: int, count: int = 8) -> None:
        ordered = sorted(lines, key=lambda line: (line.size[1] / line.size[0], line.name))
        self.groups = [ordered[i : i + count] for i in range(0, len(ordered), count)]
        self.charset, self.height = charset, height
        self._kept = {line.name: packed(line.image_HW()) for line in lines if not line.picture.quick}

    def __len__(self) -> int:
        return len(self.groups)

    def __iter__(self) -> Iterator[LineBatch]:
        return (self[number] for number in range(len(self)))

    def __getitem__(self, number: int) -> LineBatch:  # type: ignore[override]
        samples = [Sample(self._image(line), line.text, None, f"real: {line.group}") for line in self.groups[number]]
        return collate(samples, self.charset, self.height)

    def _image(self, line: OwnLine) -> np.ndarray:
        return unpacked(self._kept[line.name]) if line.name in self._kept else line.image_HW()
