"""Writing a text greedily with an autoregressive model: with the cache, and without it for comparison."""

from __future__ import annotations

import torch
from torch import Tensor

from text_recognizer.models.base import SequenceModel


@torch.no_grad()
def write(
    model: SequenceModel, x_BCHW: Tensor, widths_B: Tensor | None = None, length: int | None = None, stop: bool = True
) -> tuple[Tensor, Tensor]:
    """Return the likeliest tokens int64 [B, L], one after the other, and their probabilities float32 [B, L].

    A text ends with its end token, which is followed by padding of probability 1. The batch ends as soon as all
    its texts have ended.

    Args:
        model: writes; its cache makes a token cost the same at the end of a text as at its beginning.
        x_BCHW, widths_B: see `SequenceModel.encode`.
        length: most tokens, the end included; as many as the model can write if left out.
        stop: end at the end tokens; False writes `length` tokens whatever they are.
    """
    length = model.max_length + 1 if length is None else length
    cache = model.decoder.cache(*model.encode(x_BCHW, widths_B), room=length)
    token_B = torch.full((len(x_BCHW),), model.tokens.start, device=x_BCHW.device)
    return _written(model, token_B, length, stop, lambda tokens: model.decoder.step(tokens[-1], cache))


@torch.no_grad()
def write_without_cache(
    model: SequenceModel, x_BCHW: Tensor, widths_B: Tensor | None = None, length: int | None = None, stop: bool = True
) -> tuple[Tensor, Tensor]:
    """Return the same as `write`, computing all tokens anew for each further one."""
    length = model.max_length + 1 if length is None else length
    memory_BSD, padding_BS = model.encode(x_BCHW, widths_B)
    token_B = torch.full((len(x_BCHW),), model.tokens.start, device=x_BCHW.device)

    def scores(tokens: list[Tensor]) -> Tensor:
        return model.decoder(torch.stack(tokens, dim=1), memory_BSD, padding_BS)[:, -1]

    return _written(model, token_B, length, stop, scores)


def _written(model: SequenceModel, token_B: Tensor, length: int, stop: bool, scores) -> tuple[Tensor, Tensor]:  # type: ignore[no-untyped-def]
    tokens, probabilities = [token_B], []
    done_B = torch.zeros_like(token_B, dtype=torch.bool)
    for _ in range(length):
        probability_B, token_B = scores(tokens).float().softmax(-1).max(-1)
        tokens.append(token_B.masked_fill(done_B, model.tokens.padding))
        probabilities.append(probability_B.masked_fill(done_B, 1.0))
        if stop:
            done_B = done_B | (token_B == model.tokens.end)
            if done_B.all():
                break
    return torch.stack(tokens[1:], dim=1), torch.stack(probabilities, dim=1)
