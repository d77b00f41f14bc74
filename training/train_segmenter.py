"""Train the page segmenter and write its averaged weights, and then its ONNX file, into a folder of its own.

--config FILE reads the options from a YAML file; options after it change single values.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads stall for seconds where cores are shared

import pytorch_lightning as pl
import torch
from jsonargparse import ArgumentParser

from text_recognizer.callbacks.averaging import MovingAverage
from text_recognizer.data.segmenter_pages import SegmenterPages
from text_recognizer.errors import check_range
from text_recognizer.lit_models.segmentation import Segmentation
from text_recognizer.models.page_segmenter import PageSegmenter
from training.command_line import Help, mistakes_shown, parse
from training.run import lightning_silenced

OPSET = 17


class Weights(pl.Callback):
    """Writes the averaged weights now and then, and one row of losses with them.

    Args:
        folder: where to.
        average: the averaging callback of the same run.
        every: steps between two writes.
    """

    def __init__(self, folder: Path, average: MovingAverage, every: int) -> None:
        self.folder, self.average, self.every = folder, average, every

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: object) -> None:
        if trainer.global_step % self.every == 0:
            self.save()
            row = {name: round(float(value), 4) for name, value in trainer.callback_metrics.items()}
            print(f"step {trainer.global_step}: {row}", flush=True)

    def save(self) -> None:
        """Write ``segmenter.pt``, wholly or not at all."""
        weights = {name.removeprefix("model."): value for name, value in self.average.weights().items()}
        beside = self.folder / "segmenter.pt.part"
        torch.save(weights, beside)
        beside.replace(self.folder / "segmenter.pt")


def write_onnx(model: PageSegmenter, path: Path) -> None:
    """Write the model as ONNX that takes any height and width that are multiples of 16 px."""
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model.eval(),
            (torch.rand(1, 1, 128, 96),),
            str(path),
            input_names=["x"],
            output_names=["maps", "turns"],
            dynamic_axes={"x": {2: "H", 3: "W"}, "maps": {2: "h", 3: "w"}, "turns": {2: "hh", 3: "ww"}},
            opset_version=OPSET,
            dynamo=False,
        )


def options_parser() -> ArgumentParser:
    """Return the parser of all options."""
    parser = ArgumentParser(description=__doc__, usage="%(prog)s [options]", exit_on_error=False, formatter_class=Help)
    parser.add_argument("--config", action="config", help="a YAML file with options")
    parser.add_argument("--folder", type=Path, default=Path("runs/segmenter"), help="of the run")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--every", type=int, default=250, help="steps between two writes of the weights")
    parser.add_argument("--start", type=Path | None, help="weights to start from, segmenter.pt of an earlier run")
    parser.add_class_arguments(SegmenterPages, "data", instantiate=False)
    parser.add_class_arguments(PageSegmenter, "model", instantiate=False)
    parser.add_class_arguments(Segmentation, "lit_model", skip={"model"}, instantiate=False)
    parser.link_arguments("seed", "data.seed")
    parser.link_arguments("steps", "lit_model.steps")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Train what the command line describes and return 0."""
    parser = options_parser()
    options = parse(parser, list(sys.argv[1:] if arguments is None else arguments), {})
    check_range("--steps", options.steps, 1)
    check_range("--threads", options.threads, 1)
    pl.seed_everything(options.seed, verbose=False)
    torch.set_num_threads(options.threads)
    model = PageSegmenter(**options.model.as_dict()).to(memory_format=torch.channels_last)
    if options.start:
        model.load_state_dict(torch.load(options.start, weights_only=True))
    folder = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    average = MovingAverage(0.998)
    weights = Weights(folder, average, options.every)
    with lightning_silenced():
        trainer = pl.Trainer(
            accelerator="auto",
            devices=1,
            max_steps=options.steps,
            max_epochs=-1,
            val_check_interval=options.every,
            check_val_every_n_epoch=None,
            num_sanity_val_steps=0,
            callbacks=[average, weights],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            use_distributed_sampler=False,
        )
        data = SegmenterPages(**options.data.as_dict())
        trainer.fit(Segmentation(model, **options.lit_model.as_dict()), data)
    weights.save()
    model.load_state_dict(torch.load(folder / "segmenter.pt", weights_only=True))
    write_onnx(model, folder / "segmenter.onnx")
    print(f"{folder / 'segmenter.onnx'}: {(folder / 'segmenter.onnx').stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
