"""What the model reads, as a picture per validation: the line, what it says, what was read."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytorch_lightning as pl
from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont
from pytorch_lightning.loggers import TensorBoardLogger, WandbLogger
from pytorch_lightning.trainer.states import TrainerFn

from text_recognizer.callbacks.observed import AnyBatch, grey_of

Row = tuple[np.ndarray, str, str]
"""A grey line uint8 [H, W], its text, and what was read."""


class SamplePictures(pl.Callback):
    """Draws the first line of each validation batch into ``pictures/`` and hands the picture to TensorBoard or W&B.

    Args:
        folder: of the run.
        lines: most lines in a picture.
    """

    def __init__(self, folder: Path, lines: int = 10) -> None:
        self.folder, self.lines = folder / "pictures", lines
        self._rows: list[Row] = []

    def on_validation_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: object,
        batch: AnyBatch,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if len(self._rows) >= self.lines:
            return
        told = cast(dict[str, list[str]], outputs)
        self._rows.append((grey_of(batch, 0), told["truth"][0], told["read"][0]))

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        rows, self._rows = self._rows, []
        if trainer.state.fn != TrainerFn.FITTING or not trainer.is_global_zero or not rows:
            return
        self.folder.mkdir(exist_ok=True)
        picture = picture_of(rows)
        picture.save(self.folder / f"step-{trainer.global_step:06d}.png")
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger):
                logger.log_image("validation/lines", [picture], step=trainer.global_step)
            elif isinstance(logger, TensorBoardLogger):
                logger.experiment.add_image(
                    "validation/lines", np.asarray(picture), trainer.global_step, dataformats="HWC"
                )


def picture_of(rows: list[Row], width: int = 900) -> Image.Image:
    """Return the lines below each other, each with its truth in black and the reading below, red where they differ."""
    font = ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), 14)
    heights = [row[0].shape[0] + 48 for row in rows]
    sheet = Image.new("RGB", (width, sum(heights)), "white")
    drawing = ImageDraw.Draw(sheet)
    y = 0
    for (grey_HW, text, read), height in zip(rows, heights, strict=True):
        sheet.paste(Image.fromarray(grey_HW), (8, y + 4))
        text, read = (told.replace("\n", " / ") for told in (text, read))
        drawing.text((8, y + grey_HW.shape[0] + 6), text, "black", font)
        drawing.text(
            (8, y + grey_HW.shape[0] + 24), read or "(nothing)", "green" if read == text else "firebrick", font
        )
        y += height
    return sheet
