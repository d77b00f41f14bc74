"""Training a model of single characters: cross entropy, and the accuracy of validation."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from text_recognizer.character_batch import CharacterBatch
from text_recognizer.errors import check_range
from text_recognizer.lit_models.base import LitModel
from text_recognizer.models.base import CharacterModel


class Classification(LitModel):
    """Cross entropy over the characters.

    Args:
        model: what maps pictures of a character to scores.
        lr: highest learning rate.
        warmup: steps in which the learning rate rises from 0.
        weight_decay: of the matrices; vectors are not decayed.
        label_smoothing: share of the truth that is given to all characters alike.
        seed: of dropout; every step is seeded with it and the step's number.
    """

    model: CharacterModel
    betas: ClassVar[tuple[float, float]] = (0.9, 0.999)

    def __init__(
        self,
        model: CharacterModel,
        lr: float = 2e-3,
        warmup: int = 50,
        weight_decay: float = 0.02,
        label_smoothing: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__(model, lr, warmup, weight_decay, seed)
        check_range("--lit_model.label_smoothing", label_smoothing, 0, 0.9)
        self.label_smoothing = label_smoothing

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Return log probabilities [B, C]."""
        return self.model(x_BCHW).float().log_softmax(-1)

    @torch.no_grad()
    def read(self, batch: CharacterBatch) -> list[str]:
        return [self.model.characters[k] for k in self.model(batch.x_BCHW).argmax(-1).tolist()]

    def timed_loss(self, model: CharacterModel, batch: CharacterBatch) -> Tensor:
        return F.cross_entropy(model(batch.x_BCHW).float(), batch.y_B)

    def training_step(self, batch: CharacterBatch, batch_idx: int) -> Tensor:
        self.reseed(batch_idx)
        scores_BC = self.model(batch.x_BCHW).float()
        loss = batch.weight * F.cross_entropy(scores_BC, batch.y_B, label_smoothing=self.label_smoothing)
        right = batch.weight * (scores_BC.argmax(-1) == batch.y_B).float().mean()
        self.log_dict(
            {"train/loss": loss.detach(), "train/accuracy": right}, batch_size=len(batch.sources), sync_dist=True
        )
        return loss

    def validation_step(self, batch: CharacterBatch, batch_idx: int) -> dict[str, list[str]]:
        truths = [self.model.characters[k] for k in batch.y_B.tolist()]
        return self.validated(self.read(batch), truths, batch.sources)

    def on_validation_epoch_end(self) -> None:
        """Log the accuracy, and what is wrong as the character error rate, by which the best weights are chosen."""
        read, self._read = self._read, []
        if read:
            wrong = sum(guess != truth for guess, truth, _ in read) / len(read)
            self.log_dict({"validation/accuracy": 1 - wrong, "validation/cer": wrong})
