"""The beam search against sums over all paths, which tiny examples allow."""

from itertools import product

import numpy as np
import pytest

from text_recognizer.charset import Charset
from text_recognizer.decoding.beam import BeamOptions, BeamSearch
from text_recognizer.decoding.language_model import LanguageModel, Rows

from .tiny_language_model import tiny_language_model

EXACT = {"width": 10_000, "candidates": 9, "least": -99.0, "behind": 99.0, "blank": 1.0}


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> LanguageModel:
    return LanguageModel.load(tiny_language_model(tmp_path_factory.mktemp("model") / "tiny.npz"))


def random_log_probs(steps: int, classes: int, seed: int) -> np.ndarray:
    scores = np.random.default_rng(seed).normal(size=(steps, classes)) * 2
    return (scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)).astype(np.float32)


def text_score(rows: Rows, labels: tuple[int, ...], alpha: float, beta: float) -> float:
    context, score = rows.start, 0.0
    for label in labels:
        row = rows.rows(np.array([context]))[0]
        score += alpha * float(rows.log_probs_SC[row, label]) + beta
        context = int(rows.next_SC[row, label])
    return score


def best_by_sum(log_probs_TC: np.ndarray, rows: Rows, alpha: float, beta: float) -> tuple[int, ...]:
    """Return the labels whose paths' probabilities sum to most, weighed with the language model."""
    sums: dict[tuple[int, ...], float] = {}
    for path in product(range(log_probs_TC.shape[1]), repeat=len(log_probs_TC)):
        labels = tuple(b for a, b in zip((0, *path), path, strict=False) if b and a != b)
        sums[labels] = sums.get(labels, 0.0) + float(np.exp(sum(log_probs_TC[t, k] for t, k in enumerate(path))))
    return max(sums, key=lambda labels: np.log(sums[labels]) + text_score(rows, labels, alpha, beta))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (0.8, 0.3), (2.0, 3.0)])
def test_a_wide_beam_finds_the_text_whose_paths_sum_to_most(model, seed, alpha, beta):
    rows = Rows(model, Charset("ab "))
    log_probs_TC = random_log_probs(6, 4, seed)
    search = BeamSearch(rows, BeamOptions(alpha, beta, **EXACT))
    assert tuple(search.labels([log_probs_TC])[0]) == best_by_sum(log_probs_TC, rows, alpha, beta)


def test_lines_that_are_searched_together_give_what_each_gives_alone(model):
    search = BeamSearch(Rows(model, Charset("ab ")), BeamOptions(0.8, 0.5, blank=0.5))
    lines = [random_log_probs(steps, 4, steps) for steps in (9, 30, 0, 1, 12, 12, 25, 3, 17, 40, 2)]
    alone = [search.labels([line])[0].tolist() for line in lines]
    assert [labels.tolist() for labels in search.labels(lines)] == alone
    assert alone[2] == []


def test_the_language_model_decides_where_the_recogniser_cannot(model):
    rows = Rows(model, Charset("ab "))
    even = np.log(np.array([[0.02, 0.55, 0.42, 0.01], [0.97, 0.01, 0.01, 0.01], [0.02, 0.55, 0.42, 0.01]]))
    assert BeamSearch(rows, BeamOptions(0.0, 0.0)).labels([even])[0].tolist() == [1, 1]
    assert BeamSearch(rows, BeamOptions(1.0, 0.0)).labels([even])[0].tolist() == [1, 2]  # "ab" is all it ever read


def test_a_sure_recogniser_is_not_overruled(model):
    sure = np.log(np.full((3, 4), 0.001) + np.eye(4)[[1, 0, 1]] * 0.996)
    assert BeamSearch(Rows(model, Charset("ab ")), BeamOptions(0.5, 0.0)).labels([sure])[0].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("path", "labels"),
    [
        ([1, 0, 0, 0, 1], [1, 1]),  # silence keeps doubled letters apart
        ([1, 1, 0, 2, 2], [1, 2]),
        ([0, 0, 0], []),
        ([0, 1, 0, 0], [1]),
    ],
)
def test_certain_silence_is_still_silence(model, path, labels):
    with np.errstate(divide="ignore"):
        certain = np.maximum(np.log(np.eye(4)[path]), -60)  # the blank's log probability is exactly 0
    assert BeamSearch(Rows(model, Charset("ab ")), BeamOptions(0.1, 0.0)).labels([certain])[0].tolist() == labels
