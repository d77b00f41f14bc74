"""Models by name."""

import pytest

from text_recognizer.errors import UserError
from text_recognizer.inference.shipped import model_folder, shipped_models, weights_folder


def test_the_default_is_the_best():
    assert model_folder() == weights_folder() / "best"


def test_a_folder_is_taken_as_it_is(tmp_path):
    assert model_folder(tmp_path) == tmp_path


def test_an_unknown_name_is_answered_with_those_there_are():
    with pytest.raises(UserError, match=f"--model bset: .*{', '.join(shipped_models())}.*did you mean best"):
        model_folder("bset")
