from dataclasses import replace

import numpy as np
import pytest

from tests.inference.tiny_model import CHARACTERS, draw_faint_flags, draw_flags, save_tiny_model
from text_recognizer.decoding.language_model import save_language_model
from text_recognizer.decoding.language_path import LanguageOptions
from text_recognizer.inference.line_recognizer import LineRecognizer, cuts
from text_recognizer.inference.recipe import sha256_of
from text_recognizer.inference.second_look import BELOW, STRETCH

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
    recognizer.read([draw_flags("abc" * length) for length in range(1, 9)] * 9)
    assert all(len(batch) * max(batch) <= recognizer.batch_pixels for batch in widths)
    assert len(widths) < 8 * 9 / 2, "lines of one width are read together"


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


@pytest.fixture(scope="module")
def with_language(tmp_path_factory):
    """A model's folder with a language model that knows a single word: "cb" follows "d", b follows c, d follows b."""
    folder = tmp_path_factory.mktemp("language")
    scores = np.round(-np.log([0.2, 0.2, 0.2, 0.2, 0.2, 0.95, 0.95, 0.95]) / 0.05)
    file = folder / "flags.npz"
    save_language_model(
        file, CHARACTERS, np.array([0, 1, 2, 3, 4, 3, 1, 2]), scores, np.array([0, 1, 1, 1, 0]), step=0.05
    )
    options = LanguageOptions(file.name, sha256_of(file), alpha=1.0, beta=0.5, below=0.99, confidence=(0.5, 0.0))
    return save_tiny_model(folder / "model", language_model=options)


def test_the_language_model_mends_what_the_model_is_unsure_of(with_language):
    line = draw_faint_flags("dcbdcb", {2: 0.4}, 0.6)
    (alone,) = LineRecognizer.load(with_language, threads=1, language_model=False).read([line])
    (helped,) = LineRecognizer.load(with_language, threads=1).read([line])
    assert (alone.text, helped.text) == ("dcdcb", "dcbdcb")
    assert len(helped.x) == len(helped.probabilities) == 6
    assert np.abs(np.delete(helped.x, 2) - alone.x).max() < 8
    assert alone.x[1] < helped.x[2] < alone.x[2]


def test_the_language_model_leaves_sure_lines_alone(with_language):
    lines = [draw_flags(text) for text in ("abcde", "eaeaea", "ccc")]
    alone = LineRecognizer.load(with_language, threads=1, language_model=False).read(lines)
    for a, b in zip(alone, LineRecognizer.load(with_language, threads=1).read(lines), strict=True):
        assert (a.text, a.confidence) == (b.text, b.confidence)
        assert (a.probabilities == b.probabilities).all()


def test_an_unsure_line_is_read_again_wider_and_the_surer_reading_taken(recognizer, model_folder, monkeypatch):
    looks = []
    once = LineRecognizer.load(model_folder, threads=1, second_look=False)
    parts = recognizer._parts
    monkeypatch.setattr(recognizer, "_parts", lambda lines: looks.append([x.shape for x in lines]) or parts(lines))
    lines = [draw_flags("abcde"), draw_faint_flags("bbbb", {}, 0.52), np.full((30, 90), 235, np.uint8)]
    readings = recognizer.read(lines)
    height, (_, width) = recognizer.recipe.height, lines[1].shape
    assert looks == [[line.shape for line in lines], [(height, round(STRETCH * round(width * height / 30)))]]
    first = once.read(lines)
    assert first[1].confidence < BELOW
    assert [reading.text for reading in readings[::2]] == ["abcde", ""]
    assert readings[1].confidence >= first[1].confidence
    never = LineRecognizer(replace(recognizer.recipe, second_look=0.0), model_folder / "model.onnx", threads=1)
    assert never.read(lines)[1].confidence == first[1].confidence, "a recipe can do without"
    assert np.abs(readings[1].x - first[1].x).max() < 4, "places are in pixels of the line as it was given"
