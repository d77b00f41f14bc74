"""Score a run on the pictures that no choice depended on: the test split of the data that it was trained on.

Where a data set has no test split its validation is read, and said to be. Characters get an accuracy, lines and
paragraphs CER and WER; all with 95 % bootstrap intervals. A paragraph's ends of lines count as characters.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: spinning threads stall where cores are shared

import torch
from jsonargparse import ArgumentParser
from rich.console import Console
from rich.table import Table

from text_recognizer.data.base import LabData
from text_recognizer.errors import UserError
from text_recognizer.metrics.error_rate import ErrorRate, character_error_rate, word_error_rate
from text_recognizer.models.base import CharacterModel, Recognizer
from training.command_line import mistakes_shown, parse
from training.kinds import LIT_MODELS, base_of, lit_model_for
from training.readers import any_trained_model
from training.run_experiment import BASES, options_parser
from training.run_folder import latest_run, write_whole


@dataclass(frozen=True)
class RunScore:
    """One figure of a run; the rate and the ends of its interval are shares, not percents."""

    name: str
    rate: float
    interval: tuple[float, float]
    pictures: int


def data_of(run: Path) -> LabData:
    """Return the data that a run was trained on, ready to give batches.

    Raises:
        UserError: the folder is not that of a run.
    """
    config = run / "config.yaml"
    if not config.exists():
        raise UserError(f"{run}: holds no run (config.yaml is missing); name the folder of one")
    words = ["--config", str(config)]
    parser = options_parser(lit_model_for(words))
    data: LabData = parser.instantiate(parse(parser, words, BASES)).data
    data.prepare_data()
    data.setup("test")
    return data


def readings(model: Recognizer, batches: Sequence[Any]) -> tuple[list[str], list[str]]:
    """Return what the model reads in all pictures of the batches, and what they say."""
    lit_model = LIT_MODELS[base_of(type(model), list(LIT_MODELS))](model).eval()  # type: ignore[call-arg]
    read: list[str] = []
    truths: list[str] = []
    with torch.inference_mode():
        for batch in batches:
            read += lit_model.read(batch)
            is_character = isinstance(model, CharacterModel)
            truths += [model.characters[k] for k in batch.y_B.tolist()] if is_character else batch.texts
    return read, truths


def scores_of(model: Recognizer, batches: Sequence[Any]) -> list[RunScore]:
    """Return the figures of a model on some batches: its accuracy, or CER and WER."""
    read, truths = readings(model, batches)
    cer = character_error_rate(read, truths)
    if isinstance(model, CharacterModel):
        low, high = cer.interval()
        return [RunScore("accuracy", 1 - cer.rate, (1 - high, 1 - low), len(truths))]
    return [_score("CER", cer, truths), _score("WER", word_error_rate(read, truths), truths)]


def _score(name: str, rate: ErrorRate, truths: list[str]) -> RunScore:
    return RunScore(name, rate.rate, rate.interval(), len(truths))


def main(arguments: list[str] | None = None) -> int:
    """Print the figures and return 0."""
    parser = ArgumentParser(description=__doc__, exit_on_error=False)
    parser.add_argument("run", type=Path | None, nargs="?", help="a run or a checkpoint of one; the newest if left out")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where the newest run is looked for")
    parser.add_argument("--json", type=Path | None, help="file that the figures are written to")
    options = parse(parser, arguments, {})
    path = options.run or latest_run(options.runs)
    data = data_of(path.parent if path.suffix == ".ckpt" else path)
    batches, split = data.test_batches(), "test"
    if not len(batches):
        batches, split = data.validation_batches(), "validation: the data has no test split"
    scores = scores_of(any_trained_model(path), batches)
    table = Table(f"{path.name} ({split})", "%", "95 % interval", "pictures")
    for score in scores:
        low, high = (100 * bound for bound in score.interval)
        table.add_row(score.name, f"{100 * score.rate:.2f}", f"{low:.1f} - {high:.1f}", str(score.pictures))
    Console().print(table)
    if options.json:
        write_whole(options.json, json.dumps([asdict(score) for score in scores], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
