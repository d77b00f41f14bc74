"""Write a run as an ONNX model with its recipe, after proving that torch and onnxruntime read the same text.

The proof is 200 fresh lines, half handwriting, half print; when one text differs nothing is written. With --int8 the
model is then quantised, and what that changes on the same lines is told, and refused above 1 % of the characters.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: spinning threads stall where cores are shared

import numpy as np
import torch
import yaml
from jsonargparse import ArgumentParser
from jsonargparse.typing import ClosedUnitInterval
from torch import Tensor, nn

from text_recognizer.charset import LATIN
from text_recognizer.data.alto_pages import page_samples, split_pages
from text_recognizer.errors import UsageError, UserError
from text_recognizer.inference.recipe import Recipe, sha256_of
from text_recognizer.inference.second_look import BELOW
from text_recognizer.metrics.error_rate import character_error_rate
from text_recognizer.models.base import CharacterModel, LineModel, SequenceModel
from text_recognizer.synth.lines import GROUP, LineSynthesiser
from training.command_line import mistakes_shown, parse
from training.export_image import export_image_model, proof_pictures
from training.quantise import quantise
from training.readers import any_trained_model, reader_of, torch_reader
from training.run_folder import latest_run
from training.starting_weights import WEIGHTS, save_weights

OPSET = 17

MOST_CHANGED = 0.01
"""Share of the characters that an 8 bit model may read otherwise than the model it was made from."""


class LogProbs(nn.Module):
    """A line model with the signature that the reader expects: x, widths -> log_probs."""

    def __init__(self, model: LineModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor, widths: Tensor) -> Tensor:
        return self.model(x, widths)[0].log_softmax(-1)


def export(
    model: LineModel,
    folder: Path,
    name: str,
    created_by: dict,
    card: str,
    proof_lines: int = 200,
    int8: Sequence[np.ndarray] | None = None,
    second_look: float = BELOW,
    architecture: dict[str, Any] | None = None,
) -> None:
    """Write ``model.onnx``, ``recipe.json`` and ``card.md`` into `folder`, all of them or none.

    Args:
        int8: lines that set the ranges of a quantised model; without them the model stays in float.
        second_look: greedy confidence below which lines are read again, drawn wider; 0 for never.
        architecture: as the run's config.yaml has it; with it ``weights.pt`` is written too, to train on from.

    Raises:
        UserError: torch and onnxruntime disagree on a line, or the folder cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder}: is a file, not a folder; name another with --out")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise UserError(f"{folder}: cannot be written ({error.strerror}); name another folder with --out") from error
    try:
        write_onnx(model, beside / "model.onnx")
        (beside / "card.md").write_text(card, encoding="utf-8")
        recipe = Recipe(
            name=name,
            characters=model.characters,
            height=model.height,
            stride=model.stride,
            min_width=16,
            max_width=4096,
            sha256={"model.onnx": sha256_of(beside / "model.onnx")},
            second_look=second_look,
            created_by=created_by,
        )
        recipe.save(beside)
        proof = fresh_lines(model.characters, proof_lines)
        prove_same(model, beside, proof)
        if int8 is not None:
            recipe = quantised(beside, recipe, proof, int8)
        if architecture:
            save_weights(model, beside / WEIGHTS, architecture, name, recipe.sha256["model.onnx"])
        folder.mkdir(exist_ok=True)
        written = [WEIGHTS] if architecture else []
        for file in (*written, "model.onnx", "card.md", "recipe.json"):  # the recipe last: it vouches for the model
            os.replace(beside / file, folder / file)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def write_onnx(model: LineModel, path: Path) -> None:
    """Write the model with free batch and width.

    The exporter is torch's older one: the newer needs onnxscript and freezes the width.
    """
    x_BCHW, widths_B = torch.rand(2, 1, model.height, 320), torch.tensor([320, 200])
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            LogProbs(model).eval(),  # the exporter puts the model back into the mode it finds
            (x_BCHW, widths_B),
            str(path),
            input_names=["x", "widths"],
            output_names=["log_probs"],
            dynamic_axes={"x": {0: "B", 3: "W"}, "widths": {0: "B"}, "log_probs": {0: "B", 1: "T"}},
            opset_version=OPSET,
            dynamo=False,
        )


