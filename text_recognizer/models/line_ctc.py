"""The default line recogniser: convolutions down to one row of features, a small encoder along the line, CTC scores."""

from __future__ import annotations

from math import gcd
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from text_recognizer.errors import UsageError, check_range
from text_recognizer.models.base import LineModel

HEADS = 4
"""Of the attention in each layer of the encoder."""

Norm = Literal["batch", "group"]
"""What the convolutions are normalised over: the whole batch, or each line alone."""


class LineCTC(LineModel):
    """Convolutional stem, residual blocks, conformer-like encoder and, when wanted, a BiLSTM; scores for CTC.

    The column of features that a time step sees is 4 px of the line wide.

    Args:
        characters: the charset's characters, in the order of their labels.
        height: of the line, in pixels.
        channels: of the stem and the residual stages, four numbers.
        width: features per time step in the encoder.
        layers: attention and convolution layers in the encoder.
        lstm: end the encoder with a bidirectional LSTM.
        dropout: share of features dropped before and in the encoder; lines that never come twice need none.
        norm: batch reads faster once exported; group does not mix lines, so that several processes train as one does.
    """

    stride = 4

    def __init__(
        self,
        characters: str,
        height: int = 40,
        channels: tuple[int, int, int, int] = (24, 32, 64, 96),
        width: int = 128,
        layers: int = 2,
        lstm: bool = False,
        dropout: float = 0.0,
        norm: Norm = "batch",
    ) -> None:
        super().__init__(characters, height)
        if width % HEADS or width < HEADS:
            raise UsageError(f"--model.width {width}: does not divide into {HEADS} heads; give a multiple of {HEADS}")
        check_range("--model.channels", min(channels), 1)
        check_range("--model.layers", layers, 0)
        check_range("--model.dropout", dropout, 0, 0.9)
        stem, first, second, third = channels
        self.features = nn.Sequential(
            ConvNorm(1, stem, 5, (2, 2), norm=norm),
            ConvNorm(stem, stem, norm=norm),
            Residual(stem, first, (2, 2), norm),
            Residual(first, first, norm=norm),
            Residual(first, second, (2, 1), norm),
            Residual(second, second, norm=norm),
            Residual(second, third, (2, 1), norm),
        )
        rows = -(-height // 16)
        self.column = ConvNorm(third, width, (rows, 3), padding=(0, 1), norm=norm)
        self.early_scores = nn.Linear(width, self.classes)
        self.dropout = nn.Dropout(dropout)
        self.encoder = nn.ModuleList(EncoderLayer(width, dropout=dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.lstm = nn.LSTM(width, width // 2, batch_first=True, bidirectional=True) if lstm else None
        self.scores = nn.Linear(width, self.classes)

    def forward(self, x_BCHW: Tensor, widths_B: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores of the encoder and of the convolutions alone, both [B, T, C].

        Args:
            x_BCHW: [B, 1, H, W] as `line_levels.line_input` gives it, padded on the right with 0.
            widths_B: int64, pixels of each line that are not padding.
        """
        x_BTD = self.column(self.features(x_BCHW)).squeeze(2).transpose(1, 2)
        early_BTC = self.early_scores(x_BTD)
        x_BTD = self.dropout(x_BTD)
        padding_BT = torch.arange(x_BTD.shape[1], device=x_BTD.device)[None] >= self.steps(widths_B)[:, None]
        bias_B11T = torch.zeros_like(padding_BT, dtype=x_BTD.dtype).masked_fill(padding_BT, -1e4)[:, None, None]
        for layer in self.encoder:
            x_BTD = layer(x_BTD, bias_B11T)
        x_BTD = self.norm(x_BTD)
        if self.lstm is not None:
            x_BTD, _ = self.lstm(x_BTD)
        return self.scores(x_BTD), early_BTC


class ConvNorm(nn.Sequential):
    """Convolution, normalisation and ReLU."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int | tuple[int, int] = 3,
        stride: tuple[int, int] = (1, 1),
        padding: tuple[int, int] | None = None,
        norm: Norm = "batch",
    ) -> None:
        same = (kernel // 2, kernel // 2) if isinstance(kernel, int) else (kernel[0] // 2, kernel[1] // 2)
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, same if padding is None else padding, bias=False),
            normalisation(outputs, norm),
            nn.ReLU(inplace=True),
        )


def normalisation(channels: int, norm: Norm) -> nn.Module:
    """Return the layer that normalises `channels`.

    Source: Wu and He 2018, "Group normalization", for the groups, here at most eight.
    """
    return nn.BatchNorm2d(channels) if norm == "batch" else nn.GroupNorm(gcd(8, channels), channels)


class Residual(nn.Module):
    """Two 3x3 convolutions beside a shortcut.

    Source: He et al. 2016, "Deep residual learning for image recognition", section 3.
    """

    def __init__(self, inputs: int, outputs: int, stride: tuple[int, int] = (1, 1), norm: Norm = "batch") -> None:
        super().__init__()
        self.first = ConvNorm(inputs, outputs, 3, stride, norm=norm)
        second = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.second = nn.Sequential(second, normalisation(outputs, norm))
        same = inputs == outputs and stride == (1, 1)
        self.stride = stride
        self.shortcut = nn.Identity() if same else _projection(inputs, outputs, norm)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        # A strided 1x1 convolution is the same, but its gradient crashes on a CPU in channels_last below 16 channels.
        kept_BCHW = x_BCHW[:, :, :: self.stride[0], :: self.stride[1]]
        return F.relu(self.second(self.first(x_BCHW)) + self.shortcut(kept_BCHW), inplace=True)


def _projection(inputs: int, outputs: int, norm: Norm) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), normalisation(outputs, norm))


class EncoderLayer(nn.Module):
    """Depthwise convolution, self-attention and feed-forward, each on normalised features and added to its input.

    The convolution tells the attention what lies near; there is no other position signal, so any length works.

    Source: Gulati et al. 2020, "Conformer", section 2, with the convolution first and one feed-forward module.
    """

    def __init__(
        self, width: int, heads: int = HEADS, expansion: int = 3, kernel: int = 9, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.heads = heads
        self.norm_convolution = nn.LayerNorm(width)
        self.convolution = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm_attention = nn.LayerNorm(width)
        self.query_key_value = nn.Linear(width, 3 * width)
        self.attended = nn.Linear(width, width)
        self.norm_forward = nn.LayerNorm(width)
        self.feed_forward = nn.Sequential(
            nn.Linear(width, expansion * width), nn.GELU(), nn.Linear(expansion * width, width)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, x_BTD: Tensor, bias_B11T: Tensor) -> Tensor:
        x_BTD = x_BTD + self.convolution(self.norm_convolution(x_BTD).transpose(1, 2)).transpose(1, 2)
        x_BTD = x_BTD + self.dropout(self._attention(self.norm_attention(x_BTD), bias_B11T))
        return x_BTD + self.dropout(self.feed_forward(self.norm_forward(x_BTD)))

    def _attention(self, x_BTD: Tensor, bias_B11T: Tensor) -> Tensor:
        batch, steps, width = x_BTD.shape
        parts = self.query_key_value(x_BTD).view(batch, steps, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        mixed_BHTD = F.scaled_dot_product_attention(query, key, value, attn_mask=bias_B11T.to(query.dtype))
        return self.attended(mixed_BHTD.transpose(1, 2).reshape(batch, steps, width))
