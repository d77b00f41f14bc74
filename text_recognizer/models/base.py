"""What every model of text lines states about itself."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor, nn

from text_recognizer.charset import Charset


class LineModel(nn.Module, ABC):
    """Base of the models that read one text line.

    Args:
        characters: the charset's characters, in the order of their labels.
        height: of the line, in pixels.

    Attributes:
        stride: pixels of the line per time step.
        classes: number of labels, the blank included.
    """

    stride: int

    def __init__(self, characters: str, height: int) -> None:
        super().__init__()
        self.characters, self.height = characters, height
        self.classes = Charset(characters).classes

    @abstractmethod
    def forward(self, x_BCHW: Tensor, widths_B: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores [B, T, C], and those of the features below the encoder (the same where there are none)."""

    def steps(self, widths_B: Tensor) -> Tensor:
        """Return the number of time steps that lines of these widths in pixels give."""
        return (widths_B + self.stride - 1) // self.stride
