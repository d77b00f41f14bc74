"""The loss that ends CTC's plateau: the synthesiser knows where each character lies, so the model can be told."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional as F


def alignment_loss(scores_BTC: Tensor, centres_BL: Tensor, y_BL: Tensor, stride: int) -> Tensor:
    """Return the mean cross entropy of each character at the time step over its centre.

    Args:
        scores_BTC: the model's scores before softmax.
        centres_BL: x of each character in pixels, -1 where unknown or padding.
        y_BL: the labels.
        stride: pixels per time step.

    Returns:
        A scalar; 0 when no centre is known.
    """
    known_BL = centres_BL >= 0
    if not known_BL.any():
        return scores_BTC.sum() * 0.0
    line, place = known_BL.nonzero(as_tuple=True)
    step = (centres_BL[line, place] / stride).long().clamp(0, scores_BTC.shape[1] - 1)
    return F.cross_entropy(scores_BTC[line, step].float(), y_BL[line, place])
