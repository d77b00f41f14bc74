"""Training a line model with CTC: loss, optimiser, schedule and the error rates of validation."""

from __future__ import annotations

import math

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.nn import functional as F

from text_recognizer.charset import Charset
from text_recognizer.decoding.best_path import best_path
from text_recognizer.errors import check_range
from text_recognizer.line_batch import LineBatch
from text_recognizer.lit_models.alignment import alignment_loss
from text_recognizer.metrics.error_rate import character_error_rate, word_error_rate
from text_recognizer.models.base import LineModel

UNPLANNED = 30
"""Steps in which the schedules do not look at the length of the run, so that its being unknown changes nothing."""


class CTC(pl.LightningModule):
    """CTC loss, helped in the beginning by the known places of the characters.

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
        super().__init__()
        check_range("--lit_model.lr", lr, 0, 10)
        check_range("--lit_model.warmup", warmup, 1)
        check_range("--lit_model.alignment_share", alignment_share, 1e-6, 1)
        self.model = model
        nn.Module.to(model, memory_format=torch.channels_last)  # type: ignore[call-overload]  # 7 % faster on a CPU
        self.charset = Charset(model.characters)
        self.lr, self.warmup, self.weight_decay = lr, warmup, weight_decay
        self.alignment, self.alignment_floor, self.alignment_share = alignment, alignment_floor, alignment_share
        self.seed, self.teaching = seed, teaching
        self._teacher: list[LineModel] = []  # in a list torch does not take its weights for ours
        self.skipped_steps = 0
        self._read: list[tuple[str, str, str]] = []

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

    def training_step(self, batch: LineBatch, batch_idx: int) -> Tensor:
        torch.manual_seed(self.seed * 1_000_003 + self.global_step)
        scores_BTC, early_BTC = self.model(batch.x_BCHW, batch.widths_B)
        steps_B = self.model.steps(batch.widths_B)
        ctc = ctc_loss(scores_BTC, batch.y_BL, steps_B, batch.lengths_B)
        loss = ctc
        weight = self._alignment_weight()
        if weight:
            places = (batch.centres_BL, batch.y_BL, self.model.stride)
            loss = loss + weight * (alignment_loss(scores_BTC, *places) + 0.7 * alignment_loss(early_BTC, *places))
        for teacher in self._teacher:
            with torch.no_grad():
                taught_BTC = teacher.to(scores_BTC.device)(batch.x_BCHW, batch.widths_B)[0]
            loss = loss + self.teaching * teaching_loss(scores_BTC, taught_BTC, steps_B, batch.lengths_B)
        self.log_dict({"train/loss": loss.detach(), "train/ctc": ctc.detach()}, batch_size=len(batch.texts))
        return loss

    def on_before_optimizer_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Clip the gradients to norm 2; leave the step out where they are not finite, whatever the loss was."""
        parameters = [p for p in self.parameters() if p.grad is not None]
        norm = torch.nn.utils.clip_grad_norm_(parameters, 2.0)
        if not torch.isfinite(norm):
            optimizer.zero_grad(set_to_none=True)
            self.skipped_steps += 1
        self.log("train/skipped_steps", float(self.skipped_steps))

    def validation_step(self, batch: LineBatch, batch_idx: int) -> dict[str, list[str]]:
        read = self.read(batch)
        self._read += zip(read, batch.texts, batch.sources, strict=True)
        return {"read": read}

    def on_validation_epoch_end(self) -> None:
        read, self._read = self._read, []
        for name, kind in (("", ""), ("/handwriting", "handwriting"), ("/print", "print"), ("/real", "real")):
            predictions = [line[0] for line in read if line[2].startswith(kind)]
            truths = [line[1] for line in read if line[2].startswith(kind)]
            if truths:
                self.log(f"validation/cer{name}", character_error_rate(predictions, truths).rate, prog_bar=not name)
        self.log("validation/wer", word_error_rate([line[0] for line in read], [line[1] for line in read]).rate)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        matrices = [p for p in self.parameters() if p.ndim > 1]
        vectors = [p for p in self.parameters() if p.ndim <= 1]
        groups = [{"params": matrices, "weight_decay": self.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=self.lr, betas=(0.9, 0.98), fused=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, self._lr_share)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_save_checkpoint(self, checkpoint: dict) -> None:
        checkpoint["characters"] = self.model.characters
        checkpoint["skipped_steps"] = self.skipped_steps

    def on_load_checkpoint(self, checkpoint: dict) -> None:
        self.skipped_steps = checkpoint["skipped_steps"]

    def _share_done(self, step: int) -> float:
        """Return the share of the run that is done; 0 for the first steps, while a time budget is not yet steps."""
        total = self.trainer.max_steps
        return min(1.0, step / total) if total > 0 and step > UNPLANNED else 0.0

    def _lr_share(self, step: int) -> float:
        """Warm up linearly, stay for a tenth of the steps, then fall along a half cosine to 1 % of the highest rate."""
        falling = max(0.0, self._share_done(step) - 0.1) / 0.9
        return min(1.0, (step + 1) / self.warmup) * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * falling)))

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


def ctc_loss(scores_BTC: Tensor, y_BL: Tensor, steps_B: Tensor, lengths_B: Tensor) -> Tensor:
    """Return the CTC loss per character, averaged over the lines.

    Source: Graves et al. 2006, section 4.
    """
    log_probs_TBC = scores_BTC.float().log_softmax(-1).transpose(0, 1)
    return F.ctc_loss(log_probs_TBC, y_BL, steps_B, lengths_B, zero_infinity=True)
