"""The first model of the course: a character's pixels through two hidden layers."""

from __future__ import annotations

from torch import Tensor, nn

from text_recognizer.errors import check_range
from text_recognizer.models.base import CharacterModel


class MLP(CharacterModel):
    """Two fully connected layers with ReLU and dropout, and one that scores the characters.

    Args:
        characters: class k is ``characters[k]``.
        height: of the picture, in pixels.
        image_width: of the picture, in pixels.
        first: features of the first layer.
        second: features of the second layer.
        dropout: share of features dropped behind each.
    """

    def __init__(
        self,
        characters: str,
        height: int = 28,
        image_width: int = 28,
        first: int = 1024,
        second: int = 128,
        dropout: float = 0.5,
    ) -> None:
        super().__init__(characters, height, image_width)
        check_range("--model.first", first, 1)
        check_range("--model.second", second, 1)
        check_range("--model.dropout", dropout, 0, 0.9)
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(height * image_width, first),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(first, second),
            nn.ReLU(inplace=True),
            nn.Dropout(dropout),
            nn.Linear(second, self.classes),
        )

    def forward(self, x_BCHW: Tensor) -> Tensor:
        return self.layers(x_BCHW)
