"""The first lab from end to end: real digits in MNIST's format are fetched, learnt, exported and scored."""

import json

import numpy as np
import pytest

from tests.data.served_digits import write_digits
from tests.data.served_files import describe, served
from tests.data.served_sets import MNIST_FILES
from text_recognizer.data.mnist import MNIST
from text_recognizer.inference.image_recipe import MODEL, ImageRecipe
from text_recognizer.inference.onnx_session import onnx_session
from training import evaluate_run, export
from training.run_experiment import main

STEPS = 260
WORDS = [
    *("--data", "MNIST", "--data.validation", "200", "--data.augment", "1.0", "--data.batch_size", "64"),
    *("--model", "CNN", "--model.channels", "12", "--model.hidden", "64", "--lit_model.lr", "0.004"),
    *("--max_steps", str(STEPS), "--precision", "32-true", "--threads", "1", "--logger", "none"),
]


@pytest.mark.slow
def test_real_digits_are_fetched_learnt_and_read_with_98_percent_right(tmp_path, capsys):
    with served(tmp_path / "www") as site:
        sources = tmp_path / "www" / "mnist"
        trained, tested = write_digits(sources)
        urls = {file: [site.url(f"mnist/{file}")] for file in MNIST_FILES}
        describe(tmp_path / "data", "mnist", urls, sources)
        words = [*WORDS, "--data.folder", str(tmp_path / "data"), "--runs", str(tmp_path / "runs")]
        assert main(words) == 0
    (run,) = (tmp_path / "runs").iterdir()
    assert evaluate_run.main([str(run), "--json", str(tmp_path / "score.json")]) == 0
    (score,) = json.loads((tmp_path / "score.json").read_text())
    assert (trained, tested, score["pictures"]) == (1438, 359, 359)
    assert score["name"] == "accuracy" and score["rate"] >= 0.98, score
    assert score["interval"][0] < score["rate"] <= score["interval"][1] + 1e-9
    assert "accuracy" in capsys.readouterr().out
    assert export.main([str(run)]) == 0
    recipe = ImageRecipe.load(run / "model")
    session = onnx_session(run / "model" / MODEL, 1)
    right = []
    for batch in MNIST(validation=200, folder=tmp_path / "data").test_batches():
        (log_probs_BC,) = session.run(["log_probs"], {"x": batch.x_BCHW.numpy()})
        right += (log_probs_BC.argmax(1) == batch.y_B.numpy()).tolist()
    assert recipe.characters == "0123456789"
    assert np.mean(right) == pytest.approx(score["rate"]), "the exported model reads what the trained one reads"


def test_what_is_no_run_is_refused(tmp_path):
    from text_recognizer.errors import UserError

    with pytest.raises(UserError, match="holds no run"):
        evaluate_run.data_of(tmp_path)
