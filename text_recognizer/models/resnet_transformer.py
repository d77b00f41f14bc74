"""The course's end-to-end reader of paragraphs: a ResNet looks at the page, a transformer decoder writes its text."""

from __future__ import annotations

from torch import Tensor, nn

from text_recognizer.errors import check_range
from text_recognizer.models.base import ParagraphModel
from text_recognizer.models.line_ctc import ConvNorm, Residual
from text_recognizer.models.positions import positions_2d
from text_recognizer.models.transformer_decoder import TransformerDecoder

SCALE = 32
"""Pixels of the page per place that the decoder looks at, in both directions."""


class ResnetTransformer(ParagraphModel):
    """The body of a ResNet-18, the place of each of its cells, and a transformer decoder.

    Args:
        characters: the charset's characters, in the order of their labels, the end of a line among them.
        height: of the page, in pixels.
        image_width: of the page, in pixels.
        channels: of the four stages of the ResNet.
        width: features of the decoder.
        layers: of the decoder.
        heads: of each attention.
        forward_width: features inside each feed-forward part.
        dropout: share of features dropped.
        max_length: most characters of a paragraph.

    Source: Singh & Karayev 2021, "Full page handwriting recognition via image to sequence extraction"; He et al. 2016,
        "Deep residual learning for image recognition", table 1 (18 layers).
    """

    places_SD: Tensor

    def __init__(
        self,
        characters: str,
        height: int = 576,
        image_width: int = 640,
        channels: tuple[int, int, int, int] = (64, 128, 256, 512),
        width: int = 256,
        layers: int = 4,
        heads: int = 4,
        forward_width: int = 1024,
        dropout: float = 0.1,
        max_length: int = 682,
    ) -> None:
        super().__init__(characters, height, image_width, max_length)
        check_range("--model.channels", min(channels), 1)
        self.decoder = TransformerDecoder(
            self.tokens.count, max_length + 1, width, heads, layers, forward_width, dropout
        )
        self.body = resnet18(channels)
        self.narrowed = nn.Conv2d(channels[-1], width, 1)
        self.dropout = nn.Dropout(dropout)
        rows, columns = -(-height // SCALE), -(-image_width // SCALE)
        self.register_buffer("places_SD", positions_2d(rows, columns, width).flatten(0, 1), persistent=False)

    def encode(self, x_BCHW: Tensor, widths_B: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        x_BSD = self.narrowed(self.body(x_BCHW)).flatten(2).transpose(1, 2)
        return self.dropout(x_BSD + self.places_SD), None


def resnet18(channels: tuple[int, int, int, int]) -> nn.Sequential:
    """Return the convolutions of a ResNet-18 for pictures of one channel, which make them 32 times smaller."""
    first, *others = channels
    layers: list[nn.Module] = [ConvNorm(1, first, 7, (2, 2)), nn.MaxPool2d(3, 2, 1)]
    layers += [Residual(first, first), Residual(first, first)]
    for inputs, outputs in zip(channels, others, strict=False):
        layers += [Residual(inputs, outputs, (2, 2)), Residual(outputs, outputs)]
    body = nn.Sequential(*layers)
    for module in body.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return body
