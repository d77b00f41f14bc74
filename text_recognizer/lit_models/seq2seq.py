"""Training a model that writes token by token: shown the truth so far while it learns, alone in validation."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from text_recognizer.errors import check_range
from text_recognizer.line_batch import LineBatch
from text_recognizer.lit_models.base import LitModel
from text_recognizer.models.base import SequenceModel
from text_recognizer.models.greedy import write
from text_recognizer.paragraph_batch import ParagraphBatch

TextBatch = LineBatch | ParagraphBatch


class Seq2Seq(LitModel):
    """Cross entropy of each token behind the true ones before it, with label smoothing.

    Args:
        model: what writes a text for a picture.
        lr: highest learning rate.
        warmup: steps in which the learning rate rises from 0.
        weight_decay: of the matrices; vectors are not decayed.
        label_smoothing: share of the truth that is given to all tokens alike.
        token_noise: share of the true tokens before each one that are shown as random ones, so that the model learns
            to go on behind a mistake of its own.
        seed: of dropout and noise; every step is seeded with it and the step's number.
    """

    model: SequenceModel

    def __init__(
        self,
        model: SequenceModel,
        lr: float = 6e-4,
        warmup: int = 200,
        weight_decay: float = 0.02,
        label_smoothing: float = 0.05,
        token_noise: float = 0.05,
        seed: int = 0,
    ) -> None:
        super().__init__(model, lr, warmup, weight_decay, seed)
        check_range("--lit_model.label_smoothing", label_smoothing, 0, 0.9)
        check_range("--lit_model.token_noise", token_noise, 0, 0.9)
        self.label_smoothing, self.token_noise = label_smoothing, token_noise

    def forward(self, x_BCHW: Tensor, widths_B: Tensor | None = None) -> Tensor:
        """Return the tokens int64 [B, L] that the model writes, greedily."""
        return write(self.model, x_BCHW, widths_B)[0]

    @torch.no_grad()
    def read(self, batch: TextBatch) -> list[str]:
        tokens_BL = self(batch.x_BCHW, widths_of(batch)).tolist()
        return [self.model.tokens.decode(tokens) for tokens in tokens_BL]

    def timed_loss(self, model: SequenceModel, batch: TextBatch) -> Tensor:
        tokens_BL = framed(batch.y_BL, batch.lengths_B, model)
        scores_BLC = model(batch.x_BCHW, tokens_BL[:, :-1], widths_of(batch))
        return token_loss(scores_BLC, tokens_BL[:, 1:], model.tokens.padding)

    def training_step(self, batch: TextBatch, batch_idx: int) -> Tensor:
        self.reseed(batch_idx)
        self.model.refuse_long(batch.lengths_B.tolist(), batch.sources)
        tokens_BL = framed(batch.y_BL, batch.lengths_B, self.model)
        scores_BLC = self.model(batch.x_BCHW, self._shown(tokens_BL[:, :-1]), widths_of(batch))
        loss = token_loss(scores_BLC, tokens_BL[:, 1:], self.model.tokens.padding, self.label_smoothing)
        loss = batch.token_weight * loss
        known_BL = tokens_BL[:, 1:] != self.model.tokens.padding
        right = batch.token_weight * (scores_BLC.argmax(-1) == tokens_BL[:, 1:])[known_BL].float().mean()
        told = {"train/loss": loss.detach(), "train/token_accuracy": right}
        self.log_dict(told, batch_size=len(batch.texts), sync_dist=True)
        return loss

    def validation_step(self, batch: TextBatch, batch_idx: int) -> dict[str, list[str]]:
        return self.validated(self.read(batch), batch.texts, batch.sources)

    def _shown(self, tokens_BL: Tensor) -> Tensor:
        """Return the tokens with some characters replaced at random; start, end and padding stay."""
        if not self.token_noise:
            return tokens_BL
        random_BL = torch.randint_like(tokens_BL, 1, self.model.tokens.start)
        characters_BL = (tokens_BL > self.model.tokens.padding) & (tokens_BL < self.model.tokens.start)
        chosen_BL = torch.rand(tokens_BL.shape, device=tokens_BL.device) < self.token_noise
        return torch.where(chosen_BL & characters_BL, random_BL, tokens_BL)


def widths_of(batch: TextBatch) -> Tensor | None:
    """Return the widths of lines; pages have one size and none is padded."""
    return batch.widths_B if isinstance(batch, LineBatch) else None


def framed(y_BL: Tensor, lengths_B: Tensor, model: SequenceModel) -> Tensor:
    """Return labels [B, L] as tokens [B, L + 2]: start, the labels, end, padding."""
    tokens = model.tokens
    framed_BL = y_BL.new_full((len(y_BL), y_BL.shape[1] + 2), tokens.padding)
    framed_BL[:, 0] = tokens.start
    framed_BL[:, 1:-1] = y_BL
    places = torch.arange(framed_BL.shape[1], device=y_BL.device)[None]
    ends_B1 = (lengths_B + 1)[:, None]
    framed_BL = framed_BL.masked_fill(places > ends_B1, tokens.padding)
    return framed_BL.masked_fill(places == ends_B1, tokens.end)


def token_loss(scores_BLC: Tensor, y_BL: Tensor, padding: int, label_smoothing: float = 0.0) -> Tensor:
    """Return the cross entropy per token, padding left out.

    Source: Szegedy et al. 2016, "Rethinking the Inception architecture", section 7 (label smoothing).
    """
    return F.cross_entropy(
        scores_BLC.float().flatten(0, 1), y_BL.flatten(), ignore_index=padding, label_smoothing=label_smoothing
    )
