"""The three kinds of models train from one command; a mixture is refused."""

import json

import pytest

from text_recognizer.errors import UsageError
from text_recognizer.lit_models.classification import Classification
from text_recognizer.lit_models.ctc import CTC
from text_recognizer.lit_models.seq2seq import Seq2Seq
from training import export
from training.kinds import lit_model_for, refuse_mixture
from training.run_experiment import main

SHORT = ["--max_steps", "3", "--precision", "32-true", "--threads", "1", "--data.num_workers", "0"]
LINES = ["--data.pixels", "600", "--data.widths", "[60,160]", "--data.validation_lines", "4"]
PAGES = [
    *("--data", "SyntheticParagraphs", "--data.height", "64", "--data.width", "160", "--data.batch_size", "2"),
    *("--data.lines", "[1,2]", "--data.validation_pages", "2"),
]
DECODER = [*("--model.width", "16", "--model.layers", "1", "--model.forward_width", "16")]
DIGITS = ["--data", "FakeImages", "--data.characters", "0123456789", "--data.num_samples", "64"]


@pytest.mark.parametrize(
    ("words", "lit_class"),
    [
        ([], CTC),
        (["--model", "CNN"], Classification),
        (["--model=MLP"], Classification),
        (["--model.class_path", "text_recognizer.models.crnn.CRNN"], CTC),
        (["--model", "LineCNNTransformer"], Seq2Seq),
        (["--model", "ResnetTransformer"], Seq2Seq),
        (["--model", "Nonsense"], CTC),  # refused by the parser, with the list of names
    ],
)
def test_what_trains_a_model_follows_from_its_kind(words, lit_class):
    assert lit_model_for(words) is lit_class


@pytest.mark.parametrize(
    ("model", "data", "sentence"),
    [
        ("CNN", "SyntheticLines", "--model CNN: reads characters, and --data SyntheticLines gives lines"),
        ("LineCTC", "SyntheticParagraphs", "reads lines, and --data SyntheticParagraphs gives paragraphs"),
        ("LineCNNTransformer", "MNIST", "reads lines, and --data MNIST gives characters"),
        ("ResnetTransformer", "SyntheticLines", "reads paragraphs, and --data SyntheticLines gives lines"),
    ],
)
def test_a_mixture_of_kinds_is_refused_in_one_sentence(model, data, sentence, tmp_path):
    with pytest.raises(UsageError, match=sentence) as told:
        main(["--model", model, "--data", data, "--runs", str(tmp_path / "runs"), "--max_steps", "1"])
    assert "\n" not in str(told.value) and "name data of" in str(told.value)
    assert not (tmp_path / "runs").exists()


def test_data_that_fits_is_named():
    with pytest.raises(UsageError, match=r"name data of paragraphs \(.*SyntheticParagraphs.*\) or another model"):
        refuse_mixture("ResnetTransformer", "MNIST")


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ["--model", "MLP", *DIGITS],
        ["--model", "CNN", *DIGITS, "--model.channels", "4"],
        ["--model", "LineCNNSimple", *LINES, "--model.channels", "4"],
        ["--model", "LineCNN", *LINES, "--model.channels", "4"],
        ["--model", "CRNN", *LINES, "--model.channels", "4", "--model.hidden", "8"],
        ["--model", "LineCNNTransformer", *LINES, *DECODER],
        ["--model", "ResnetTransformer", *PAGES, *DECODER, "--model.channels", "[4,4,4,8]", "--model.max_length", "90"],
    ],
    ids=lambda words: words[1],
)
def test_a_run_of_every_model_trains_resumes_as_finished_and_is_exported(words, tmp_path, capsys):
    runs = ["--runs", str(tmp_path), "--logger", "none"]
    assert main([*words, *SHORT, *runs]) == 0
    (run,) = tmp_path.iterdir()
    assert json.loads((run / "finished.json").read_text())["steps"] == 3
    names = {row.split(",")[1] for row in (run / "metrics.csv").read_text().splitlines()}
    assert "validation/cer" in names and ("validation/accuracy" in names or "validation/wer" in names)
    assert main(["--resume", run.name, *runs]) == 0
    assert "is finished" in capsys.readouterr().out
    assert export.main([str(run)]) == 0
    assert {"card.md", "weights.pt"} < {path.name for path in (run / "model").iterdir()}
