"""Starting a run from weights that another has trained: of a checkpoint, or of the torch form of an exported model."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unicodedata import normalize

import torch
from torch import Tensor

from text_recognizer.charset import Charset
from text_recognizer.errors import UserError
from text_recognizer.inference.recipe import Recipe
from text_recognizer.models.base import LineModel, Recognizer
from training.command_line import import_all, subclasses

SCORES = ("scores", "early_scores")
"""Layers with a row for each character."""


WEIGHTS = "weights.pt"
"""The torch form of an exported model, beside its ONNX file."""


def save_weights(
    model: Recognizer, path: Path, architecture: dict[str, Any], note: str, onnx: str | None = None
) -> None:
    """Write a model's weights in half precision, wholly or not at all.

    Args:
        model: whose weights, characters and height are written.
        path: of the file.
        architecture: class and options of the model, as a run's config.yaml has them.
        note: on the origin.
        onnx: sha256 of the ONNX file that was made of them.
    """
    halves = {name: v.half() if v.is_floating_point() else v for name, v in model.state_dict().items()}
    held = {"characters": model.characters, "height": model.height, "architecture": architecture, "onnx": onnx}
    held["image_width"] = getattr(model, "image_width", None)
    beside = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({**held, "state_dict": halves, "note": note}, beside)
    beside.replace(path)


def exported(folder: Path) -> dict[str, Any]:
    """Return what `save_weights` wrote into the folder of an exported model.

    Raises:
        UserError: there is nothing, it is damaged, or it is not what the ONNX file was made of.
    """
    path = folder / WEIGHTS
    if not path.exists():
        raise UserError(f"{folder}: has no {WEIGHTS}, so it can be read with but not trained on; export its run again")
    held = _held(path)
    if held.get("onnx") != Recipe.load(folder).sha256["model.onnx"]:
        raise UserError(f"{path}: is not what {folder / 'model.onnx'} was made of; fetch or export both again")
    return held


def load_exported(folder: Path) -> LineModel:
    """Return the torch form of the model in a folder; see `exported`."""
    held = exported(folder)
    model = model_of(held["architecture"], held["characters"], held["height"])
    start_from(model, folder / WEIGHTS)
    return model.eval()


def any_model_of(
    architecture: dict[str, Any], characters: str, height: int, image_width: int | None = None
) -> Recognizer:
    """Return a new model of the class and options that a run's config.yaml has.

    Args:
        architecture: class and options.
        characters, height: of the model.
        image_width: of characters and pages, which have one; None for lines.
    """
    import_all("text_recognizer.models")
    model_class = subclasses(Recognizer)[architecture["class_path"].rpartition(".")[2]]
    sized = {} if image_width is None else {"image_width": image_width}
    return model_class(characters=characters, height=height, **sized, **(architecture.get("init_args") or {}))


def model_of(architecture: dict[str, Any], characters: str, height: int) -> LineModel:
    """Return a new model of lines of the class and options that a run's config.yaml has.

    Raises:
        UserError: the class is no model of lines with CTC.
    """
    model = any_model_of(architecture, characters, height)
    if not isinstance(model, LineModel):
        raise UserError(f"{type(model).__name__}: is no model of lines with CTC; name a run of one")
    return model


def start_from(model: Recognizer, path: Path) -> None:
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
    held = _held(path)
    return held["characters"], {name.removeprefix("model."): value for name, value in held["state_dict"].items()}


def _held(path: Path) -> dict[str, Any]:
    try:
        held = torch.load(path, map_location="cpu", weights_only=path.suffix != ".ckpt")
        held["characters"], held["state_dict"].items()
    except Exception as error:  # torch raises many kinds for a damaged file
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"--start {path}: holds no weights ({reason}); name a .ckpt, or the {WEIGHTS} of an exported model"
        ) from error
    return held


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
