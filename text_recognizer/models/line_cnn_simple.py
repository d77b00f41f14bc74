"""The plainest reader of lines: a window slides along the line, and a character's CNN looks at each place."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from text_recognizer.errors import check_range
from text_recognizer.models.base import LineModel
from text_recognizer.models.cnn import CNN


class LineCNNSimple(LineModel):
    """A CNN of one character at every place of a window; it computes the overlap of two windows twice.

    Args:
        characters: the charset's characters, in the order of their labels.
        height: of the line, in pixels.
        window: width of the window, in pixels.
        window_stride: pixels from one window to the next, which is a time step.
        channels: see `CNN`.
        hidden: see `CNN`.
        dropout: see `CNN`.
    """

    def __init__(
        self,
        characters: str,
        height: int = 40,
        window: int = 24,
        window_stride: int = 6,
        channels: int = 24,
        hidden: int = 128,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(characters, height)
        check_range("--model.window_stride", window_stride, 1)
        check_range("--model.window", window, max(4, window_stride))
        self.window, self.stride = window, window_stride
        # The label behind the last character stands for the blank: the CNN only counts its classes.
        self.character = CNN(characters + "\0", height, window, channels, hidden, dropout)

    def forward(self, x_BCHW: Tensor, widths_B: Tensor) -> tuple[Tensor, Tensor]:
        """Return the scores [B, T, C], twice."""
        batch, width = x_BCHW.shape[0], x_BCHW.shape[3]
        steps = (width + self.stride - 1) // self.stride
        around = self.window - self.stride
        x_BCHW = F.pad(x_BCHW, (around // 2, around - around // 2 + self.stride))
        starts_T = self.stride * torch.arange(steps, device=x_BCHW.device)
        columns_TW = starts_T[:, None] + torch.arange(self.window, device=x_BCHW.device)
        windows_BHTW = x_BCHW[:, 0].index_select(2, columns_TW.flatten()).view(batch, self.height, -1, self.window)
        windows = windows_BHTW.transpose(1, 2).reshape(-1, 1, self.height, self.window)
        scores_BTC = self.silenced(self.character(windows).view(batch, -1, self.classes), widths_B)
        return scores_BTC, scores_BTC
