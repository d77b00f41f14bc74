"""Training on from an exported model: what fine-tuning and adapting share."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jsonargparse import ArgumentParser
from jsonargparse.typing import ClosedUnitInterval, PositiveFloat, PositiveInt

from text_recognizer.errors import UsageError, UserError
from text_recognizer.inference.output import check_writable
from text_recognizer.inference.recipe import Recipe
from text_recognizer.inference.shipped import model_folder
from text_recognizer.models.base import LineModel
from training import run_experiment
from training.export import export, fresh_lines
from training.starting_weights import WEIGHTS, exported, model_of, start_from

FONTS, TEXTS = Path("data/fonts"), Path("data/texts")
"""What ``make fonts`` and ``make texts`` fetch; used for the synthetic lines when they are there."""

HANDWRITING = 0.4
"""Share of handwriting among the synthetic lines: print is what is forgotten first."""

WARMUP = 10
"""Steps in which the learning rate rises."""

RANGES = 48
"""Own lines, and as many synthetic ones, that set the ranges of 8 bits."""


@dataclass(frozen=True)
class Start:
    """The model that is tuned: its folder, recipe and architecture."""

    folder: Path
    recipe: Recipe
    architecture: dict[str, Any]

    @classmethod
    def load(cls, name: str) -> Start:
        """Read a model that can be trained on.

        Raises:
            UserError: there is none, or it has no weights.pt.
        """
        folder = model_folder(name)
        return cls(folder, Recipe.load(folder), exported(folder)["architecture"])

    def model(self, characters: str) -> LineModel:
        """Return its torch form with the labels of other characters."""
        model = model_of(self.architecture, characters, self.recipe.height)
        start_from(model, self.folder / WEIGHTS)
        return model.eval()


def usual_steps(lines: int) -> int:
    """Return how many steps a number of lines is worth.

    >>> usual_steps(15), usual_steps(150), usual_steps(100_000)
    (69, 150, 2000)
    """
    return min(2000, 60 + round(0.6 * lines))


@dataclass(frozen=True)
class Tuning:
    """How long and on what a model is trained on.

    Args:
        name: of the run.
        runs: folder of the runs.
        steps: of training.
        real: share of own lines; the rest is synthetic.
        lr: highest learning rate.
        threads: of the training; measured where it is None.
        seed: of data and dropout.
    """

    name: str
    runs: Path
    steps: int
    real: float = 0.6
    lr: float = 5e-4
    threads: int | None = None
    seed: int = 0

    @classmethod
    def of(cls, options: Any, steps: int, round_number: int = 0) -> Tuning:
        """Return what the options of `add_options` say; each round of several has a seed of its own."""
        seed = options.seed + round_number
        return cls(options.name, options.runs, steps, options.real, options.lr, options.threads, seed)

    def config(self, start: Start, folder: Path, layout: str, characters: str) -> dict[str, Any]:
        """Return the options of the run as training/run_experiment.py takes them; its lines are those of `folder`."""
        lines = {"folder": str(folder), "layout": layout, "real": self.real, "handwriting": HANDWRITING}
        for name, fetched in (("fonts", FONTS), ("texts", TEXTS)):
            if fetched.is_dir():
                lines[name] = str(fetched)
        lines |= {"characters": characters, "height": start.recipe.height}
        return {
            "name": self.name,
            "runs": str(self.runs),
            "seed": self.seed,
            "max_steps": self.steps,
            "threads": self.threads,
            "precision": "32-true",
            "logger": "none",
            "start": str(start.folder / WEIGHTS),
            "data": {"class_path": "OwnLines", "init_args": lines},
            "model": start.architecture,
            "lit_model": {"lr": self.lr, "warmup": WARMUP, "alignment": 0.0},
        }


def add_options(parser: ArgumentParser, mixed: str) -> None:
    """Add the options that fine-tuning and adapting share.

    Args:
        parser: takes them.
        mixed: what `--real` is the share of, in words.
    """
    add = parser.add_argument
    add("--name", type=str | None, help="of the new model; the data's if left out")
    add("--out", type=Path | None, help="folder of the new model; models/NAME if left out")
    add("--steps", type=PositiveInt | None, help="of training, by the number of lines if left out")
    add("--real", type=ClosedUnitInterval, default=Tuning.real, help=f"share of {mixed}; the rest is synthetic")
    add("--lr", type=PositiveFloat, default=Tuning.lr, help="highest learning rate")
    add("--threads", type=PositiveInt | None, help="of the training; measured if left out")
    add("--seed", type=int, default=Tuning.seed, help="of data and dropout")
    add("--runs", type=Path, default=Path("runs"), help="folder of the runs")


def name_of(options: Any, prefix: str) -> str:
    """Return the name of the new model, made of the data's where none was given."""
    return options.name or prefix + re.sub(r"[^\w.-]+", "-", options.data.resolve().name)


def folder_of(options: Any, start: Start) -> Path:
    """Return the folder that the new model goes to.

    Raises:
        UsageError: it is that of the model which is tuned, and which would be lost.
        UserError: nothing can be written there.
    """
    folder: Path = options.out or Path("models") / options.name
    if folder.resolve() == start.folder.resolve():
        raise UsageError(f"--out {folder}: there is the model to start from; name another folder, or another --name")
    check_writable(folder if folder.is_dir() else folder.parent, create=True)
    return folder


def train(config: dict[str, Any], resume: str | None = None) -> Path | int:
    """Run the training and return the run's folder, or the exit code of one that was stopped."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tuning.yaml"
        path.write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")  # which is YAML, too
        code = run_experiment.main(["--config", str(path), *(["--resume", resume] if resume else [])])
    if code:
        return code
    finished = Path(config["runs"]).glob(f"{config['name']}-*/finished.json")
    return max(finished, key=lambda path: path.stat().st_mtime).parent


def write_model(start: Start, model: LineModel, folder: Path, name: str, images: Sequence[np.ndarray]) -> None:
    """Export the tuned model with the confidence and the language model of the one it was tuned from.

    Args:
        start: what it was tuned from.
        model: is exported.
        folder: is written.
        name: of the model.
        images: some of the lines it was tuned on, which set the ranges of 8 bits.
    """
    created_by = {"tuned_from": start.recipe.name}
    options = {"second_look": start.recipe.second_look, "architecture": start.architecture}
    ranges = [*images, *fresh_lines(model.characters, RANGES)]
    try:
        export(model, folder, name, created_by, "", 60, ranges, **options)
    except UserError as error:
        if not str(error).startswith("int8"):
            raise
        print(f"{str(error).split(';')[0]}: the model stays in float")
        export(model, folder, name, created_by, "", 60, None, **options)
    recipe = replace(Recipe.load(folder), confidence=start.recipe.confidence)
    if start.recipe.language_model and set(start.recipe.characters) <= set(model.characters):
        shutil.copyfile(start.recipe.language_model_path(start.folder), folder / start.recipe.language_model.file)
        recipe = replace(recipe, language_model=start.recipe.language_model)
    recipe.save(folder)
