"""A race to 20 % character errors: our default recipe against the one this lab descends from, on the same lines.

The ancestor's recipe, as its public code has it: one picture at a time is drawn onto a canvas as wide as the widest
line, made a tensor and stacked, 32 in the order they come; fp32, on as many threads as are fastest; Adam at a constant
rate of 0.001; no average of the weights; its shapes with our layers, a CRNN with CTC (2021) and a LineCNN with a
transformer (2022).
Ours is what ``training/run_experiment.py`` does: lines of one width in a batch, the measured precision and threads, the
places of the characters as a help in the beginning, warm-up and fall of the rate, a moving average.

Seconds are those of training with its waiting for data; reading the validation lines is not counted, for any.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset

from text_recognizer.callbacks.averaging import MovingAverage
from text_recognizer.charset import ASCII, Charset
from text_recognizer.data.base import LineData, Sample, collate
from text_recognizer.data.synthetic_lines import SyntheticLines, synthetic_sample
from text_recognizer.line_batch import LineBatch
from text_recognizer.lit_models.base import LitModel
from text_recognizer.lit_models.ctc import CTC
from text_recognizer.lit_models.seq2seq import Seq2Seq
from text_recognizer.metrics.error_rate import character_error_rate
from text_recognizer.models.crnn import CRNN
from text_recognizer.models.line_cnn_transformer import LineCNNTransformer
from text_recognizer.models.line_ctc import LineCTC
from text_recognizer.synth.lines import GROUP, LineSynthesiser
from training.plan import Plan, Precision, measured_plan, seconds_per_step
from training.run import lightning_silenced

TARGET = 0.2
"""Character error rate at which an arm has arrived."""

BATCH, RATE = 32, 1e-3
"""Of the ancestor."""

VALIDATION_LINES = 64


@dataclass(frozen=True)
class Arrival:
    """How an arm ended.

    Attributes:
        seconds: of training.
        steps: of the optimiser.
        cer: at the end, and the lowest on the way.
        arrived: whether `TARGET` was reached.
    """

    seconds: float
    steps: int
    cer: float
    arrived: bool


class Watch(pl.Callback):
    """Reads the validation lines every `every` seconds of training, and ends it at the target or after `limit`."""

    def __init__(self, batches: Sequence[LineBatch], limit: float, every: float, average: MovingAverage | None) -> None:
        self.batches, self.limit, self.every, self.average = batches, limit, every, average
        self.seconds = self._checked = self._since = 0.0
        self.best = float("inf")

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._since = time.monotonic()

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        now = time.monotonic()
        self.seconds, self._since = self.seconds + now - self._since, now
        last = ended(self.seconds, self.limit, trainer.global_step, trainer.max_steps)
        if self.seconds - self._checked >= self.every or last:
            self._checked = self.seconds
            self.best = min(self.best, self._error_rate(pl_module))
            print(f"    {self.seconds:6.0f} s, step {trainer.global_step}: CER {100 * self.best:.1f} %", flush=True)
            trainer.should_stop = last or self.best <= TARGET
            self._since = time.monotonic()

    def _error_rate(self, lit_model: LitModel) -> float:
        kept = {name: value.clone() for name, value in lit_model.state_dict().items()}
        if self.average:
            lit_model.load_state_dict(self.average.weights())
        lit_model.eval()
        read = [text for batch in self.batches for text in lit_model.read(batch)]
        lit_model.train()
        lit_model.load_state_dict(kept)
        return float(character_error_rate(read, [text for batch in self.batches for text in batch.texts]).rate)


def ended(seconds: float, limit: float, step: int, steps: int) -> bool:
    """Return whether an arm has had its time or its steps; -1 steps have no end.

    >>> ended(8.0, 60.0, 1, -1), ended(8.0, 60.0, 300, 300), ended(60.0, 60.0, 1, -1)
    (False, True, True)
    """
    return seconds >= limit or 0 <= steps <= step


class CanvasLines(LineData):
    """The lines of `SyntheticLines`, of all widths in the order they come, each on a canvas of one width."""

    def __init__(self, lines: SyntheticLines) -> None:
        super().__init__(lines.characters, lines.height, lines.seed)
        self.lines, self.canvas = lines, 4 * (lines.widths[1] // 4 + 8)

    def train_batches(self) -> Dataset:
        return CanvasDataset(self.lines._synthesiser("train", self.lines.handwriting), self.charset, self.canvas)

    def train_dataloader(self) -> DataLoader:
        return DataLoader(self.train_batches(), batch_size=BATCH, num_workers=1, collate_fn=self._stacked)

    def validation_batches(self) -> Sequence[LineBatch]:
        return [self.on_canvas(batch) for batch in self.lines.validation_batches()]

    def on_canvas(self, batch: LineBatch) -> LineBatch:
        """Return the batch with its pictures on the canvas; the model sees all of it as the line."""
        x_BCHW = torch.zeros(len(batch.texts), 1, self.height, self.canvas)
        width = min(self.canvas, batch.x_BCHW.shape[3])
        x_BCHW[..., :width] = batch.x_BCHW[..., :width]
        return replace(batch, x_BCHW=x_BCHW, widths_B=torch.full_like(batch.widths_B, self.canvas))

    def _stacked(self, samples: list[LineBatch]) -> LineBatch:
        longest = max(sample.y_BL.shape[1] for sample in samples)
        y_BL = torch.zeros(len(samples), longest, dtype=torch.int64)
        for row, sample in enumerate(samples):
            y_BL[row, : sample.y_BL.shape[1]] = sample.y_BL[0]
        return LineBatch(
            torch.cat([sample.x_BCHW for sample in samples]),
            torch.cat([sample.widths_B for sample in samples]),
            y_BL,
            torch.cat([sample.lengths_B for sample in samples]),
            torch.full(y_BL.shape, -1.0),
            [sample.texts[0] for sample in samples],
            [sample.sources[0] for sample in samples],
        )


class CanvasDataset(Dataset):
    """Sample i: one line, drawn and made a tensor by itself."""

    def __init__(self, lines: LineSynthesiser, charset: Charset, canvas: int) -> None:
        self.lines, self.charset, self.canvas = lines, charset, canvas

    def __len__(self) -> int:
        return 1_000_000

    def __getitem__(self, number: int) -> LineBatch:
        sample = synthetic_sample(self.lines, number * GROUP)  # the first of each group, so that widths are mixed
        grey_HW = np.full((sample.image_HW.shape[0], self.canvas), 255, np.uint8)
        grey_HW[:, : sample.image_HW.shape[1]] = sample.image_HW[:, : self.canvas]
        batch = collate([Sample(grey_HW, sample.text, None, sample.source)], self.charset, self.lines.height)
        x_BCHW = batch.x_BCHW[..., : self.canvas]
        return replace(batch, x_BCHW=x_BCHW, widths_B=torch.tensor([self.canvas]))


def plain(lit_model: LitModel) -> LitModel:
    """Return the lit model with the ancestor's optimiser."""
    lit_model.configure_optimizers = lambda: torch.optim.Adam(lit_model.parameters(), lr=RATE)  # type: ignore[method-assign]
    return lit_model


