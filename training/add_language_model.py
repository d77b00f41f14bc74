"""Have an exported model use a language model: write its file, digest and weights into the model's recipe.

    .venv/bin/python -m training.add_language_model text_recognizer/weights/best
    .venv/bin/python -m training.calibrate text_recognizer/weights/best

The second command is needed because a language model changes what a confidence means.
"""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from jsonargparse import ArgumentParser
from jsonargparse.typing import NonNegativeFloat, PositiveInt

from text_recognizer.decoding.language_model import LanguageModel
from text_recognizer.decoding.language_path import LanguageOptions
from text_recognizer.inference.recipe import Recipe, sha256_of
from training.command_line import mistakes_shown, parse


def add_language_model(model: Path, language_model: Path, options: LanguageOptions) -> Recipe:
    """Write the language model into the recipe of `model`, and copy it there if it is not in the folder above.

    Args:
        model: folder of an exported model.
        language_model: written by training/language_model.py.
        options: when it is asked and what it weighs; file and digest are filled in here.

    Raises:
        UserError: one of them is missing or damaged.
    """
    recipe = Recipe.load(model)
    LanguageModel.load(language_model)
    if language_model.resolve().parent not in (model.resolve(), model.resolve().parent):
        shutil.copyfile(language_model, model / language_model.name)
    options = dataclasses.replace(options, file=language_model.name, sha256=sha256_of(language_model))
    recipe = dataclasses.replace(recipe, language_model=options)
    recipe.language_model_path(model)  # refuses another file of that name in the model's folder
    recipe.save(model)
    return recipe


def main(arguments: list[str] | None = None) -> int:
    """Write the recipe and return 0."""
    usual = LanguageOptions("", "")
    parser = ArgumentParser(prog="add_language_model.py", description=__doc__, exit_on_error=False)
    add = parser.add_argument
    add("model", type=Path, help="folder of an exported model; its recipe is written anew")
    add("--file", type=Path, default=Path("text_recognizer/weights/language_model.npz"), help="the language model")
    add("--alpha", type=NonNegativeFloat, default=usual.alpha, help="weight of its log probabilities")
    add("--beta", type=NonNegativeFloat, default=usual.beta, help="added for each character of a text")
    add("--below", type=NonNegativeFloat, default=usual.below, help="confidence from which on it is not asked")
    add("--most_bits", type=NonNegativeFloat, default=usual.most_bits, help="per character of a text that it may mend")
    add("--width", type=PositiveInt, default=usual.width, help="of the beam")
    options = parse(parser, arguments, {})
    weights = {name: options[name] for name in ("alpha", "beta", "below", "most_bits", "width")}
    recipe = add_language_model(options.model, options.file, LanguageOptions("", "", **weights))
    print(f"{options.model}: reads with {options.file} from now on ({recipe.language_model}); calibrate it next")
    return 0


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
