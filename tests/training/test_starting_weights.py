"""Starting a run from weights of another."""

import pytest
import torch

from tests.training.tiny_run import tiny_model
from text_recognizer.errors import UserError
from text_recognizer.models.line_ctc import LineCTC
from training.starting_weights import save_weights, start_from


def with_characters(characters: str) -> LineCTC:
    torch.manual_seed(9)
    return LineCTC(characters, channels=(4, 4, 8, 8), width=16, layers=1)


def test_weights_survive_saving_in_half_precision(tmp_path):
    save_weights(tiny_model(seed=3), tmp_path / "state" / "w.pt", {}, "a note")
    model = tiny_model(seed=4)
    start_from(model, tmp_path / "state" / "w.pt")
    for name, value in tiny_model(seed=3).state_dict().items():
        torch.testing.assert_close(model.state_dict()[name], value, atol=1e-3, rtol=1e-3)


def test_new_accented_letters_start_as_their_base_letter(tmp_path):
    old = tiny_model(seed=3)
    save_weights(old, tmp_path / "w.pt", {}, "")
    model = with_characters(old.characters + "é€")
    start_from(model, tmp_path / "w.pt")
    row = {c: model.scores.weight[i + 1] for i, c in enumerate(model.characters)}
    torch.testing.assert_close(row["é"], row["e"])
    torch.testing.assert_close(row[old.characters[-1]], old.scores.weight[-1], atol=1e-3, rtol=1e-3)


def test_weights_of_another_shape_are_refused(tmp_path):
    save_weights(LineCTC("ab", 40, (4, 8, 8, 8), 16, 1), tmp_path / "w.pt", {}, "")
    with pytest.raises(UserError, match="do not fit the model"):
        start_from(tiny_model(), tmp_path / "w.pt")


def test_a_file_without_weights_is_refused(tmp_path):
    (tmp_path / "w.pt").write_bytes(b"no")
    with pytest.raises(UserError, match="--start .*holds no weights"):
        start_from(tiny_model(), tmp_path / "w.pt")
