"""``python -m text_recognizer.data NAME``."""

import pytest
from PIL import Image

from text_recognizer.data.__main__ import main

from .served_data import served_data


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    with served_data(tmp_path_factory.mktemp("sets")) as (folder, _):
        assert main(["mnist", "--validation", "40", "--folder", str(folder)]) == 0
        assert main(["IAMLines", "--folder", str(folder)]) == 0
    return folder


def test_a_set_is_described_with_its_splits_characters_and_licence(data, capsys):
    assert main(["iam_lines", "--folder", str(data), "--split=aachen", "--verify"]) == 0
    said = capsys.readouterr().out
    assert "train 6, val 4, test 4" in said and "9 forms of 8 writers, split aachen" in said
    assert "licence:    free" in said and "95: " in said and "verified:   3 files" in said


@pytest.mark.parametrize("name", ["mnist", "IAMParagraphs", "SyntheticLines", "fake-images"])
def test_samples_are_drawn(name, data, tmp_path, capsys):
    options = ["--validation=40"] if name == "mnist" else []
    folder = [] if name in ("SyntheticLines", "fake-images") else ["--folder", str(data)]
    assert main([name, *folder, *options, "--out", str(tmp_path / "samples.png"), "--samples", "4"]) == 0
    with Image.open(tmp_path / "samples.png") as picture:
        assert picture.width == 1200 and len(set(picture.convert("L").resize((300, 100)).tobytes())) > 20


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["mnits"], 2, "did you mean MNIST"),
        (["MNIST", "--batchsize=3"], 2, "batchsize"),
        (["IAMLines", "--split=berlin"], 2, "berlin"),
        (["MNIST", "--augment=9"], 2, "give 0 to 2"),
        (["FakeImages", "--verify"], 2, "no prepared files"),
        (["FakeImages", "--out", "/nowhere/at/all.png"], 1, "name another file"),
    ],
)
def test_mistakes_are_answered_with_a_sentence(arguments, code, said, capsys):
    assert main(arguments) == code
    assert said in capsys.readouterr().err


def test_without_a_name_the_sets_are_listed(capsys):
    assert main([]) == 0
    listed = capsys.readouterr().out
    for name in ("EMNIST", "EMNISTLines", "FSDLHandwriting", "FakeImages", "IAMLines", "IAMParagraphs", "MNIST"):
        assert name in listed
