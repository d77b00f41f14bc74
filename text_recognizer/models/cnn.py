"""Convolutions over one character."""

from __future__ import annotations

from torch import Tensor, nn

from text_recognizer.errors import check_range
from text_recognizer.models.base import CharacterModel
from text_recognizer.models.line_ctc import ConvNorm


class CNN(CharacterModel):
    """Four convolutions, halved in size after each two, and two fully connected layers.

    Args:
        characters: class k is ``characters[k]``.
        height: of the picture, in pixels.
        image_width: of the picture, in pixels.
        channels: of the first two convolutions; the next two have twice as many.
        hidden: features of the fully connected layer.
        dropout: share of features dropped before it and behind it.
    """

    def __init__(
        self,
        characters: str,
        height: int = 28,
        image_width: int = 28,
        channels: int = 32,
        hidden: int = 128,
        dropout: float = 0.25,
    ) -> None:
        super().__init__(characters, height, image_width)
        check_range("--model.channels", channels, 1)
        check_range("--model.hidden", hidden, 1)
        check_range("--model.dropout", dropout, 0, 0.9)
        self.features = nn.Sequential(
            ConvNorm(1, channels),
            ConvNorm(channels, channels),
            nn.MaxPool2d(2),
            ConvNorm(channels, 2 * channels),
            ConvNorm(2 * channels, 2 * channels),
            nn.MaxPool2d(2),
        )
        self.scores = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(2 * channels * (height // 4) * (image_width // 4), hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(hidden, self.classes),
        )

    def forward(self, x_BCHW: Tensor) -> Tensor:
        return self.scores(self.features(x_BCHW))
