"""Generators are a pure function of their arguments."""

import subprocess
import sys

import numpy as np
import pytest

from text_recognizer.synth.counter import rng


def test_equal_arguments_give_equal_streams():
    assert np.array_equal(rng(7, "line", 3).random(100), rng(7, "line", 3).random(100))


@pytest.mark.parametrize(
    "other",
    [
        (8, "line", 3),  # another seed
        (7, "line", 4),  # another number
        (7, "page", 3),  # another purpose
        (7, "line", "3"),  # a word that looks like a number
        (7, "line", 3, 0),  # one key more
        (
            7,
            "line3",
        ),  # the same letters cut elsewhere
    ],
)
def test_different_arguments_give_different_streams(other):
    assert not np.array_equal(rng(7, "line", 3).random(8), rng(*other).random(8))


def test_a_numpy_integer_is_the_same_key_as_a_python_one():
    assert rng(7, np.int64(3)).random() == rng(7, 3).random()


def test_another_process_draws_the_same():
    program = "from text_recognizer.synth.counter import rng; print(rng(1, 'x', 2).integers(2**60))"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert int(told) == rng(1, "x", 2).integers(2**60)


def test_neighbouring_streams_are_uncorrelated():
    table = np.array([rng(0, i).standard_normal(50) for i in range(400)])
    assert abs(np.corrcoef(table[:-1].ravel(), table[1:].ravel())[0, 1]) < 0.03
    assert abs(table.mean()) < 0.03


def test_a_key_of_another_type_is_refused():
    with pytest.raises(TypeError, match="not float"):
        rng(1, 2.5)
