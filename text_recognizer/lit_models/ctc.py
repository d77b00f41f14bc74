"""Training a line model with CTC: loss, optimiser, schedule and the error rates of validation."""

from __future__ import annotations

import sys

import torch
from torch import Tensor
from torch.nn import functional as F

from text_recognizer.charset import Charset
from text_recognizer.decoding.best_path import best_path
from text_recognizer.errors import UserError, check_range
from text_recognizer.line_batch import LineBatch
from text_recognizer.lit_models.alignment import alignment_loss
from text_recognizer.lit_models.base import LitModel
from text_recognizer.models.base import LineModel

MOST_TOO_LONG = 0.25
"""Share of a batch's lines that may have more labels than time steps; above it the model does not suit the lines."""


class CTC(LitModel):
    """CTC loss, helped in the beginning by the known places of the characters.

    A line with more labels than CTC can place in its time steps teaches nothing; it is named, once.

    Args:
        model: what maps lines to scores.
        lr: highest learning rate.
        warmup: steps in which the learning rate rises from 0.
        weight_decay: of the matrices; vectors are not decayed.
        alignment: weight of the alignment loss at the start; 0 leaves it out.
        alignment_floor: weight it falls to.
        alignment_share: share of the steps after which it has fallen.
        teaching: weight of the teacher's scores beside the text, where a run has a teacher (--teacher).
        seed: of dropout; every step is seeded with it and the step's number.
    """

    model: LineModel

    def __init__(
        self,
        model: LineModel,
        lr: float = 3e-3,
        warmup: int = 60,
        weight_decay: float = 0.02,
        alignment: float = 1.0,
        alignment_floor: float = 0.05,
        alignment_share: float = 0.5,
        teaching: float = 1.0,
        seed: int = 0,
    ) -> None:
        super().__init__(model, lr, warmup, weight_decay, seed)
        check_range("--lit_model.alignment_share", alignment_share, 1e-6, 1)
        self.charset = Charset(model.characters)
        self.alignment, self.alignment_floor, self.alignment_share = alignment, alignment_floor, alignment_share
        self.teaching = teaching
        self._teacher: list[LineModel] = []  # in a list torch does not take its weights for ours
        self._too_long: set[str] = set()

    def learn_from(self, teacher: LineModel) -> None:
        """Let a trained model's scores be learned beside the text; it does not become part of checkpoints."""
        self._teacher = [teacher.eval().requires_grad_(False)]

    def forward(self, x_BCHW: Tensor, widths_B: Tensor) -> Tensor:
        """Return log probabilities [B, T, C]."""
        return self.model(x_BCHW, widths_B)[0].float().log_softmax(-1)

    @torch.no_grad()
    def read(self, batch: LineBatch) -> list[str]:
        """Return what the model reads in each line of a batch, greedily."""
        log_probs_BTC = self(batch.x_BCHW, batch.widths_B).cpu().numpy()
        steps_B = self.model.steps(batch.widths_B).tolist()
        paths = (best_path(log_probs_TC[:steps]) for log_probs_TC, steps in zip(log_probs_BTC, steps_B, strict=True))
        return [self.charset.decode(path.labels) for path in paths]

    def timed_loss(self, model: LineModel, batch: LineBatch) -> Tensor:
        scores_BTC, early_BTC = model(batch.x_BCHW, batch.widths_B)
        loss = ctc_loss(scores_BTC, batch.y_BL, model.steps(batch.widths_B), batch.lengths_B)
        return loss + early_BTC.float().mean()

    def training_step(self, batch: LineBatch, batch_idx: int) -> Tensor:
        self.reseed(batch_idx)
        scores_BTC, early_BTC = self.model(batch.x_BCHW, batch.widths_B)
        steps_B = self.model.steps(batch.widths_B)
        self._name_too_long(batch, steps_B)
        ctc = batch.line_weight * ctc_loss(scores_BTC, batch.y_BL, steps_B, batch.lengths_B)
        loss = ctc
        weight = self._alignment_weight()
        if weight:
            places = (batch.centres_BL, batch.y_BL, self.model.stride)
            aligned = alignment_loss(scores_BTC, *places) + 0.7 * alignment_loss(early_BTC, *places)
            loss = loss + weight * batch.centre_weight * aligned
        for teacher in self._teacher:
            with torch.no_grad():
                taught_BTC = teacher.to(scores_BTC.device)(batch.x_BCHW, batch.widths_B)[0]
            taught = teaching_loss(scores_BTC, taught_BTC, steps_B, batch.lengths_B)
            loss = loss + self.teaching * batch.line_weight * taught
        told = {"train/loss": loss.detach(), "train/ctc": ctc.detach()}
        self.log_dict(told, batch_size=len(batch.texts), sync_dist=True)
        return loss

    def validation_step(self, batch: LineBatch, batch_idx: int) -> dict[str, list[str]]:
        return self.validated(self.read(batch), batch.texts, batch.sources)

    def _name_too_long(self, batch: LineBatch, steps_B: Tensor) -> None:
        """Warn of lines that have too few time steps, each once.

        Raises:
            UserError: a quarter of the batch has.
        """
        needed_B = steps_needed(batch.y_BL, batch.lengths_B)
        rows = (needed_B > steps_B).nonzero().flatten().tolist()
        told = [
            f"{batch.sources[i]}, {batch.texts[i][:40]!r}: {int(batch.lengths_B[i])} labels need {int(needed_B[i])}"
            f" time steps, the model gives {int(steps_B[i])}"
            for i in rows
        ]
        if len(rows) > MOST_TOO_LONG * len(steps_B):
            raise UserError(
                f"{told[0]}; so it is with {len(rows)} of {len(steps_B)} lines of a batch: take a model of a smaller"
                f" stride (this one's is {self.model.stride} px), raise --data.height, or correct the texts"
            )
        for sentence in told:
            if sentence not in self._too_long:
                print(f"left out: {sentence}; correct its text or raise --data.height", file=sys.stderr)
                self._too_long.add(sentence)

    def _alignment_weight(self) -> float:
        if not self.alignment:
            return 0.0
        fallen = self._share_done(self.global_step) / self.alignment_share
        return max(self.alignment_floor, self.alignment * (1 - fallen))


