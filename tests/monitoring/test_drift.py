"""Drift of features: found soon when there is some, not found when there is none."""

import numpy as np
import pytest

from tests.monitoring.pages import page, reading
from text_recognizer.errors import UserError
from text_recognizer.inference.shipped import weights_folder
from text_recognizer.monitoring.drift import alarms, distance, findings, stability_index
from text_recognizer.monitoring.page_features import page_features
from text_recognizer.monitoring.picture_features import SAMPLE, picture_features, sample
from text_recognizer.monitoring.recorder import LANGUAGE_MODEL
from text_recognizer.monitoring.reference import Reference
from text_recognizer.monitoring.surprise import Surprise

DICE = np.random.default_rng(0)


def readings(count: int, confidence: float = 0.9, brightness: float = 0.8) -> list:
    some = zip(DICE.normal(confidence, 0.03, count), DICE.normal(brightness, 0.05, count), strict=True)
    return [reading(float(at), confidence=sure, brightness=bright) for at, (sure, bright) in enumerate(some)]


@pytest.fixture(scope="module")
def reference():
    return Reference.of(readings(400))


def test_eight_readings_of_another_kind_are_enough(reference):
    (one,) = alarms(findings(reference, readings(200) + readings(8, brightness=0.4)))
    assert one.feature == "brightness" and one.window == 8 and one.now < 0.5 < one.was


def test_a_slow_change_is_seen_in_a_long_window(reference):
    later = readings(128, confidence=0.875)
    assert not alarms(findings(reference, later, windows=(8,)))
    (one,) = alarms(findings(reference, later))
    assert (one.feature, one.window) == ("confidence", 128)


def test_nothing_is_found_where_nothing_changed(reference):
    later = readings(1500)
    ends = range(8, len(later), 7)
    assert sum(bool(alarms(findings(reference, later[:end]))) for end in ends) == 0


def test_the_stability_index_is_that_of_a_worked_example():
    known = np.arange(100.0)
    assert stability_index(known, known) == pytest.approx(0, abs=1e-9)
    shares = np.array([20.5, *[10.5] * 8, 0.5]) / 105  # a tenth of the values went from the top to the bottom
    moved = np.concatenate([np.arange(90.0), np.zeros(10)])
    expected = float(np.sum((shares - 0.1) * np.log(shares / 0.1)))
    assert stability_index(known, moved) == pytest.approx(expected)


def test_the_distance_is_that_of_the_library():
    from scipy.stats import ks_2samp

    known, values = np.sort(DICE.normal(0, 1, 300)), np.sort(DICE.normal(0.5, 1, 20).round(1))
    assert distance(known, values) == pytest.approx(ks_2samp(known, values).statistic)


def test_a_reference_comes_back_from_its_file(reference, tmp_path):
    reference.save(tmp_path / "reference.json")
    again = Reference.load(tmp_path / "reference.json")
    assert again.count == 400 and again.models == ("best",)
    assert np.allclose(again.values["confidence"], reference.values["confidence"], atol=1e-5)


@pytest.mark.parametrize(
    "content", ["", "{}", "[1]", '{"format": 1, "readings": 2, "models": [], "features": {"a": []}}']
)
def test_a_file_that_is_no_reference_is_refused(tmp_path, content):
    (tmp_path / "reference.json").write_text(content)
    with pytest.raises(UserError, match="it is no reference"):
        Reference.load(tmp_path / "reference.json")


def test_too_few_readings_make_no_reference():
    with pytest.raises(UserError, match="49 readings are too few"):
        Reference.of(readings(49))


def test_confidences_of_a_page_are_summed_up():
    found = page_features([page("abcde", confidence=0.5), page("abcde", "fghij", confidence=0.9)])
    assert found["confidence"] == pytest.approx(2.3 / 3) and found["line_confidence_low"] == 0.5
    assert (found["lines"], found["characters"], found["line_length"]) == (3, 15, 5)


def test_english_surprises_less_than_nonsense():
    surprise = Surprise(weights_folder() / LANGUAGE_MODEL)
    english, nonsense = surprise.features(["It was the best of times"]), surprise.features(["qxv zzkj Юй xqpj wvtr"])
    assert english["surprise"] < 2.5 < 4 < nonsense["surprise"]
    assert english["unusual"] == 0 and nonsense["unusual"] > 0.05


def ruled() -> np.ndarray:
    grey_HW = np.full((400, 600), 230, np.uint8)
    grey_HW[50:350, 100:500:9] = 30
    return grey_HW


def test_pictures_are_told_apart_by_their_looks():
    from PIL import Image, ImageFilter

    clear = picture_features(sample(ruled()))
    blurred = picture_features(sample(np.asarray(Image.fromarray(ruled()).filter(ImageFilter.GaussianBlur(3)))))
    noisy = picture_features(sample((ruled() + DICE.normal(0, 12, (400, 600))).clip(0, 255).astype(np.uint8)))
    inverted = picture_features(sample(255 - ruled()))
    assert blurred["sharpness"] < 0.5 * clear["sharpness"]
    assert noisy["noise"] > 0.02 + clear["noise"]
    assert inverted["brightness"] < 0.2 and inverted["ink"] == pytest.approx(clear["ink"])


@pytest.mark.parametrize("shape", [(1, 1), (3, 2), (1, 5000), (5000, 1), (9000, 9000)])  # of any size
def test_a_sample_is_small_and_whole(shape):
    rows_HW = sample(np.broadcast_to(np.uint8(200), shape))
    assert 1 <= rows_HW.size <= max(SAMPLE, shape[1])
    assert picture_features(rows_HW)["contrast"] == 0
