"""A tiny training for the tests of callbacks."""

from pathlib import Path

import pytorch_lightning as pl
import torch

from text_recognizer.charset import ASCII
from text_recognizer.data.synthetic_lines import SyntheticLines
from text_recognizer.lit_models.ctc import CTC
from text_recognizer.models.line_ctc import LineCTC
from training.run import lightning_silenced


def fit(callbacks: list[pl.Callback], steps: int = 6, every: int = 3, resume: Path | None = None, **options) -> CTC:
    """Train a tiny model for some steps and return it."""
    torch.manual_seed(0)
    model = CTC(LineCTC(ASCII, channels=(8, 8, 8, 8), width=16, layers=0))
    data = SyntheticLines(pixels=300, widths=(60, 120), validation_lines=2, num_workers=0)
    with lightning_silenced():
        trainer = pl.Trainer(
            accelerator="cpu",
            max_steps=steps,
            max_epochs=-1,
            val_check_interval=every,
            check_val_every_n_epoch=None,
            num_sanity_val_steps=0,
            callbacks=callbacks,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            **{"logger": False, **options},
        )
        trainer.fit(model, data, ckpt_path=resume, weights_only=False)
    return model
