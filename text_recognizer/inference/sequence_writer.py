"""Writing a text token by token with onnxruntime: the encoder runs once, and a step for each token."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from text_recognizer.errors import UserError
from text_recognizer.inference.image_recipe import ENCODER, STEP, ImageRecipe
from text_recognizer.inference.onnx_session import onnx_session

ROOM = 64
"""Tokens that the cache has room for at first, and that it grows by."""


@dataclass(frozen=True)
class Written:
    """What was written for one picture.

    Attributes:
        text: without the special tokens.
        probabilities: float64 [L], how likely each character is, given those before it.
    """

    text: str
    probabilities: np.ndarray


class SequenceWriter:
    """An exported model that writes token by token, ready to write.

    Args:
        folder: of the model.
        threads: that the arithmetic is spread over; 0 lets onnxruntime choose.

    Raises:
        UserError: the model cannot be loaded, or is none that writes token by token.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        self.recipe = ImageRecipe.load(folder)
        if self.recipe.kind == "character":
            raise UserError(f"{folder}: reads single characters, not text; name a model of lines or paragraphs")
        self._encoder = onnx_session(folder / ENCODER, threads)
        self._step = onnx_session(folder / STEP, threads)
        self._takes_widths = len(self._encoder.get_inputs()) > 1

    def write(self, x_BCHW: np.ndarray, widths_B: np.ndarray | None = None) -> list[Written]:
        """Return the likeliest text of each picture, token after token.

        Args:
            x_BCHW: float32 [B, 1, H, W], ink near 1 and paper near 0.
            widths_B: int64, px of each line that are not padding; all of them if left out.
        """
        tokens_BL, probabilities_BL = self.tokens(x_BCHW, widths_B)
        written = []
        for tokens_L, probabilities_L in zip(tokens_BL, probabilities_BL, strict=True):
            ends = np.flatnonzero(tokens_L == self.recipe.tokens.end)
            length = int(ends[0]) if len(ends) else len(tokens_L)
            said = (tokens_L[:length] > 0) & (tokens_L[:length] < self.recipe.tokens.start)
            text = self.recipe.tokens.decode(tokens_L[:length].tolist())
            written.append(Written(text, probabilities_L[:length][said].astype(np.float64)))
        return written

    def tokens(
        self, x_BCHW: np.ndarray, widths_B: np.ndarray | None = None, length: int | None = None, stop: bool = True
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the likeliest tokens int64 [B, L] and their probabilities float32 [B, L].

        Args:
            x_BCHW, widths_B: see `write`.
            length: most tokens, the end included; as many as the model can write if left out.
            stop: end as soon as all texts have ended; False writes `length` tokens.
        """
        special = self.recipe.tokens
        length = self.recipe.max_length + 1 if length is None else length
        memory, bias_BS = self._encoded(x_BCHW, widths_B)
        token_B = np.full(len(x_BCHW), special.start, np.int64)
        done_B = np.zeros(len(x_BCHW), bool)
        cache = np.zeros((*memory.shape[:4], min(ROOM, length), memory.shape[5]), np.float32)
        tokens, probabilities = [], []
        for place in range(length):
            if place == cache.shape[4]:
                cache = np.concatenate([cache, np.zeros_like(cache[:, :, :, :, :ROOM])], axis=4)
            given = {"tokens": token_B, "place": np.array(place), "memory": memory, "bias": bias_BS, "written": cache}
            log_probs_BC, cache[:, :, :, :, place : place + 1] = self._step.run(["log_probs", "fresh"], given)
            token_B = log_probs_BC.argmax(1)
            probability_B = np.exp(log_probs_BC[np.arange(len(token_B)), token_B])
            ended_B = token_B == special.end
            token_B = np.where(done_B, special.padding, token_B)
            tokens.append(token_B)
            probabilities.append(np.where(done_B, np.float32(1), probability_B))
            done_B = done_B | (ended_B & stop)
            if done_B.all():
                break
        return np.stack(tokens, axis=1), np.stack(probabilities, axis=1)

    def _encoded(self, x_BCHW: np.ndarray, widths_B: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        given = {"x": np.ascontiguousarray(x_BCHW, np.float32)}
        if self._takes_widths:
            full_B = np.full(len(x_BCHW), x_BCHW.shape[3])
            given["widths"] = np.asarray(full_B if widths_B is None else widths_B, np.int64)
        memory, bias_BS = self._encoder.run(["memory", "bias"], given)
        return memory, bias_BS
