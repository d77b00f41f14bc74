"""The beam search against sums over all paths, which tiny examples allow."""

from itertools import product

import numpy as np
import pytest

from text_recognizer.charset import Charset
from text_recognizer.decoding.beam import BeamOptions, BeamSearch
from text_recognizer.decoding.language_model import Continuations, LanguageModel

from .tiny_language_model import tiny_language_model

EXACT = {"width": 10_000, "candidates": 9, "least": -99.0, "behind": 99.0, "blank": 1.0}


@pytest.fixture(scope="module")
def language(tmp_path_factory) -> Continuations:
    file = tiny_language_model(tmp_path_factory.mktemp("model") / "tiny.npz")
    return Continuations(LanguageModel.load(file), Charset("ab "))


def random_log_probs(steps: int, classes: int, seed: int) -> np.ndarray:
    scores = np.random.default_rng(seed).normal(size=(steps, classes)) * 2
    return (scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)).astype(np.float32)


def text_score(language: Continuations, labels: tuple[int, ...], alpha: float, beta: float) -> float:
    return alpha * float(language.log_probs(np.array(labels, int)).sum()) + beta * len(labels)


def best_by_sum(log_probs_TC: np.ndarray, language: Continuations, alpha: float, beta: float) -> tuple[int, ...]:
    """Return the labels whose paths' probabilities sum to most, weighed with the language model."""
    sums: dict[tuple[int, ...], float] = {}
    for path in product(range(log_probs_TC.shape[1]), repeat=len(log_probs_TC)):
        labels = tuple(b for a, b in zip((0, *path), path, strict=False) if b and a != b)
        sums[labels] = sums.get(labels, 0.0) + float(np.exp(sum(log_probs_TC[t, k] for t, k in enumerate(path))))
    return max(sums, key=lambda labels: np.log(sums[labels]) + text_score(language, labels, alpha, beta))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (0.8, 0.3), (2.0, 3.0)])
def test_a_wide_beam_finds_the_text_whose_paths_sum_to_most(language, seed, alpha, beta):
    log_probs_TC = random_log_probs(6, 4, seed)
    search = BeamSearch(language, BeamOptions(alpha, beta, **EXACT))
    assert tuple(search.labels(log_probs_TC)) == best_by_sum(log_probs_TC, language, alpha, beta)


@pytest.mark.parametrize("steps", [0, 1, 4000])
def test_lines_of_any_length_have_a_text(language, steps):
    labels = BeamSearch(language, BeamOptions(0.8, 0.5)).labels(random_log_probs(steps, 4, 1))
    assert steps / 4 <= len(labels) <= steps


def test_the_language_model_decides_where_the_recogniser_cannot(language):
    even = np.log(np.array([[0.02, 0.55, 0.42, 0.01], [0.97, 0.01, 0.01, 0.01], [0.02, 0.55, 0.42, 0.01]]))
    assert BeamSearch(language, BeamOptions(0.0, 0.0)).labels(even).tolist() == [1, 1]
    assert BeamSearch(language, BeamOptions(1.0, 0.0)).labels(even).tolist() == [1, 2]  # "ab" is all it ever read


def test_a_sure_recogniser_is_not_overruled(language):
    sure = np.log(np.full((3, 4), 0.001) + np.eye(4)[[1, 0, 1]] * 0.996)
    assert BeamSearch(language, BeamOptions(0.5, 0.0)).labels(sure).tolist() == [1, 1]


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ([1, 0, 0, 0, 1], [1, 1]),  # silence keeps doubled letters apart
        ([1, 1, 0, 2, 2], [1, 2]),
        ([0, 0, 0], []),
        ([0, 1, 0, 0], [1]),
    ],
)
def test_certain_silence_is_still_silence(language, path, labels):
    with np.errstate(divide="ignore"):
        certain = np.maximum(np.log(np.eye(4)[path]), -60)  # the blank's log probability is exactly 0
    assert BeamSearch(language, BeamOptions(0.1, 0.0)).labels(certain).tolist() == labels