def fresh_lines(characters: str, count: int) -> list[np.ndarray]:
    """Return lines of the validation split that no training has seen, half handwriting, half print.

    They show what can be drawn of the characters.
    """
    drawn = "".join(character for character in characters if character in LATIN)
    synthesisers = [
        LineSynthesiser(seed=4, split="validation", handwriting=share, characters=drawn) for share in (1.0, 0.0)
    ]
    return [lines.line(i * GROUP).image_HW for lines in synthesisers for i in range(count // 2)]


def range_lines(pages: Path, characters: str, count: int = 48) -> list[np.ndarray]:
    """Return real lines of the training writers in `pages` and as many synthetic ones, to set the ranges of 8 bits."""
    lines = page_samples(split_pages(pages, "train")[: count // 4])
    return [sample.image_HW for sample in lines[:: max(1, len(lines) // count)]] + fresh_lines(characters, count)


def prove_same(model: LineModel, folder: Path, lines: Sequence[np.ndarray]) -> None:
    """Read `lines` with torch and with the exported model.

    Raises:
        UserError: a text differs; the message shows the first.
    """
    with_torch = [text.strip(" ") for text in torch_reader(model, batch_size=1)(lines)]  # as the reader leaves it
    with_onnx = reader_of(folder, language_model=False, second_look=False)(lines)
    different = [(a, b) for a, b in zip(with_torch, with_onnx, strict=True) if a != b]
    if different:
        raise UserError(
            f"{len(different)} of {len(lines)} lines differ after export, first {different[0][0]!r} (torch) and"
            f" {different[0][1]!r} (onnxruntime); nothing was written; report this with the versions in origin.json"
        )


def quantised(folder: Path, recipe: Recipe, proof: Sequence[np.ndarray], lines: Sequence[np.ndarray]) -> Recipe:
    """Quantise the model in `folder` and return its new recipe, saved there.

    Args:
        proof: lines that are read before and after.
        lines: lines that set the ranges.

    Raises:
        UserError: more than 1 % of the characters of `proof` are read otherwise than before.
    """
    before = reader_of(folder, language_model=False, second_look=False)(proof)
    quantise(folder / recipe.model, folder / "int8.onnx", lines, recipe.height)
    os.replace(folder / "int8.onnx", folder / recipe.model)
    recipe = dataclasses.replace(recipe, sha256={**recipe.sha256, recipe.model: sha256_of(folder / recipe.model)})
    recipe.save(folder)
    after = reader_of(folder, language_model=False, second_look=False)(proof)
    changed = character_error_rate(after, before).rate
    print(f"int8 changes {100 * changed:.2f} % of the characters of {len(proof)} lines")
    if changed > MOST_CHANGED:
        raise UserError(
            f"int8 changes {100 * changed:.1f} % of the characters of {len(proof)} lines, at most"
            f" {100 * MOST_CHANGED:.0f} % is taken; nothing was written: name lines like those of the training with"
            " --int8, or export without it"
        )
    return recipe


def card_of(run: Path, name: str) -> str:
    """Return a model card with what the run's folder knows."""
    finished = read_json(run / "finished.json") or {}
    steps = finished.get("steps", "an unfinished number of")
    rows = [
        f"| {row['source']} | {row['lines']} | {100 * row['cer']:.2f} | {100 * row['wer']:.1f} |"
        for row in read_json(run / "scores.json") or []
        if not row["source"].startswith(" ")
    ]
    table = "\n".join(rows or ["| not measured | | | |"])
    return f"""# {name}

Reads one line of handwritten or printed English (the 95 printable ASCII characters), greedy CTC.

Trained for {steps} steps on synthetic lines alone, by `make demo` within minutes on a CPU. This is a teaching model:
it has seen no real handwriting, and joined or slanted hands are read with many errors. Do not rely on it for documents
that matter.

| frozen lines (tests/data/lines) | number | CER % | WER % |
|---|---|---|---|
{table}

Training data: lines drawn by `text_recognizer/synth` with {fonts_of(run)};
texts in the public domain (text_recognizer/synth/data/text/readme.md). Licence of the weights: Apache-2.0.
"""


def card_of_image_model(run: Path, name: str, model: str) -> str:
    """Return the card of a model of characters, or of one that writes token by token."""
    steps = (read_json(run / "finished.json") or {}).get("steps", "an unfinished number of")
    data = yaml.safe_load((run / "config.yaml").read_text())["data"]["class_path"].rpartition(".")[2]
    return f"""# {name}

A {model}, trained for {steps} steps on {data}. This is a teaching model: how well it reads is told by the run's
metrics.csv and by nothing else. Licence of the weights: Apache-2.0.
"""


def fonts_of(run: Path) -> str:
    """Return in words which fonts a run's lines were drawn with."""
    fetched = (yaml.safe_load((run / "config.yaml").read_text())["data"].get("init_args") or {}).get("fonts")
    own = "its own letterforms and the fonts that come with the dependencies"
    return f"its own letterforms, the fonts that come with the dependencies and those in {fetched}" if fetched else own


def read_json(path: Path) -> Any:
    """Return what a JSON file holds, None where there is no file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def main(arguments: list[str] | None = None) -> int:
    """Export and return 0."""
    parser = ArgumentParser(description=__doc__, exit_on_error=False)
    parser.add_argument("run", type=Path | None, nargs="?", help="a run or checkpoint; the newest run if left out")
    parser.add_argument("--out", type=Path | None, help="the model's folder; model/ in the run's folder if left out")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where the newest run is looked for")
    parser.add_argument("--state", type=Path | None, help="write only the weights, for --start of a later run")
    parser.add_argument("--int8", type=Path | None, help="quantise; a folder of pages whose lines set the ranges")
    about = "greedy confidence below which a line is read again, drawn wider; 0 for never"
    parser.add_argument("--second_look", type=ClosedUnitInterval, default=BELOW, help=about)
    parser.add_argument("--name", type=str | None, help="of the model; the run's name if left out")
    options = parse(parser, arguments, {})
    path = options.run or latest_run(options.runs)
    run = path.parent if path.suffix == ".ckpt" else path
    folder = options.out or run / "model"
    name = options.name or run.name
    model, origin = any_trained_model(path), read_json(run / "origin.json") or {}
    architecture = yaml.safe_load((run / "config.yaml").read_text())["model"]
    if options.state:
        save_weights(model, options.state, architecture, f"{name}, {path.name}")
        print(f"{options.state}: {options.state.stat().st_size / 1e6:.1f} MB of weights in half precision")
        return 0
    created_by = {key: origin.get(key) for key in ("git_commit", "locks_sha256", "python")}
    created_by["finished"] = read_json(run / "finished.json")
    if isinstance(model, CharacterModel | SequenceModel):
        if options.int8:
            raise UsageError(f"--int8 {options.int8}: only models of lines with CTC are quantised; leave it out")
        about = card_of_image_model(run, name, type(model).__name__)
        proof = proof_pictures(model)
        apart = export_image_model(model, folder, name, created_by, about, proof, architecture)
        print(f"{folder}: reads {len(proof)} pictures as torch does, probabilities differ by at most {apart:.1g}")
        return 0
    assert isinstance(model, LineModel), "there is no other kind"
    ranges = None if options.int8 is None else range_lines(options.int8, model.characters)
    card = card_of(run, name)
    export(
        model, folder, name, created_by, card, int8=ranges, second_look=options.second_look, architecture=architecture
    )
    size = (folder / "model.onnx").stat().st_size / 1e6
    print(f"{folder}: {size:.1f} MB, the same text as torch on 200 lines")
    return 0


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
