"""What every model of text lines states about itself."""

from __future__ import annotations

from torch import Tensor, nn

from text_recognizer.charset import Charset


class LineModel(nn.Module):
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

    def steps(self, widths_B: Tensor) -> Tensor:
        """Return the number of time steps that lines of these widths in pixels give."""
        return -(-widths_B // self.stride)
