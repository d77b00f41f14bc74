"""A reader of lines that convolves the whole line at once, so that nothing is computed twice."""

from __future__ import annotations

from torch import Tensor, nn

from text_recognizer.errors import check_range
from text_recognizer.models.base import LineModel
from text_recognizer.models.line_ctc import ConvNorm


class LineCNN(LineModel):
    """Convolutions down to an eighth of the height and a quarter of the width, then a window over all rows.

    Args:
        characters: the charset's characters, in the order of their labels.
        height: of the line, in pixels.
        channels: of the first stage; the second and third have twice and four times as many.
        window: columns, of 4 px each, that a time step's window covers; odd.
        hidden: features of a window.
        dropout: share of them dropped.
    """

    stride = 4

    def __init__(
        self,
        characters: str,
        height: int = 40,
        channels: int = 32,
        window: int = 7,
        hidden: int = 256,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(characters, height)
        check_range("--model.channels", channels, 1)
        check_range("--model.window", window, 1)
        check_range("--model.hidden", hidden, 1)
        check_range("--model.dropout", dropout, 0, 0.9)
        self.features = LineFeatures(channels)
        rows = -(-height // 8)
        self.windows = ConvNorm(4 * channels, hidden, (rows, window | 1), padding=(0, window // 2))
        self.scores = nn.Sequential(nn.Dropout(dropout), nn.Linear(hidden, self.classes))

    def forward(self, x_BCHW: Tensor, widths_B: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores [B, T, C], twice."""
        x_BTD = self.windows(self.features(x_BCHW)).squeeze(2).transpose(1, 2)
        scores_BTC = self.scores(self.silenced(x_BTD, widths_B))
        return scores_BTC, scores_BTC


class LineFeatures(nn.Sequential):
    """Six convolutions of 3x3: 8 times fewer rows and 4 times fewer columns, four times `channels` features."""

    def __init__(self, channels: int) -> None:
        super().__init__(
            ConvNorm(1, channels, 3, (2, 2)),
            ConvNorm(channels, channels),
            ConvNorm(channels, 2 * channels, 3, (2, 2)),
            ConvNorm(2 * channels, 2 * channels),
            ConvNorm(2 * channels, 4 * channels, 3, (2, 1)),
            ConvNorm(4 * channels, 4 * channels),
        )
