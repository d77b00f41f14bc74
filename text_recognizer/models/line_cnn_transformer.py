"""Convolutions over a line, and a transformer decoder that writes its text token by token."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from text_recognizer.errors import check_range
from text_recognizer.models.base import LineSequenceModel
from text_recognizer.models.line_cnn import LineFeatures
from text_recognizer.models.line_ctc import ConvNorm
from text_recognizer.models.positions import positions_1d
from text_recognizer.models.transformer_decoder import TransformerDecoder

STRIDE = 4
"""Pixels of the line per place that the decoder looks at."""


class LineCNNTransformer(LineSequenceModel):
    """The features of `LineCNN` with the place of each column, and a transformer decoder.

    Args:
        characters: the charset's characters, in the order of their labels.
        height: of the line, in pixels.
        channels: see `LineCNN`.
        width: features of the decoder.
        layers: of the decoder.
        heads: of each attention.
        forward_width: features inside each feed-forward part.
        dropout: share of features dropped.
        max_length: most characters of a line.
    """

    columns_TD: Tensor

    def __init__(
        self,
        characters: str,
        height: int = 40,
        channels: int = 32,
        width: int = 192,
        layers: int = 3,
        heads: int = 4,
        forward_width: int = 512,
        dropout: float = 0.1,
        max_length: int = 120,
    ) -> None:
        super().__init__(characters, height, max_length)
        check_range("--model.channels", channels, 1)
        self.decoder = TransformerDecoder(
            self.tokens.count, max_length + 1, width, heads, layers, forward_width, dropout
        )
        self.features = LineFeatures(channels)
        self.column = ConvNorm(4 * channels, width, (-(-height // 8), 3), padding=(0, 1))
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("columns_TD", positions_1d(32_768 // STRIDE, width), persistent=False)

    def encode(self, x_BCHW: Tensor, widths_B: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        x_BTD = self.column(self.features(x_BCHW)).squeeze(2).transpose(1, 2)
        x_BTD = x_BTD * math.sqrt(x_BTD.shape[2]) / 4 + self.columns_TD[: x_BTD.shape[1]]
        if widths_B is None:
            return self.dropout(x_BTD), None
        steps_B = (widths_B + STRIDE - 1) // STRIDE
        padding_BT = torch.arange(x_BTD.shape[1], device=x_BTD.device)[None] >= steps_B[:, None]
        return self.dropout(x_BTD), padding_BT
