"""The page segmenter: an ONNX model that maps where the lines of a page run, at a scale that suits its text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from text_recognizer.inference.onnx_session import onnx_session
from text_recognizer.page_input import CELL, STRIDE, page_input

FILE = "segmenter.onnx"

FIRST_PIXELS, USUAL_PIXELS = 120_000, 250_000
"""Pixels to which a larger page is reduced for the first look, and for the second if its text is not large; few pages
need a third."""

LARGE = 6.5
"""The median x-height, in px, from which on the first look does."""

MOST_PIXELS = 6_000_000
"""Pixels of the largest look."""

TILE_PIXELS = 800_000
"""Pixels that the network sees at once; larger pages are seen in bands, which bounds the memory."""

OVERLAP = 96
"""Rows that neighbouring bands share; a multiple of the stride."""

GOOD, BEST = (4.5, 14.0), 8.0
"""The median x-heights, in px of the scaled page, that need no further look, and the one aimed at by it."""

SURE = 0.65
"""Mean probability of what is taken for text; less on a reduced page, and its text may be too small to be seen."""

MORE_LOOKS = 2

TEXT = 0.5
"""Probability from which on a cell counts as the core of a line."""

LARGEST_ENLARGEMENT = 3.0


@dataclass(frozen=True)
class PageMaps:
    """What the segmenter says of a page.

    Attributes:
        scaled_HW: uint8, the page as it was seen.
        scale: px of `scaled_HW` per px of the page.
        baseline_hw, core_hw, separator_hw: float32 probabilities for cells of 4 x 4 px.
        x_height_hw: float32, in px of `scaled_HW`; means something where there is a core.
        turn_4: mean log probability over the text that the page is shown with 0 to 3 quarter turns clockwise.
    """

    scaled_HW: np.ndarray
    scale: float
    baseline_hw: np.ndarray
    core_hw: np.ndarray
    separator_hw: np.ndarray
    x_height_hw: np.ndarray
    turn_4: np.ndarray

    @property
    def x_height(self) -> float:
        """Median x-height of the text in px of `scaled_HW`; 0 where there is none."""
        text_hw = self.core_hw > TEXT
        return float(np.median(self.x_height_hw[text_hw])) if text_hw.sum() >= 2 else 0.0


class Segmenter:
    """A segmenter ready to look at pages.

    Args:
        model: the ONNX file.
        threads: that one page's arithmetic is spread over; 0 lets onnxruntime choose.

    Raises:
        UserError: the model cannot be loaded.
    """

    def __init__(self, model: Path, threads: int = 0) -> None:
        self._session = onnx_session(model, threads)

    @classmethod
    def load(cls, directory: Path | str | None = None, threads: int = 0) -> Segmenter:
        """Return the segmenter of a model's folder if it has one of its own, else that of the package."""
        own = None if directory is None else Path(directory) / FILE
        return cls(own, threads) if own is not None and own.exists() else cls.shipped(threads)

    @classmethod
    @cache
    def shipped(cls, threads: int = 0) -> Segmenter:
        """Return the segmenter that comes with the package."""
        from importlib.resources import files

        return cls(Path(str(files("text_recognizer"))) / "weights" / FILE, threads)

    def look(self, grey_HW: np.ndarray) -> PageMaps:
        """Return the maps of a page, at a scale at which its text is neither tiny nor huge.

        Args:
            grey_HW: uint8, light or dark text, at least 1 px.
        """
        maps = self.look_at(grey_HW, min(1.0, (FIRST_PIXELS / grey_HW.size) ** 0.5))
        if maps.scale < 1 and maps.x_height < LARGE:
            maps = self.look_at(grey_HW, min(1.0, (USUAL_PIXELS / grey_HW.size) ** 0.5))
        most = min(LARGEST_ENLARGEMENT, (MOST_PIXELS / grey_HW.size) ** 0.5)
        for _ in range(MORE_LOOKS):
            better = min(most, maps.scale * _nearer(maps))
            if 0.8 < better / maps.scale < 1.25:
                break
            maps = self.look_at(grey_HW, better)
        return maps

    def look_at(self, grey_HW: np.ndarray, scale: float) -> PageMaps:
        """Return the maps of a page scaled by `scale`."""
        scaled_HW = scaled_page(grey_HW, scale)
        return self.look_as_is(scaled_HW, scaled_HW.shape[1] / grey_HW.shape[1])

    def look_as_is(self, scaled_HW: np.ndarray, scale: float = 1.0) -> PageMaps:
        """Return the maps of a page that has been scaled by `scale` before."""
        x_HW = page_input(scaled_HW)
        maps, turns = self._run(x_HW)
        rows, columns = -(-scaled_HW.shape[0] // CELL), -(-scaled_HW.shape[1] // CELL)
        maps = maps[:, :rows, :columns]
        baseline_hw, core_hw, separator_hw = 1 / (1 + np.exp(-np.clip(maps[:3], -30, 30)))
        x_height_hw = np.exp2(np.clip(maps[3], 0, 7))
        return PageMaps(scaled_HW, scale, baseline_hw, core_hw, separator_hw, x_height_hw, _turn(turns, core_hw))

    def _run(self, x_HW: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return maps [4, h, w] and turns [4, h / 4, w / 4], seen in bands where the page is large."""
        rows, columns = x_HW.shape
        band = max(2 * OVERLAP, TILE_PIXELS // columns // STRIDE * STRIDE - 2 * OVERLAP)
        if rows <= band + 2 * OVERLAP:
            maps, turns = self._session.run(["maps", "turns"], {"x": x_HW[None, None]})
            return maps[0], turns[0]
        found_maps, found_turns = [], []
        for top in range(0, rows, band):
            first, last = max(0, top - OVERLAP), min(rows, top + band + OVERLAP)
            maps, turns = self._session.run(["maps", "turns"], {"x": x_HW[None, None, first:last]})
            end = min(rows, top + band) - first
            found_maps.append(maps[0][:, (top - first) // CELL : end // CELL])
            found_turns.append(turns[0][:, (top - first) // STRIDE : end // STRIDE])
        return np.concatenate(found_maps, axis=1), np.concatenate(found_turns, axis=1)


def _nearer(maps: PageMaps) -> float:
    """Return how many times larger the page would better be seen, 1 where it is seen well.

    Text that is all but invisible is not seen at all, or taken for larger than it is and with little certainty; so is
    noise, which is therefore not enlarged beyond the page as it was given.
    """
    text = maps.core_hw[maps.core_hw > TEXT]
    if len(text) < 2 or text.mean() < SURE:
        return max(1.0, min(2.0, 1 / maps.scale))
    return 1.0 if GOOD[0] <= maps.x_height <= GOOD[1] else BEST / maps.x_height


def scaled_page(grey_HW: np.ndarray, scale: float) -> np.ndarray:
    """Return the page at another scale, each side at least 1 px."""
    rows, columns = grey_HW.shape
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    if size == (columns, rows):
        return grey_HW
    return np.asarray(Image.fromarray(grey_HW).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))


def _turn(turns: np.ndarray, core_hw: np.ndarray) -> np.ndarray:
    """Return the mean log probability of each turn over the cells that hold text; equal ones where none does."""
    step = STRIDE // CELL
    rows, columns = -(-core_hw.shape[0] // step), -(-core_hw.shape[1] // step)
    padded = np.pad(core_hw, ((0, rows * step - core_hw.shape[0]), (0, columns * step - core_hw.shape[1])))
    text_hw = padded.reshape(rows, step, columns, step).max(axis=(1, 3)) > TEXT
    if not text_hw.any():
        return np.full(4, -np.log(4.0))
    scores = turns[:, :rows, :columns][:, text_hw].astype(np.float64)
    scores -= scores.max(axis=0)
    return (scores - np.log(np.exp(scores).sum(axis=0))).mean(axis=1)