def ours(budget: float) -> tuple[LitModel, LineData, int | None]:
    """Return the default experiment."""
    return CTC(LineCTC(ASCII)), SyntheticLines(validation_lines=VALIDATION_LINES), int(budget)


def crnn(_: float) -> tuple[LitModel, LineData, int | None]:
    """Return the ancestor's CTC reader."""
    data = CanvasLines(SyntheticLines(validation_lines=VALIDATION_LINES))
    return plain(CTC(CRNN(ASCII), alignment=0.0)), data, None


def transformer(_: float) -> tuple[LitModel, LineData, int | None]:
    """Return the ancestor's LineCNN with a transformer."""
    data = CanvasLines(SyntheticLines(validation_lines=VALIDATION_LINES))
    return plain(Seq2Seq(LineCNNTransformer(ASCII), label_smoothing=0.0, token_noise=0.0)), data, None


ARMS: dict[str, Callable[[float], tuple[LitModel, LineData, int | None]]] = {
    "ours": ours,
    "crnn": crnn,
    "transformer": transformer,
}


def race(name: str, limit: float, budget: float, every: float = 15.0) -> Arrival:
    """Train an arm until it arrives, or for `limit` seconds.

    Args:
        name: one of `ARMS`.
        limit: seconds of training.
        budget: seconds that our schedule is made for; the ancestor's has no end.
        every: seconds between two readings of the validation lines.
    """
    pl.seed_everything(0, verbose=False)
    lit_model, data, seconds = ARMS[name](budget)
    average = MovingAverage() if seconds else None
    watch = Watch(data.validation_batches(), limit, every, average)
    precision: Precision = "32-true"
    steps = -1
    if seconds:
        plan, steps = planned(lit_model, data, min(limit, seconds))
        precision = plan.precision
    else:
        plan = measured_plan(lit_model, next(iter(data.train_dataloader())), precision)
    torch.set_num_threads(plan.threads)
    with lightning_silenced():
        trainer = pl.Trainer(
            accelerator="auto",
            devices=1,
            precision=precision,
            max_steps=steps,
            max_epochs=-1,
            limit_val_batches=0,
            callbacks=[*([average] if average else []), watch],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
        )
        trainer.fit(lit_model, data)
    return Arrival(watch.seconds, trainer.global_step, watch.best, watch.best <= TARGET)


def planned(lit_model: LitModel, data: LineData, seconds: float) -> tuple[Plan, int]:
    """Return the measured plan, and how many steps fit into `seconds` by the time that some take with their data."""
    batches = data.train_batches()
    plan = measured_plan(lit_model, batches[0])
    begun = time.monotonic()
    drawn = [batches[number] for number in range(4)]
    drawing = (time.monotonic() - begun) / len(drawn)
    step = sum(seconds_per_step(lit_model, batch, plan) for batch in drawn) / len(drawn)
    return plan, max(50, int(seconds / (1.1 * max(step, drawing) + 0.3 * min(step, drawing))))


def told(arrival: Arrival, best: Arrival) -> str:
    """Return the ratio of an arm's time to ours in words.

    >>> ours = Arrival(100.0, 300, 0.19, True)
    >>> told(Arrival(2500.0, 900, 0.2, True), ours), told(Arrival(5400.0, 900, 0.5, False), ours)
    ('25.0 x', '> 54.0 x')
    """
    if not best.arrived:
        return "no ratio: ours has not arrived"
    return f"{'' if arrival.arrived else '> '}{arrival.seconds / best.seconds:.1f} x"
