"""Which data and which training belong to which kind of model: characters, lines or paragraphs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from text_recognizer.data.base import LabData, LineData
from text_recognizer.data.character_data import CharacterData
from text_recognizer.data.paragraph_data import ParagraphData
from text_recognizer.errors import UsageError
from text_recognizer.lit_models.base import LitModel
from text_recognizer.lit_models.classification import Classification
from text_recognizer.lit_models.ctc import CTC
from text_recognizer.lit_models.seq2seq import Seq2Seq
from text_recognizer.models.base import CharacterModel, LineModel, LineSequenceModel, ParagraphModel, Recognizer
from training.command_line import import_all, subclasses

DEFAULT = {"data": "MNIST", "model": "MLP"}
# lab 02: begin
DEFAULT = {"data": "SyntheticLines", "model": "LineCTC"}
# lab 02: end
"""The classes of an experiment that names none."""

LIT_MODELS: dict[type[Recognizer], type[LitModel]] = {
    CharacterModel: Classification,
    LineModel: CTC,
    LineSequenceModel: Seq2Seq,
    ParagraphModel: Seq2Seq,
}
"""Base of a model -> what trains it."""

DATA: dict[type[Recognizer], type[LabData]] = {
    CharacterModel: CharacterData,
    LineModel: LineData,
    LineSequenceModel: LineData,
    ParagraphModel: ParagraphData,
}
"""Base of a model -> base of the data that it can learn."""

PICTURES: dict[type[LabData], str] = {CharacterData: "characters", LineData: "lines", ParagraphData: "paragraphs"}
"""What messages call the data's pictures."""


def base_of(cls: type, bases: Sequence[type]) -> type:
    """Return which of `bases` a class is of."""
    return next(base for base in bases if issubclass(cls, base))


def lit_model_for(arguments: Sequence[str]) -> type[LitModel]:
    """Return what trains the model that the arguments name, or the default model; CTC for one that is not known."""
    import_all("text_recognizer.models")
    named = _class_named("model", list(arguments)) or DEFAULT["model"]
    model = subclasses(Recognizer).get(named.rpartition(".")[2])
    return LIT_MODELS[base_of(model, list(LIT_MODELS))] if model else CTC


def refuse_mixture(model: str, data: str) -> None:
    """Raise a UsageError where a model cannot learn the data.

    Args:
        model, data: the names of the classes.
    """
    needed = DATA[base_of(subclasses(Recognizer)[model], list(DATA))]
    given = base_of(subclasses(LabData)[data], list(PICTURES))
    if needed is not given:
        fitting = ", ".join(sorted(subclasses(needed)))
        raise UsageError(
            f"--model {model}: reads {PICTURES[needed]}, and --data {data} gives {PICTURES[given]}; name data of"
            f" {PICTURES[needed]} ({fitting}) or another model"
        )


def _class_named(option: str, arguments: list[str]) -> str | None:
    """Return the class that an option names, on the command line or else in the config file."""
    for name in (f"--{option}", f"--{option}.class_path"):
        for place, argument in enumerate(arguments):
            if argument.startswith(f"{name}="):
                return argument.partition("=")[2]
            if argument == name and place + 1 < len(arguments):
                return arguments[place + 1]
    config = _config_of(arguments).get(option)
    return config.get("class_path") if isinstance(config, dict) else config if isinstance(config, str) else None


def _config_of(arguments: list[str]) -> dict[str, Any]:
    """Return what the config file holds; nothing where there is none that can be read, which the parser tells."""
    for place, argument in enumerate(arguments):
        path = argument.partition("=")[2] if argument.startswith("--config=") else None
        if argument == "--config" and place + 1 < len(arguments):
            path = arguments[place + 1]
        if path:
            try:
                held = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
            except (OSError, ValueError, yaml.YAMLError):
                return {}
            return held if isinstance(held, dict) else {}
    return {}
