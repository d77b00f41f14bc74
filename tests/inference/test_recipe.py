import json

import pytest

from tests.inference.tiny_model import save_tiny_model
from text_recognizer.errors import UserError
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.inference.recipe import Recipe


@pytest.fixture
def folder(tmp_path):
    return save_tiny_model(tmp_path / "model")


def change(folder, **values):
    path = folder / "recipe.json"
    tree = {**json.loads(path.read_text()), **values}
    path.write_text(json.dumps({key: value for key, value in tree.items() if value is not None}))


def test_a_saved_recipe_loads_as_it_was(folder):
    recipe = Recipe.load(folder)
    recipe.save(folder)
    assert Recipe.load(folder) == recipe
    assert recipe.charset.classes == 6
    assert sorted(path.name for path in folder.iterdir()) == ["model.onnx", "recipe.json", "segmenter.onnx"]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"format": 2}, "format is 2, this version reads 1"),
        ({"hieght": 40}, "'hieght' is not a key of a recipe; did you mean height"),
        ({"height": None, "stride": None}, "height, stride missing"),
        ({"height": "40"}, "height = '40' cannot be used"),
        ({"stride": 0}, "stride = '0' cannot be used"),
        ({"polarity": "light-on-dark"}, "polarity"),
        ({"sha256": {}}, "sha256"),  # a model that nothing vouches for
        ({"sha256": {"model.onnx": "0" * 64}}, "sha256 is not the one in recipe.json"),
        ({"model": "../model.onnx", "sha256": {"../model.onnx": ""}}, "not a plain file name"),
    ],
)
def test_a_recipe_that_cannot_be_right_is_refused(values, complaint, folder):
    change(folder, **values)
    with pytest.raises(UserError, match=complaint):
        Recipe.load(folder)


@pytest.mark.parametrize("content", ["", "{", "[1]", "\x00"])
def test_a_broken_recipe_is_refused(content, folder):
    (folder / "recipe.json").write_text(content)
    with pytest.raises(UserError, match="recipe.json"):
        Recipe.load(folder)


def test_a_folder_without_a_model_says_how_to_get_one(tmp_path):
    with pytest.raises(UserError, match="no model here .* --model"):
        Recipe.load(tmp_path)


def test_a_missing_or_changed_model_file_is_refused(folder):
    model = folder / "model.onnx"
    model.write_bytes(model.read_bytes() + b"!")
    with pytest.raises(UserError, match="sha256"):
        Recipe.load(folder)
    model.unlink()
    with pytest.raises(UserError, match="cannot be read"):
        Recipe.load(folder)


def test_a_recipe_of_another_charset_is_refused(tmp_path):
    folder = save_tiny_model(tmp_path, characters="abcdef")
    with pytest.raises(UserError, match="scores 6 classes, its recipe has 6 characters and the blank, 7"):
        LineRecognizer.load(folder)


def test_a_file_that_is_no_model_is_refused(tmp_path):
    import hashlib

    folder = save_tiny_model(tmp_path)
    (folder / "model.onnx").write_bytes(b"not a model")
    change(folder, sha256={"model.onnx": hashlib.sha256(b"not a model").hexdigest()})
    with pytest.raises(UserError, match="onnxruntime cannot load it"):
        LineRecognizer.load(folder)


@pytest.mark.parametrize("value", [[1.0], "1, 0", [1.0, "x"]])
def test_a_calibration_that_is_not_two_numbers_is_refused(value, folder):
    change(folder, confidence=value)
    with pytest.raises(UserError, match="confidence = .*cannot be used"):
        Recipe.load(folder)
