"""The classic reader of lines: convolutions, then a bidirectional LSTM along the line."""

from __future__ import annotations

from torch import Tensor, nn

from text_recognizer.errors import check_range
from text_recognizer.models.base import LineModel
from text_recognizer.models.line_ctc import ConvNorm


class CRNN(LineModel):
    """Seven convolutions with four poolings, then bidirectional LSTM layers.

    Args:
        characters: the charset's characters, in the order of their labels.
        height: of the line, in pixels.
        channels: of the first convolution; the last ones have eight times as many.
        hidden: features of the LSTM in each direction.
        layers: of the LSTM.
        dropout: share of features dropped between them.

    Source: Shi et al. 2017, "An end-to-end trainable neural network for image-based sequence recognition", table 1.
    """

    stride = 4

    def __init__(
        self,
        characters: str,
        height: int = 40,
        channels: int = 32,
        hidden: int = 192,
        layers: int = 2,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(characters, height)
        check_range("--data.height", height, 16)
        check_range("--model.channels", channels, 1)
        check_range("--model.hidden", hidden, 1)
        check_range("--model.layers", layers, 1)
        check_range("--model.dropout", dropout, 0, 0.9)
        pool, low_pool = nn.MaxPool2d(2, ceil_mode=True), nn.MaxPool2d((2, 1), ceil_mode=True)
        self.features = nn.Sequential(
            ConvNorm(1, channels),
            pool,
            ConvNorm(channels, 2 * channels),
            pool,
            ConvNorm(2 * channels, 4 * channels),
            ConvNorm(4 * channels, 4 * channels),
            low_pool,
            ConvNorm(4 * channels, 8 * channels),
            ConvNorm(8 * channels, 8 * channels),
            low_pool,
        )
        self.column = ConvNorm(8 * channels, 8 * channels, (-(-height // 16), 3), padding=(0, 1))
        self.lstm = nn.LSTM(
            8 * channels,
            hidden,
            layers,
            batch_first=True,
            bidirectional=True,
            dropout=dropout if layers > 1 else 0.0,
        )
        self.scores = nn.Linear(2 * hidden, self.classes)

    def forward(self, x_BCHW: Tensor, widths_B: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores [B, T, C], twice."""
        x_BTD = self.column(self.features(x_BCHW)).squeeze(2).transpose(1, 2)
        x_BTD, _ = self.lstm(self.silenced(x_BTD, widths_B))
        scores_BTC = self.scores(x_BTD)
        return scores_BTC, scores_BTC
