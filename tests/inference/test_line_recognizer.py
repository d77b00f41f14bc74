import numpy as np
import pytest

from tests.inference.tiny_model import draw_flags, save_tiny_model
from text_recognizer.inference.line_recognizer import LineRecognizer, cuts

TEXTS = ["abcde", "edcba", "aabbccddee", "c", "ebebebebebebebebebebebebebebebebeb"]


@pytest.mark.parametrize("height", [20, 30, 40, 57, 160])
def test_lines_of_any_height_are_read(height, recognizer):
    readings = recognizer.read([draw_flags(text, height) for text in TEXTS])
    assert [reading.text for reading in readings] == TEXTS
    assert min(reading.confidence for reading in readings) > 0.8


def test_the_order_of_lines_and_the_size_of_batches_change_nothing(recognizer, model_folder):
    dice = np.random.default_rng(0)
    texts = ["".join(dice.choice(list("abcde"), dice.integers(1, 30))) for _ in range(40)]
    lines = [draw_flags(text) for text in texts]
    one_by_one = LineRecognizer(recognizer.recipe, model_folder / "model.onnx", threads=1, batch_pixels=1)
    together, alone = recognizer.read(lines), one_by_one.read(lines)
    assert [reading.text for reading in together] == texts
    for a, b in zip(together, alone, strict=True):
        assert a.text == b.text
        assert np.allclose(a.probabilities, b.probabilities, atol=1e-5)


def test_a_batch_is_bounded_by_its_padded_width(recognizer, monkeypatch):
    widths = []
    log_probs = recognizer._log_probs
    monkeypatch.setattr(
        recognizer, "_log_probs", lambda batch: widths.append([p.x_HW.shape[1] for p in batch]) or log_probs(batch)
    )
    recognizer.read([draw_flags("abc" * length) for length in range(1, 25)] * 3)
    assert all(len(batch) * max(batch) <= recognizer.batch_pixels for batch in widths)
    assert len(widths) < 24 * 3, "lines of one width are read together"


def test_each_character_has_its_place_in_pixels_of_the_line(recognizer):
    (reading,) = recognizer.read([draw_flags("abc", height=60)])
    flags = [16 + 52 * number + 8 + 14 for number in range(3)]
    assert np.abs(reading.x - flags).max() < 10


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (3, 3), (1, 30_000)])
def test_a_line_of_a_few_pixels_is_empty(shape, recognizer):
    (reading,) = recognizer.read([np.zeros(shape, np.uint8)])
    assert (reading.text, len(reading.x)) == ("", 0)


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_line_is_empty(level, recognizer):
    assert recognizer.read([np.full((40, 500), level, np.uint8)])[0].text == ""


def test_no_lines_give_no_readings(recognizer):
    assert recognizer.read([]) == []


def test_a_line_of_30000_px_is_read_in_pieces_cut_between_words(recognizer):
    words = ["abcde", "edc", "bb", "caec"]
    text = " ".join(words[number % 4] for number in range(300))
    line = draw_flags(text, height=40)[:, :30_000]
    assert line.shape[1] == 30_000
    (reading,) = recognizer.read([line])
    whole = len(reading.text.replace(" ", ""))
    assert whole > 500
    assert reading.text.replace(" ", "") == text.replace(" ", "")[:whole]
    assert reading.text.count(" ") >= 14
    assert (np.diff(reading.x) > 0).all()
    starts = {"".join(words[(first + k) % 4] for k in range(3)) for first in range(4)}
    assert all(any(piece.startswith(start) for start in starts) for piece in reading.text.split()[:-1])


def test_pieces_are_as_wide_as_allowed_and_cut_in_the_widest_gap():
    x = np.ones((4, 100), np.float32)
    x[:, 30:32] = x[:, 34:40] = x[:, 70:74] = 0
    assert cuts(x, 50) == [37, 72, 100]
    assert cuts(x, 100) == [100]


def test_a_line_without_any_gap_is_still_cut():
    ends = cuts(np.ones((4, 1_000), np.float32), 64)
    assert ends[-1] == 1_000
    assert max(np.diff([0, *ends])) <= 64


def test_a_model_whose_widths_were_narrow_reads_padded_lines(tmp_path):
    wide = LineRecognizer.load(save_tiny_model(tmp_path, min_width=300), threads=1)
    assert wide.read([draw_flags("ab")])[0].text == "ab"
