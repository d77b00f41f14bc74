"""Having an exported model use a language model."""

import pytest

from tests.decoding.tiny_language_model import tiny_language_model
from tests.inference.tiny_model import save_tiny_model
from text_recognizer.errors import UserError
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.inference.recipe import Recipe
from training import add_language_model
from training.command_line import mistakes_shown


@pytest.fixture
def model(tmp_path):
    return save_tiny_model(tmp_path / "models" / "flags")


def test_models_share_a_file_in_the_folder_above(model):
    file = tiny_language_model(model.parent / "lm.npz")
    assert add_language_model.main([str(model), "--file", str(file), "--alpha", "0.3", "--width", "5"]) == 0
    recipe = Recipe.load(model)
    assert (recipe.language_model.alpha, recipe.language_model.width) == (0.3, 5)
    assert recipe.language_model_path(model) == file
    assert LineRecognizer.load(model).recipe == recipe


def test_a_file_from_elsewhere_is_copied_into_the_models_folder(model, tmp_path):
    file = tiny_language_model(tmp_path / "lm.npz")
    add_language_model.main([str(model), "--file", str(file)])
    file.unlink()
    assert Recipe.load(model).language_model_path(model) == model / "lm.npz"


def test_a_file_that_is_no_language_model_leaves_the_recipe_as_it_was(model, tmp_path):
    before = (model / "recipe.json").read_bytes()
    (tmp_path / "lm.npz").write_bytes(b"text")
    with pytest.raises(UserError, match="not a language model"):
        add_language_model.main([str(model), "--file", str(tmp_path / "lm.npz")])
    assert (model / "recipe.json").read_bytes() == before


def test_another_file_of_that_name_beside_the_model_is_not_taken_for_it(model):
    (model / "lm.npz").write_bytes(b"another")
    with pytest.raises(UserError, match="its sha256 is not the one"):
        add_language_model.main([str(model), "--file", str(tiny_language_model(model.parent / "lm.npz"))])


@pytest.mark.parametrize("arguments", [["--alpha", "-1"], ["--width", "0"], ["--file", "nowhere.npz"]])
def test_what_cannot_be_is_refused_in_a_sentence(arguments, model, capsys):
    with pytest.raises(SystemExit) as exit_, mistakes_shown():
        add_language_model.main([str(model), *arguments])
    assert exit_.value.code in (1, 2)
    assert capsys.readouterr().err.count("\n") == 1
