"""What the model reads, as a table: picture, truth and reading of some lines at each validation."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import pytorch_lightning as pl
from PIL import Image
from pytorch_lightning.loggers import TensorBoardLogger, WandbLogger
from pytorch_lightning.trainer.states import TrainerFn

from text_recognizer.callbacks.observed import AnyBatch, grey_of
from text_recognizer.metrics.error_rate import character_error_rate

COLUMNS = ("picture", "truth", "read", "CER %")

Row = tuple[np.ndarray, str, str]
"""A grey picture uint8 [H, W], what it says, and what was read."""


class SampleTable(pl.Callback):
    """Gives every logger a table of the first pictures of each validation batch, and captioned pictures.

    W&B gets both with their pictures, TensorBoard the pictures and the table as text. Beside them the table is
    written as ``pictures/step-N.tsv``, for those who have no logger.

    Args:
        folder: of the run.
        rows: most rows.
        of_batch: most rows of a batch.
    """

    def __init__(self, folder: Path, rows: int = 16, of_batch: int = 4) -> None:
        self.folder, self.rows, self.of_batch = folder / "pictures", rows, of_batch
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
        told = cast(dict[str, list[str]], outputs)
        taken = min(self.of_batch, self.rows - len(self._rows), len(told["read"]))
        self._rows += [(grey_of(batch, i), told["truth"][i], told["read"][i]) for i in range(taken)]

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        rows, self._rows = self._rows, []
        if trainer.state.fn != TrainerFn.FITTING or not trainer.is_global_zero or not rows:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        written = self.folder / f"step-{trainer.global_step:06d}.tsv"
        beside = written.with_suffix(".part")
        beside.write_text("\n".join("\t".join(cells) for cells in table_of(rows)) + "\n", encoding="utf-8")
        beside.replace(written)
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger):
                _to_wandb(logger, rows, trainer.global_step)
            elif isinstance(logger, TensorBoardLogger):
                _to_tensorboard(logger.experiment, rows, trainer.global_step)


def table_of(rows: list[Row]) -> list[list[str]]:
    """Return the table without its pictures, its heading first; what would break a row is escaped.

    >>> table_of([(np.zeros((2, 2), np.uint8), "one line", "on\\tline")])[1]
    ['one line', 'on\\\\tline', '25.0']
    """
    cells = [[_escaped(truth), _escaped(read), f"{_rate_of(truth, read):.1f}"] for _, truth, read in rows]
    return [list(COLUMNS[1:]), *cells]


def caption_of(row: Row) -> str:
    """Return what stands below a picture: what was read, and the truth where that differs."""
    _, truth, read = row
    return f"{read or '(nothing)'}" if read == truth else f"{read or '(nothing)'}  <-  {truth}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def _rate_of(truth: str, read: str) -> float:
    return 100 * character_error_rate([read], [truth]).rate


def _to_wandb(logger: WandbLogger, rows: list[Row], step: int) -> None:
    import wandb  # here, because it takes a second that other loggers have no use for

    pictures = [Image.fromarray(grey_HW) for grey_HW, _, _ in rows]
    data: list[list[Any]] = [
        [wandb.Image(picture), truth, read, _rate_of(truth, read)]
        for picture, (_, truth, read) in zip(pictures, rows, strict=True)
    ]
    logger.log_table("validation/table", columns=list(COLUMNS), data=data, step=step)
    logger.log_image("validation/samples", pictures, step=step, caption=[caption_of(row) for row in rows])


def _to_tensorboard(writer: Any, rows: list[Row], step: int) -> None:
    heading, *cells = table_of(rows)
    lines = [heading, ["---"] * len(heading), *cells]
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
    writer.add_text("validation/table", table, step)
    for number, row in enumerate(rows[:4]):
        writer.add_image(f"validation/sample {number}", row[0], step, dataformats="HW")
        writer.add_text(f"validation/sample {number}", caption_of(row), step)
