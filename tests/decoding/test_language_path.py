"""Lines that are read again with a language model, and lines that are left alone."""

import numpy as np
import pytest

from text_recognizer.charset import Charset
from text_recognizer.decoding.best_path import best_path
from text_recognizer.decoding.language_path import LanguageOptions, LanguageReader
from text_recognizer.errors import UserError

from .tiny_language_model import tiny_language_model

A, B = 1, 2
UNSURE = np.log(np.array([[0.02, 0.55, 0.42, 0.01], [0.97, 0.01, 0.01, 0.01], [0.02, 0.55, 0.42, 0.01]]))
"""Reads "aa", hardly surer than "ab"; all that the language model ever saw is "ab ab ab"."""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tiny_language_model(tmp_path_factory.mktemp("model") / "tiny.npz")


def reader(file, **options) -> LanguageReader:
    weights = {"alpha": 1.0, "beta": 0.0, "below": 0.9, **options}
    return LanguageReader(file, Charset("ab "), LanguageOptions(file.name, "", **weights))


def test_an_unsure_line_is_read_again(file):
    greedy = best_path(UNSURE)
    (path,) = reader(file).reread([UNSURE], [greedy])
    assert greedy.labels.tolist() == [A, A]
    assert path.labels.tolist() == [A, B]


@pytest.mark.parametrize(
    ("options", "scores"),
    [
        ({"below": 0.5}, UNSURE),  # the reading was sure enough
        ({"most_bits": 0.1}, UNSURE),  # what comes out is no language, so it may be a code
        ({"alpha": 0.0}, np.log(np.full((3, 4), 0.25))),  # no writing at all
        ({}, np.log(np.eye(4)[[0, 0]] * 0.6 + 0.1)),  # nothing is written there
        ({}, np.empty((0, 4))),
    ],
)
def test_a_line_is_left_as_it_was_read(options, scores, file):
    greedy = best_path(scores)
    assert reader(file, **options).reread([scores], [greedy])[0] is greedy


def test_lines_are_read_as_if_each_were_alone(file):
    sure = np.log(np.full((3, 4), 0.001) + np.eye(4)[[1, 0, 1]] * 0.996)
    lines = [sure, UNSURE, sure, UNSURE]
    paths = reader(file).reread(lines, [best_path(line) for line in lines])
    assert [path.labels.tolist() for path in paths] == [[A, A], [A, B], [A, A], [A, B]]


def test_time_steps_and_probabilities_belong_to_the_labels(file):
    (path,) = reader(file).reread([UNSURE], [best_path(UNSURE)])
    assert path.steps.tolist() == [0, 2]
    assert len(path.probabilities) == len(path.labels)
    assert path.confidence == pytest.approx(np.sqrt(np.prod(path.probabilities)))
    assert path.least == pytest.approx(path.probabilities.min())


def test_a_language_model_that_agrees_makes_surer_and_one_that_does_not_less_sure(file):
    agreed = np.log(np.array([[0.02, 0.9, 0.07, 0.01], [0.97, 0.01, 0.01, 0.01], [0.02, 0.3, 0.67, 0.01]]))
    greedy = best_path(agreed)
    (path,) = reader(file).reread([agreed], [greedy])
    assert path.labels.tolist() == greedy.labels.tolist() == [A, B]
    assert (path.probabilities >= greedy.probabilities).all()
    (path,) = reader(file, alpha=0.05).reread([UNSURE], [best_path(UNSURE)])
    assert path.labels.tolist() == [A, A]
    assert path.probabilities[1] < best_path(UNSURE).probabilities[1]


def test_the_model_is_not_needed_until_a_line_is_unsure(tmp_path):
    sure = np.log(np.full((3, 4), 0.001) + np.eye(4)[[1, 0, 1]] * 0.996)
    missing = reader(tmp_path / "missing.npz")
    assert len(missing.reread([sure], [best_path(sure)])) == 1
    with pytest.raises(UserError, match="missing.npz: it cannot be read"):
        missing.reread([UNSURE], [best_path(UNSURE)])
