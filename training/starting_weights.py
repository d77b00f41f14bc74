"""Starting a run from weights that another has trained: of a checkpoint, or of a file in ``training/state``."""

from __future__ import annotations

from pathlib import Path
from unicodedata import normalize

import torch
from torch import Tensor

from text_recognizer.charset import Charset
from text_recognizer.errors import UserError
from text_recognizer.models.base import LineModel

SCORES = ("scores", "early_scores")
"""Layers with a row for each character."""


def save_weights(model: LineModel, path: Path, note: str) -> None:
    """Write a model's weights in half precision, with its characters and a note on their origin."""
    halves = {name: v.half() if v.is_floating_point() else v for name, v in model.state_dict().items()}
    beside = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"characters": model.characters, "state_dict": halves, "note": note}, beside)
    beside.replace(path)


def start_from(model: LineModel, path: Path) -> None:
    """Copy the weights in `path` into `model`; characters that are new there start as their base letter.

    Raises:
        UserError: the file is not one with weights, or those are of another shape of model.
    """
    characters, weights = _read(path)
    own = model.state_dict()
    for layer in SCORES:
        for name in (f"{layer}.weight", f"{layer}.bias"):
            if name in own and name in weights:
                weights[name] = _rows(weights[name].float(), own[name], characters, model.characters)
    wrong = sorted({n for n, v in weights.items() if n not in own or v.shape != own[n].shape} | (own.keys() - weights))
    if wrong:
        raise UserError(
            f"--start {path}: {len(wrong)} of its weights do not fit the model, {wrong[0]} first; give the same"
            " --model options as the run it comes from"
        )
    model.load_state_dict({name: value.to(own[name].dtype) for name, value in weights.items()})


def _read(path: Path) -> tuple[str, dict[str, Tensor]]:
    try:
        held = torch.load(path, map_location="cpu", weights_only=path.suffix != ".ckpt")
        weights = {name.removeprefix("model."): value for name, value in held["state_dict"].items()}
        return held["characters"], weights
    except Exception as error:  # torch raises many kinds for a damaged file
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"--start {path}: holds no weights ({reason}); name a .ckpt or a .pt of training/state"
        ) from error


def _rows(old: Tensor, new: Tensor, old_characters: str, new_characters: str) -> Tensor:
    """Return `new` with the rows of `old` for each character that both know, or whose base letter `old` knows."""
    labels = {character: label for label, character in enumerate(old_characters, start=1)}
    rows = new.clone()
    rows[Charset.blank] = old[Charset.blank]
    for label, character in enumerate(new_characters, start=1):
        source = labels.get(character) or labels.get(normalize("NFD", character)[0])
        if source:
            rows[label] = old[source]
    return rows
