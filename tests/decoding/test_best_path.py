import numpy as np
import pytest

from tests.decoding.scores import BLANK, A, B, log_probs
from text_recognizer.decoding.best_path import best_path


@pytest.mark.parametrize(
    ("path", "labels", "steps"),
    [
        ([A, BLANK, A], [A, A], [0, 2]),  # a blank keeps doubled letters apart
        ([A, A, B, B], [A, B], [0, 2]),  # repeats are merged
        ([BLANK, A, BLANK, BLANK, B], [A, B], [1, 4]),
        ([BLANK, BLANK], [], []),  # an empty line
    ],
)
def test_repeats_are_merged_and_blanks_dropped(path, labels, steps):
    read = best_path(log_probs(path))
    assert (read.labels.tolist(), read.steps.tolist()) == (labels, steps)
    assert read.confidence == pytest.approx(0.9)


def test_a_label_stands_at_its_likeliest_time_step():
    scores = np.concatenate([log_probs([A], 0.6), log_probs([A], 0.95), log_probs([A], 0.7)])
    read = best_path(scores)
    assert read.steps.tolist() == [1]
    assert read.probabilities.tolist() == pytest.approx([0.95])


def test_confidence_is_the_geometric_mean_and_least_the_smallest():
    scores = np.concatenate([log_probs([A], 0.5), log_probs([BLANK], 0.9), log_probs([B], 0.98)])
    read = best_path(scores)
    assert read.confidence == pytest.approx((0.5 * 0.98) ** 0.5)
    assert read.least == pytest.approx(0.5)


def test_no_time_steps_give_an_empty_line():
    read = best_path(np.empty((0, 3)))
    assert (len(read.labels), read.confidence) == (0, 1.0)


def test_it_agrees_with_a_plain_loop_on_random_scores():
    dice = np.random.default_rng(3)
    for _ in range(50):
        scores = np.log(dice.dirichlet(np.ones(3) * 0.3, dice.integers(1, 40)) + 1e-9)
        best, expected = scores.argmax(1).tolist(), []
        for before, label in zip([-1, *best], best, strict=False):
            if label not in (BLANK, before):
                expected.append(label)
        assert best_path(scores).labels.tolist() == expected
