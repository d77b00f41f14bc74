"""Adapting to pages that nobody has transcribed."""

import shutil
import tarfile

import numpy as np
import pytest
from PIL import Image

from text_recognizer.errors import UserError
from text_recognizer.inference.cli import main as read_main
from text_recognizer.inference.line_recognizer import LineReading
from text_recognizer.synth.pages import PageSynthesiser
from training import adapt
from training.keeping import print_lines
from training.tuning import Start


def reading(text: str, confidence: float) -> LineReading:
    return LineReading(text, confidence, np.zeros(len(text)), np.full(len(text), confidence))


@pytest.fixture
def pages(tmp_path):
    """Two pages of writers that no training has seen, and a file that is no picture."""
    folder = tmp_path / "pages"
    folder.mkdir()
    for number in range(2):
        page = PageSynthesiser(seed=number, split="test", handwriting=1.0).page(number)
        Image.fromarray(page.image_HW).save(folder / f"p{number}.png")
    (folder / "broken.png").write_text("no picture")
    return folder


@pytest.fixture(scope="module")
def sense():
    return adapt.Sense(Start.load("best"))


def test_sure_lines_are_learnt_and_short_doubtful_or_senseless_ones_are_not(sense):
    texts = {
        "a line that is long enough": 0.9,
        "short": 0.99,
        "a line of doubtful words": 0.8,
        "Gxq zkvW,.ptQ jjw": 0.95,
    }
    assert adapt.sure_of([reading(*line) for line in texts.items()], 0.85, sense) == [0]


def test_letters_of_another_script_that_look_like_ours_are_refused(tmp_path, sense):
    greek = [reading("OAol oi ávBpwol yevvloóvtal kal", 0.95), reading("lkaláuata. aflorpéela otnv íool", 0.9)]
    with pytest.raises(UserError, match=r"no language that the model knows \(.* bits .* another script"):
        adapt.refuse_foreign(tmp_path, greek, sense)
    adapt.refuse_foreign(tmp_path, [*greek[:1], *[reading("les joueurs de la ville", 0.5)] * 3], sense)


def test_a_beginning_without_sure_lines_is_refused(tmp_path):
    readings = [reading("a line of text", 0.4)] * 50
    with pytest.raises(UserError, match=r"sure of 0 of 50 lines \(mean confidence 0.40\), and 20 .* make fine-tune"):
        adapt.refuse_unsure(tmp_path, [], readings, 0.85)


def test_pages_without_text_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blank").mkdir()
    Image.new("L", (300, 400), 255).save(tmp_path / "blank" / "p.png")
    with pytest.raises(UserError, match="blank: no line of text was found"):
        adapt.main([str(tmp_path / "blank"), "--runs", str(tmp_path / "runs")])


def test_a_model_without_a_language_model_is_refused(tmp_path, pages, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="fast: has no language model"):
        adapt.main([str(pages), "--start", "fast", "--runs", str(tmp_path / "runs")])


@pytest.mark.slow
def test_pages_become_a_model_or_nothing_is_written(tmp_path, pages, capsys, monkeypatch):
    monkeypatch.setattr(adapt, "print_lines", lambda characters: print_lines(characters, 8))
    monkeypatch.setattr(adapt, "LEAST_LINES", 5)
    monkeypatch.setattr(adapt, "RISE", -1.0)
    places = ["--out", str(tmp_path / "model"), "--runs", str(tmp_path / "runs")]
    assert adapt.main([str(pages), "--rounds", "1", "--sure", "0.6", "--steps", "2", "--threads", "1", *places]) == 0
    said = capsys.readouterr().out
    assert "broken.png" in said and "round 1: agreement" in said
    assert "without transcriptions" in (tmp_path / "model" / "card.md").read_text()
    assert read_main(["read", str(pages / "p0.png"), "--model", str(tmp_path / "model")]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 3
    monkeypatch.setattr(adapt, "RISE", 1.0)
    shutil.rmtree(tmp_path / "model")
    assert adapt.main([str(pages), "--rounds", "1", "--sure", "0.6", "--steps", "2", "--threads", "1", *places]) == 0
    assert "no model is written" in capsys.readouterr().out
    assert not (tmp_path / "model").exists()


def test_lines_of_pages_of_one_name_stay_apart(tmp_path, pages):
    first, second = (Image.open(pages / f"p{number}.png").convert("L") for number in range(2))
    first.save(tmp_path / "two.tiff", save_all=True, append_images=[second])
    with tarfile.open(pages / "more.tgz", "w:gz") as archive:
        for name, path in (
            ("a.png", pages / "p0.png"),
            ("a.tiff", tmp_path / "two.tiff"),
            ("a-p002.png", pages / "p1.png"),
        ):
            archive.add(path, name)
    lines = adapt.lines_of(pages, Start.load("fast"))
    assert len({line.name for line in lines}) == len(lines)
    assert len({line.name.rpartition("_")[0] for line in lines}) == 2 + 4
