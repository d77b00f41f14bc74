"""Reading single text lines with a model exported to ONNX."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from text_recognizer.decoding.best_path import BestPath, best_path
from text_recognizer.decoding.confidence import calibrated
from text_recognizer.decoding.language_path import LanguageReader
from text_recognizer.errors import UserError
from text_recognizer.inference.onnx_session import onnx_session
from text_recognizer.inference.recipe import Recipe
from text_recognizer.inference.second_look import stretched
from text_recognizer.inference.shipped import model_folder
from text_recognizer.line_levels import line_input, line_width, padded_width

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

MIN_HEIGHT = 4
MIN_WIDTH = 2

TOGETHER = 64
"""Lines whose probabilities are held at a time; bounds the memory."""


@dataclass(frozen=True)
class LineReading:
    """What one line says.

    Attributes:
        text: what was recognised.
        confidence: share of the characters that are likely to be right: the mean of `probabilities`.
        x: float64 [L], the characters' centres in px of the line as it was given.
        probabilities: float64 [L], how likely each character is right, by the recipe's calibration.
    """

    text: str
    confidence: float
    x: np.ndarray
    probabilities: np.ndarray


EMPTY = LineReading("", 1.0, np.empty(0), np.empty(0))


@dataclass(frozen=True)
class _Piece:
    """A part of line `line`, no wider than the model takes: from px `start` of the line scaled to `line_width` px."""

    line: int
    line_width: int
    start: int
    x_HW: np.ndarray


@dataclass(frozen=True)
class _Part:
    """What the model says about a piece."""

    piece: _Piece
    log_probs_TC: np.ndarray
    path: BestPath
    calibration: tuple[float, float]


class LineRecognizer:
    """A model with its recipe, ready to read.

    Args:
        recipe: read from the model's folder; with a language model, that helps where the model is unsure.
        model: the ONNX file.
        threads: that one line's arithmetic is spread over; 0 lets onnxruntime choose.
        batch_pixels: widest sum of padded widths in one run of the model; bounds the memory.
        second_look: whether lines that the model is unsure of are read again, drawn wider, if the recipe has it so.

    Raises:
        UserError: the model cannot be loaded or does not fit its recipe.
    """

    def __init__(
        self, recipe: Recipe, model: Path, threads: int = 0, batch_pixels: int = 2_000, second_look: bool = True
    ) -> None:
        self.recipe, self.batch_pixels = recipe, batch_pixels
        self.look_again_below = recipe.second_look if second_look else 0.0
        self._language = None
        if recipe.language_model:
            file = recipe.language_model_path(model.parent)
            self._language = LanguageReader(file, recipe.charset, recipe.language_model)
        self._session = onnx_session(model, threads)
        _check_signature(self._session, recipe, model)

    @classmethod
    def load(
        cls,
        model: Path | str | None = None,
        threads: int = 0,
        language_model: bool = True,
        second_look: bool = True,
    ) -> LineRecognizer:
        """Load a model.

        Args:
            model: the folder of one, or the name of one that comes with the package, by default the best.
            threads: that one line's arithmetic is spread over; 0 lets onnxruntime choose.
            language_model: whether the one that the recipe names, if any, helps where the model is unsure.
            second_look: whether lines that the model is unsure of are read again, drawn wider, if the recipe has it so.
        """
        folder = model_folder(model)
        recipe = Recipe.load(folder)
        if not language_model:
            recipe = replace(recipe, language_model=None)
        return cls(recipe, folder / recipe.model, threads, second_look=second_look)

    def read(self, lines: Sequence[np.ndarray]) -> list[LineReading]:
        """Read lines of any sizes; a line under 4 px high or 2 px wide is empty, one of any width is read.

        Args:
            lines: each uint8 [H, W], dark text on light paper.

        Returns:
            One reading per line, in the same order.
        """
        groups = (lines[start : start + TOGETHER] for start in range(0, len(lines), TOGETHER))
        return [reading for group in groups for reading in self._read(group)]

    def _read(self, lines: Sequence[np.ndarray]) -> list[LineReading]:
        parts = self._parts(lines)
        if self.look_again_below:
            unsure = [number for number, found in enumerate(parts) if 0 < _certainty(found) < self.look_again_below]
            again = self._parts([stretched(lines[number], self.recipe.height) for number in unsure])
            for number, found in zip(unsure, again, strict=True):
                parts[number] = max(parts[number], found, key=_certainty)
        parts = self._reread(parts)
        return [self._reading(line.shape[1], found) for line, found in zip(lines, parts, strict=True)]

    def _parts(self, lines: Sequence[np.ndarray]) -> list[list[_Part]]:
        """Return what the model says about each line's pieces, from left to right."""
        pieces = [piece for index, line in enumerate(lines) for piece in self._pieces(index, line)]
        pieces.sort(key=lambda piece: piece.x_HW.shape[1])
        parts: list[list[_Part]] = [[] for _ in lines]
        for batch in self._batches(pieces):
            for piece, log_probs_TC in zip(batch, self._log_probs(batch), strict=True):
                part = _Part(piece, log_probs_TC, best_path(log_probs_TC), self.recipe.confidence)
                parts[piece.line].append(part)
        return [sorted(found, key=lambda part: part.piece.start) for found in parts]

    def _reread(self, parts: list[list[_Part]]) -> list[list[_Part]]:
        """Return the parts as the language model corrects them."""
        if self._language is None:
            return parts
        everything = [part for found in parts for part in found]
        paths = self._language.reread([p.log_probs_TC for p in everything], [p.path for p in everything])
        calibration = self._language.options.confidence
        read = iter(
            part if path is part.path else replace(part, path=path, calibration=calibration)
            for part, path in zip(everything, paths, strict=True)
        )
        return [[next(read) for _ in found] for found in parts]

    def _pieces(self, index: int, line_HW: np.ndarray) -> Iterator[_Piece]:
        if line_HW.shape[0] < MIN_HEIGHT or line_HW.shape[1] < MIN_WIDTH:
            return
        x_HW, width = line_input(line_HW, self.recipe.height), line_width(line_HW, self.recipe.height)
        if x_HW.shape[1] < self.recipe.min_width:
            x_HW = np.pad(x_HW, ((0, 0), (0, self.recipe.min_width - x_HW.shape[1])))
        start = 0
        for end in cuts(x_HW, self.recipe.max_width):
            yield _Piece(index, width, start, x_HW[:, start:end])
            start = end

    def _batches(self, pieces: list[_Piece]) -> Iterator[list[_Piece]]:
        """Yield pieces, sorted by width, in groups that are padded to the same width.

        That width is a line's own, rounded up, so that its text does not depend on the lines it is read with.
        """
        for padded, group in groupby(pieces, lambda piece: padded_width(piece.x_HW.shape[1])):
            batch = list(group)
            most = max(1, self.batch_pixels // padded)
            for start in range(0, len(batch), most):
                yield batch[start : start + most]

    def _log_probs(self, batch: list[_Piece]) -> Iterator[np.ndarray]:
        widths = np.array([piece.x_HW.shape[1] for piece in batch], dtype=np.int64)
        x_BCHW = np.zeros((len(batch), 1, self.recipe.height, padded_width(int(widths.max()))), dtype=np.float32)
        for row, piece in zip(x_BCHW, batch, strict=True):
            row[0, :, : piece.x_HW.shape[1]] = piece.x_HW
        (log_probs_BTC,) = self._session.run(["log_probs"], {"x": x_BCHW, "widths": widths})
        if log_probs_BTC.shape[2] != self.recipe.charset.classes:
            raise _wrong_classes(self.recipe, log_probs_BTC.shape[2])
        steps = -(-widths // self.recipe.stride)
        return (log_probs_TC[:count] for log_probs_TC, count in zip(log_probs_BTC, steps, strict=True))

    def _reading(self, width: int, parts: list[_Part]) -> LineReading:
        """Return what a line of `width` px says, from its parts."""
        reading = EMPTY
        for part in parts:
            piece, path = part.piece, part.path
            text = self.recipe.charset.decode(path.labels.tolist())
            centres = piece.start + self.recipe.stride * (path.steps + 0.5)
            x = centres * (width / piece.line_width)
            probabilities = calibrated(path.probabilities, *part.calibration)
            confidence = float(probabilities.mean()) if text else path.confidence
            reading = joined(reading, LineReading(text, confidence, x.clip(0, width), probabilities))
        return reading


def _certainty(parts: Sequence[_Part]) -> float:
    """Return the geometric mean of the model's probabilities of a line's characters, 0 where it has none."""
    probabilities = [probability for part in parts for probability in part.path.probabilities]
    return float(np.exp(np.log(probabilities).mean())) if probabilities else 0.0


def joined(left: LineReading, right: LineReading) -> LineReading:
    """Return the readings of two neighbouring pieces of a line as one, with one space in between and none around."""
    left, right = trimmed(left), trimmed(right)
    if not (left.text and right.text):
        return left if left.text else right
    probabilities = np.concatenate([left.probabilities, [1.0], right.probabilities])
    return LineReading(
        text=left.text + " " + right.text,
        confidence=float(probabilities.mean()),
        x=np.concatenate([left.x, [(left.x[-1] + right.x[0]) / 2], right.x]),
        probabilities=probabilities,
    )


def trimmed(reading: LineReading) -> LineReading:
    """Return a reading without the spaces around its text."""
    text = reading.text.strip(" ")
    if text == reading.text:
        return reading
    kept = slice(start := len(reading.text) - len(reading.text.lstrip(" ")), start + len(text))
    probabilities = reading.probabilities[kept]
    confidence = float(probabilities.mean()) if text else reading.confidence
    return LineReading(text, confidence, reading.x[kept], probabilities)


def cuts(x_HW: np.ndarray, max_width: int) -> list[int]:
    """Return the columns at which a line is cut into pieces of at most `max_width` px, the line's end included.

    Each cut is in the middle of the widest gap without ink in the last half of its piece.
    """
    ends, start, width = [], 0, x_HW.shape[1]
    while width - start > max_width:
        low = start + max_width // 2
        ink_W = np.clip(x_HW[:, low : start + max_width], 0, None).sum(axis=0)
        clear_W = ink_W <= ink_W.min() + 0.02 * (ink_W.max() - ink_W.min())
        edges = np.flatnonzero(np.diff(clear_W, prepend=False, append=False))
        gaps = edges.reshape(-1, 2)
        widest = gaps[np.argmax(gaps[:, 1] - gaps[:, 0])]
        start = low + max(1, int(widest.mean()))
        ends.append(start)
    return [*ends, width]


def _check_signature(session: InferenceSession, recipe: Recipe, model: Path) -> None:
    inputs = sorted(item.name for item in session.get_inputs())
    outputs = {item.name: item.shape for item in session.get_outputs()}
    if inputs != ["widths", "x"] or "log_probs" not in outputs:
        raise UserError(
            f"{model}: it maps {', '.join(inputs)} to {', '.join(outputs)}, not x and widths to log_probs; export it"
            " with training/export.py"
        )
    classes = outputs["log_probs"][-1]
    if isinstance(classes, int) and classes != recipe.charset.classes:
        raise _wrong_classes(recipe, classes)


def _wrong_classes(recipe: Recipe, classes: int) -> UserError:
    return UserError(
        f"model {recipe.name!r}: it scores {classes} classes, its recipe has {len(recipe.characters)} characters and"
        f" the blank, {recipe.charset.classes}; export model and recipe together"
    )
