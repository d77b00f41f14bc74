"""Adapting to pages that nobody has transcribed."""

import shutil

import numpy as np
import pytest
from PIL import Image

from text_recognizer.errors import UserError
from text_recognizer.inference.cli import main as read_main
from text_recognizer.inference.line_recognizer import LineReading
from text_recognizer.synth.pages import PageSynthesiser
from training import adapt
from training.keeping import print_lines


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


def test_sure_lines_are_learnt_and_short_or_doubtful_ones_are_not():
    readings = [reading("long enough", 0.9), reading("short", 0.99), reading("doubtful words", 0.8)]
    assert adapt.sure_of(readings, 0.85) == [0]


def test_a_beginning_without_sure_lines_is_refused(tmp_path):
    readings = [reading("a line of text", 0.4)] * 50
    with pytest.raises(UserError, match=r"sure of 0 of 50 lines \(mean confidence 0.40\), and 20 .* make fine-tune"):
        adapt.refuse_unsure(tmp_path, [], readings, 0.85)


def test_pages_without_text_are_refused(tmp_path):
    (tmp_path / "blank").mkdir()
    Image.new("L", (300, 400), 255).save(tmp_path / "blank" / "p.png")
    with pytest.raises(UserError, match="blank: no line of text was found"):
        adapt.main([str(tmp_path / "blank"), "--runs", str(tmp_path / "runs")])


def test_a_model_without_a_language_model_is_refused(tmp_path, pages):
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
