import json

import pytest

from tests.decoding.tiny_language_model import tiny_language_model
from tests.inference.tiny_model import save_tiny_model
from text_recognizer.errors import UserError
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.inference.recipe import Recipe, sha256_of


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


@pytest.fixture
def with_language(folder):
    """A recipe that names a language model, which lies in the folder above."""
    file = tiny_language_model(folder.parent / "tiny.npz")
    change(folder, language_model={"file": file.name, "sha256": sha256_of(file), "alpha": 0.7})
    return folder


def test_a_recipe_names_its_language_model(with_language):
    recipe = Recipe.load(with_language)
    assert (recipe.language_model.alpha, recipe.language_model.confidence) == (0.7, (1.0, 0.0))
    assert recipe.language_model_path(with_language) == with_language.parent / "tiny.npz"
    recipe.save(with_language)
    assert Recipe.load(with_language) == recipe


def test_a_language_model_in_the_models_own_folder_comes_first(with_language):
    (with_language / "tiny.npz").write_bytes((with_language.parent / "tiny.npz").read_bytes())
    assert Recipe.load(with_language).language_model_path(with_language) == with_language / "tiny.npz"


def test_reading_needs_the_language_model_unless_told_otherwise(with_language):
    (with_language.parent / "tiny.npz").write_bytes(b"another")
    with pytest.raises(UserError, match="tiny.npz: its sha256 is not the one in .*--no-language-model"):
        LineRecognizer.load(with_language)
    (with_language.parent / "tiny.npz").unlink()
    with pytest.raises(UserError, match="tiny.npz: the language model is missing.*--no-language-model"):
        LineRecognizer.load(with_language)
    assert LineRecognizer.load(with_language, language_model=False).recipe.language_model is None


@pytest.mark.parametrize(
    "value",
    [
        "tiny.npz",
        {"file": "tiny.npz"},  # nothing vouches for it
        {"file": "../tiny.npz", "sha256": ""},  # only this folder and the one above are looked into
        {"file": "tiny.npz", "sha256": "", "aplha": 0.5},
        {"file": "tiny.npz", "sha256": "", "alpha": "0.5"},
        {"file": "tiny.npz", "sha256": "", "beta": -1},
        {"file": "tiny.npz", "sha256": "", "width": 0},
        {"file": "tiny.npz", "sha256": "", "width": 2.5},
        {"file": "tiny.npz", "sha256": "", "confidence": [1.0]},
    ],
)
def test_a_language_model_that_cannot_be_right_is_refused(value, folder):
    change(folder, language_model=value)
    with pytest.raises(UserError, match="language_model = .*cannot be used"):
        Recipe.load(folder)


def test_a_recipe_without_a_language_model_has_no_place_for_one(folder):
    recipe = Recipe.load(folder)
    assert recipe.language_model is None
    with pytest.raises(ValueError, match="names no language model"):
        recipe.language_model_path(folder)
