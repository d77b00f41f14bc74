"""Models of characters, and those that write token by token, as ONNX: onnxruntime reads what torch reads."""

import json

import numpy as np
import onnx
import pytest
import torch

from tests.models.small_models import all_models, page_transformer
from tests.models.test_transformer_decoder import lively
from text_recognizer.errors import UserError
from text_recognizer.inference.image_recipe import ENCODER, FILE_NAME, STEP, ImageRecipe
from text_recognizer.inference.onnx_session import onnx_session
from text_recognizer.models.base import LineModel, SequenceModel
from training import export_image
from training.export import write_onnx
from training.export_image import export_image_model, proof_pictures


@pytest.mark.parametrize("model", all_models(), ids=lambda model: type(model).__name__)
def test_every_model_is_exported_and_onnxruntime_reads_the_same(model, tmp_path):
    model.eval()
    if isinstance(model, LineModel):
        write_onnx(model, tmp_path / "model.onnx")
        session = onnx_session(tmp_path / "model.onnx", 1)
        for width in (48, 61, 200):
            x_BCHW, widths_B = torch.rand(2, 1, model.height, width), torch.tensor([width, 33])
            ours = model(x_BCHW, widths_B)[0].log_softmax(-1).detach().numpy()
            given = {"x": x_BCHW.numpy(), "widths": widths_B.numpy()}
            (theirs,) = session.run(None, given)
            assert ours.shape == theirs.shape and np.abs(ours - theirs).max() < 1e-3
        return
    if isinstance(model, SequenceModel):
        lively(model)
    apart = export_image_model(model, tmp_path / "model", "tiny", {}, "# tiny\n", proof_pictures(model))
    assert apart < 1e-4
    files = sorted(path.name for path in (tmp_path / "model").iterdir())
    recipe = ImageRecipe.load(tmp_path / "model")
    assert files == sorted(["card.md", FILE_NAME, *recipe.sha256])
    for file in recipe.sha256:
        onnx.checker.check_model(onnx.load(tmp_path / "model" / file), full_check=True)


def test_a_model_that_reads_otherwise_is_refused_and_nothing_is_left(tmp_path, monkeypatch):
    written = export_image.write_image_model
    other = lively(page_transformer(), seed=5)
    with torch.no_grad():
        other.decoder.scores.weight.neg_()
    monkeypatch.setattr(export_image, "write_image_model", lambda model, folder: written(other, folder))
    model = lively(page_transformer())
    with pytest.raises(UserError, match="is read otherwise after export; nothing was written"):
        export_image_model(model, tmp_path / "model", "tiny", {}, "", proof_pictures(model, 3))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / STEP).write_bytes(b"x"), f"{STEP}: its sha256 is not the one"),
        (lambda folder: (folder / ENCODER).unlink(), "cannot be read"),
        (lambda folder: (folder / FILE_NAME).write_text("{"), "cannot be read as JSON"),
        (lambda folder: (folder / FILE_NAME).unlink(), f"{FILE_NAME} is missing"),
        (lambda folder: changed(folder, hight=3), "'hight' is not a key of a recipe; did you mean height"),
        (lambda folder: changed(folder, kind="book"), "kind = 'book' cannot be used"),
        (lambda folder: changed(folder, format=9), "its format is 9"),
    ],
)
def test_a_folder_that_is_not_whole_is_refused_by_name(spoil, message, tmp_path):
    model = page_transformer().eval()
    export_image_model(model, tmp_path / "model", "tiny", {}, "", proof_pictures(model, 1))
    spoil(tmp_path / "model")
    with pytest.raises(UserError, match=message):
        ImageRecipe.load(tmp_path / "model")


def changed(folder, **values):
    tree = json.loads((folder / FILE_NAME).read_text())
    (folder / FILE_NAME).write_text(json.dumps({**tree, **values}))
