"""The page segmenter: a small U-shaped convolutional network that maps where the lines of a page run."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

MAP_CHANNELS, TURNS = 4, 4


class PageSegmenter(nn.Module):
    """Convolutions down to a sixteenth of the scale and back to a quarter; any size that is a multiple of 16 px.

    Wide kernels along the lines at the coarsest scale see the gaps between words and columns as a whole.

    Args:
        channels: features at a half, a quarter, an eighth and a sixteenth of the scale.
        depth: blocks at a sixteenth of the scale.
    """

    def __init__(self, channels: tuple[int, int, int, int] = (16, 32, 64, 96), depth: int = 4) -> None:
        super().__init__()
        half, quarter, eighth, sixteenth = channels
        self.to_quarter = nn.Sequential(_conv(1, half, 5, 2), _conv(half, quarter, 3, 2), Block(quarter, (5, 5), 1))
        self.to_eighth = nn.Sequential(_halved(quarter, eighth), Block(eighth, (5, 5)))
        coarse = [Block(sixteenth, (3, 9)) for _ in range(depth)]
        self.to_sixteenth = nn.Sequential(_halved(eighth, sixteenth), *coarse)
        self.up_eighth = _conv(sixteenth, eighth, 1, 1)
        self.at_eighth = Block(eighth, (5, 5))
        self.up_quarter = _conv(eighth, quarter, 1, 1)
        self.at_quarter = Block(quarter, (5, 5), 1)
        self.maps = nn.Conv2d(quarter, MAP_CHANNELS, 1)
        self.turns = nn.Sequential(_conv(sixteenth, 32, 1, 1), nn.Conv2d(32, TURNS, 1))

    def forward(self, x_BCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Return the maps [B, 4, H / 4, W / 4] as `page_input.MAPS` says, and scores of turns [B, 4, H / 16, W / 16].

        Args:
            x_BCHW: [B, 1, H, W] as `page_input` gives it.
        """
        quarter = self.to_quarter(x_BCHW)
        eighth = self.to_eighth(quarter)
        sixteenth = self.to_sixteenth(eighth)
        eighth = self.at_eighth(eighth + _doubled(self.up_eighth(sixteenth)))
        quarter = self.at_quarter(quarter + _doubled(self.up_quarter(eighth)))
        return self.maps(quarter), self.turns(sixteenth)


class Block(nn.Module):
    """A depthwise convolution and two of 1x1, added to their input.

    Source: Liu et al. 2022, "A ConvNet for the 2020s", section 2, with batch normalisation and ReLU for int8.
    """

    def __init__(self, channels: int, kernel: tuple[int, int], expansion: int = 2) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2)
        self.inner = nn.Sequential(
            nn.Conv2d(channels, channels, kernel, padding=padding, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.Conv2d(channels, expansion * channels, 1, bias=False),
            nn.BatchNorm2d(expansion * channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(expansion * channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x_BCHW: Tensor) -> Tensor:
        return F.relu(x_BCHW + self.inner(x_BCHW), inplace=True)


def _conv(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def _halved(inputs: int, outputs: int) -> nn.Sequential:
    """Return a depthwise convolution of stride 2 and one of 1x1: an eighth of the time of a full one."""
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 5, 2, 2, groups=inputs, bias=False),
        nn.BatchNorm2d(inputs),
        _conv(inputs, outputs, 1, 1),
    )


def _doubled(x_BCHW: Tensor) -> Tensor:
    return F.interpolate(x_BCHW, scale_factor=2.0, mode="nearest")
