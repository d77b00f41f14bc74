"""Placing a given text on the time steps."""

import numpy as np
import pytest

from tests.decoding.scores import BLANK, A, B, log_probs
from text_recognizer.decoding.alignment import aligned
from text_recognizer.decoding.best_path import best_path


@pytest.mark.parametrize(
    ("path", "labels", "steps"),
    [
        ([A, BLANK, A], [A, A], [0, 2]),  # a blank keeps doubled letters apart
        ([A, A, B, B], [A, B], [0, 2]),  # each at its first peak
        ([BLANK, A, BLANK, BLANK, B], [A, B], [1, 4]),
        ([BLANK, A, BLANK, A, BLANK], [A, B, A], [1, 2, 3]),  # a label that the model did not see goes in between
        ([A, A, A], [A, B, A], [0, 1, 2]),  # as many labels as time steps
    ],
)
def test_each_label_stands_where_the_likeliest_path_says_it(path, labels, steps):
    assert aligned(log_probs(path), np.array(labels)).tolist() == steps


def test_a_greedy_text_stands_where_the_greedy_path_has_it():
    dice = np.random.default_rng(5)
    for steps in (1, 2, 7, 60):
        scores = log_probs(dice.integers(0, 3, steps).tolist())
        greedy = best_path(scores)
        if len(greedy.labels):
            assert aligned(scores, greedy.labels).tolist() == greedy.steps.tolist()


@pytest.mark.parametrize("labels", [[A, B, A], [A, A]])
def test_a_text_that_needs_more_time_steps_is_refused(labels):
    with pytest.raises(ValueError, match=f"{len(labels)} labels do not fit into 2 time steps"):
        aligned(log_probs([A, B]), np.array(labels))