def teaching_loss(scores_BTC: Tensor, taught_BTC: Tensor, steps_B: Tensor, lengths_B: Tensor) -> Tensor:
    """Return the divergence of the scores from a teacher's, per character, averaged over the lines.

    Source: Hinton et al. 2015, "Distilling the knowledge in a neural network", at temperature 1, on each time step.
    """
    taught_BTC = taught_BTC.float().log_softmax(-1)
    ours_BTC = scores_BTC.float().log_softmax(-1)
    apart_BT = (taught_BTC.exp() * (taught_BTC - ours_BTC)).sum(-1)
    real_BT = torch.arange(apart_BT.shape[1], device=apart_BT.device)[None] < steps_B[:, None]
    return ((apart_BT * real_BT).sum(1) / lengths_B.clamp(min=1)).mean()


def steps_needed(y_BL: Tensor, lengths_B: Tensor) -> Tensor:
    """Return the fewest time steps in which CTC can write each text: its labels, and a blank between equal ones.

    >>> steps_needed(torch.tensor([[1, 1, 2], [1, 2, 0]]), torch.tensor([3, 2])).tolist()
    [4, 2]
    """
    places = torch.arange(1, y_BL.shape[1], device=y_BL.device)
    doubled_BL = (y_BL[:, 1:] == y_BL[:, :-1]) & (places[None] < lengths_B[:, None])
    return lengths_B + doubled_BL.sum(1)


def ctc_loss(scores_BTC: Tensor, y_BL: Tensor, steps_B: Tensor, lengths_B: Tensor) -> Tensor:
    """Return the CTC loss per character, averaged over the lines.

    Source: Graves et al. 2006, section 4.
    """
    log_probs_TBC = scores_BTC.float().log_softmax(-1).transpose(0, 1)
    return F.ctc_loss(log_probs_TBC, y_BL, steps_B, lengths_B, zero_infinity=True)
