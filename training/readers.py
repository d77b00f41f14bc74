"""One way to read lines with whatever a run has left: its checkpoint, or the model that was exported from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import torch
import yaml

from text_recognizer.callbacks.checkpoints import reason
from text_recognizer.charset import Charset
from text_recognizer.data.base import Sample, collate
from text_recognizer.decoding.best_path import best_path
from text_recognizer.errors import UserError
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.inference.recipe import FILE_NAME
from text_recognizer.line_levels import line_width, padded_width
from text_recognizer.models.base import LineModel, Recognizer
from training.starting_weights import any_model_of, load_exported

ReadLines = Callable[[Sequence[np.ndarray]], list[str]]
"""Maps grey lines, uint8 [H, W] dark on light, to their texts."""


def reader_of(path: Path, language_model: bool = True, second_look: bool = True) -> ReadLines:
    """Return what reads lines with the model at `path`: a run's folder, a checkpoint, or an exported model's folder.

    Args:
        path: of the model.
        language_model: whether an exported model's own helps it; the others read without.
        second_look: whether an exported model reads unsure lines again, wider; the others look once.

    Raises:
        UserError: there is no model at `path`.
    """
    if (path / FILE_NAME).exists():
        recognizer = LineRecognizer.load(path, language_model=language_model, second_look=second_look)
        return lambda lines: [reading.text for reading in recognizer.read(lines)]
    return torch_reader(trained_model(path))


def trained_model(path: Path) -> LineModel:
    """Return the torch model of a run with its best weights, of the checkpoint that `path` names, or of an export.

    Raises:
        UserError: the run or checkpoint is missing or damaged, or its model is none of lines with CTC.
    """
    model = load_exported(path) if (path / FILE_NAME).exists() else any_trained_model(path)
    if not isinstance(model, LineModel):
        raise UserError(f"{path}: its model is a {type(model).__name__}; name a run of a model of lines with CTC")
    return model


def any_trained_model(path: Path) -> Recognizer:
    """Return the torch model of a run, of any kind, with its best weights, or of the checkpoint that `path` names.

    Raises:
        UserError: the run or checkpoint is missing or damaged.
    """
    run = path.parent if path.suffix == ".ckpt" else path
    checkpoint = path if path.suffix == ".ckpt" else run / "best.ckpt"
    if not checkpoint.exists() or not (run / "config.yaml").exists():
        raise UserError(f"{path}: holds no {checkpoint.name} of a run; train one with training/run_experiment.py")
    options = yaml.safe_load((run / "config.yaml").read_text())
    try:
        saved = torch.load(checkpoint, map_location="cpu", weights_only=False)
        characters, weights = saved["characters"], saved["state_dict"]
    except Exception as error:  # torch raises many kinds for a damaged file
        raise UserError(
            f"{checkpoint}: not a readable checkpoint ({reason(error)}); name another one or train anew"
        ) from error
    data = options["data"]["init_args"]
    model = any_model_of(options["model"], characters, data["height"], data.get("width"))
    prefix = "model."
    try:
        model.load_state_dict({k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)})
    except RuntimeError as error:
        raise UserError(
            f"{checkpoint}: its weights do not fit the model of {run / 'config.yaml'}; name a checkpoint of this run"
        ) from error
    return model.eval()


def torch_reader(model: LineModel, batch_size: int = 16) -> ReadLines:
    """Return what reads lines with a torch model, in batches that are padded as the exported model's are."""
    charset = Charset(model.characters)

    def read(lines: Sequence[np.ndarray]) -> list[str]:
        texts = [""] * len(lines)
        padded = [padded_width(line_width(line, model.height)) for line in lines]
        order = sorted(range(len(lines)), key=padded.__getitem__)
        same = [list(places) for _, places in groupby(order, padded.__getitem__)]
        for places in (group[i : i + batch_size] for group in same for i in range(0, len(group), batch_size)):
            batch = collate([Sample(lines[i], "", None, "") for i in places], charset, model.height)
            with torch.inference_mode():
                log_probs_BTC = model(batch.x_BCHW, batch.widths_B)[0].float().log_softmax(-1).numpy()
            for place, log_probs_TC, steps in zip(places, log_probs_BTC, model.steps(batch.widths_B), strict=True):
                texts[place] = charset.decode(best_path(log_probs_TC[: int(steps)]).labels)
        return texts

    return read
