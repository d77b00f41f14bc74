"""What every model states about itself: which characters it knows, what it is shown, and the shape of its answer."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from text_recognizer.charset import Charset
from text_recognizer.decoding.tokens import Tokens
from text_recognizer.errors import UserError, check_range
from text_recognizer.models.transformer_decoder import TransformerDecoder


class Recognizer(nn.Module, ABC):
    """Base of all models that turn a picture into text.

    Args:
        characters: those it can write.
        height: of the picture, in pixels.
    """

    def __init__(self, characters: str, height: int) -> None:
        super().__init__()
        self.characters, self.height = characters, height


class CharacterModel(Recognizer):
    """Base of the models that read one character.

    Args:
        characters: class k is ``characters[k]``.
        height: of the picture, in pixels.
        image_width: of the picture, in pixels.

    Attributes:
        classes: number of characters.
    """

    def __init__(self, characters: str, height: int = 28, image_width: int = 28) -> None:
        super().__init__(characters, height)
        check_range("--data.height", height, 4)
        check_range("--data.width", image_width, 4)
        self.image_width = image_width
        self.classes = len(characters)

    @abstractmethod
    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Return the scores [B, classes] of pictures [B, 1, H, W], ink near 1 and paper near 0."""


class LineModel(Recognizer):
    """Base of the models that read one text line with CTC.

    Args:
        characters: the charset's characters, in the order of their labels.
        height: of the line, in pixels.

    Attributes:
        stride: pixels of the line per time step.
        classes: number of labels, the blank included.
    """

    stride: int

    def __init__(self, characters: str, height: int) -> None:
        super().__init__(characters, height)
        self.classes = Charset(characters).classes

    @abstractmethod
    def forward(self, x_BCHW: Tensor, widths_B: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores [B, T, C], and those of the features below the encoder (the same where there are none)."""

    def steps(self, widths_B: Tensor) -> Tensor:
        """Return the number of time steps that lines of these widths in pixels give."""
        return (widths_B + self.stride - 1) // self.stride

    def silenced(self, x_BTD: Tensor, widths_B: Tensor) -> Tensor:
        """Return features or scores with zeros at the time steps of padding, so that nothing is read out of it."""
        padding_BT = torch.arange(x_BTD.shape[1], device=x_BTD.device)[None] >= self.steps(widths_B)[:, None]
        return x_BTD.masked_fill(padding_BT[:, :, None], 0)


class SequenceModel(Recognizer):
    """Base of the models that write a text one token after the other, looking back at the picture for each.

    Args:
        characters: the charset's characters, in the order of their labels.
        height: of the picture, in pixels.
        max_length: most characters of a text.

    Attributes:
        tokens: the labels and the three special tokens.
        decoder: writes the text; the subclass makes it.
    """

    decoder: TransformerDecoder

    def __init__(self, characters: str, height: int, max_length: int) -> None:
        super().__init__(characters, height)
        check_range("--model.max_length", max_length, 1, 10_000)
        self.tokens, self.max_length = Tokens(characters), max_length

    @abstractmethod
    def encode(self, x_BCHW: Tensor, widths_B: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Return what the decoder looks at [B, S, D], and which places of it are padding, True [B, S] (None: none).

        Args:
            x_BCHW: [B, 1, H, W], ink near 1 and paper near 0.
            widths_B: int64, pixels of each picture that are not padding; None where none is padded.
        """

    def forward(self, x_BCHW: Tensor, tokens_BL: Tensor, widths_B: Tensor | None = None) -> Tensor:
        """Return the scores [B, L, C] of the token behind each of `tokens_BL`, which begin with the start token."""
        return self.decoder(tokens_BL, *self.encode(x_BCHW, widths_B))

    def refuse_long(self, lengths: list[int], sources: list[str]) -> None:
        """Raise a UserError that names the first text longer than the model can write."""
        for length, source in zip(lengths, sources, strict=True):
            if length > self.max_length:
                raise UserError(
                    f"{source}: its text has {length} characters, the model writes {self.max_length}; raise"
                    " --model.max_length or leave the text out"
                )


class LineSequenceModel(SequenceModel):
    """Base of the models that write the text of one line token by token.

    Args:
        characters: the charset's characters, in the order of their labels.
        height: of the line, in pixels.
        max_length: most characters of a line.
    """


class ParagraphModel(SequenceModel):
    """Base of the models that write the text of a whole paragraph, the ends of its lines included.

    Args:
        characters: the charset's characters, in the order of their labels, the end of a line among them.
        height: of the page, in pixels.
        image_width: of the page, in pixels.
        max_length: most characters of a paragraph.
    """

    def __init__(self, characters: str, height: int = 576, image_width: int = 640, max_length: int = 682) -> None:
        super().__init__(characters, height, max_length)
        check_range("--data.height", height, 32)
        check_range("--data.width", image_width, 32)
        self.image_width = image_width
