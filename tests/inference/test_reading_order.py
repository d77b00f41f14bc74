import numpy as np
import pytest

from text_recognizer.inference.reading_order import reading_order


def order(*lines: tuple[float, float, float]) -> list[int]:
    """Return the reading order of lines given as (left, right, y), all 8 px high."""
    left, right, y = np.array(lines, dtype=float).T
    return reading_order(left, right, y, np.full(len(lines), 8.0))


def test_lines_of_one_column_are_read_from_top_to_bottom():
    assert order((10, 300, 90), (10, 300, 30), (40, 300, 60)) == [1, 2, 0]


def test_columns_are_read_one_after_the_other():
    lines = [(10, 180, 30), (200, 390, 31), (10, 180, 50), (200, 390, 51), (10, 90, 70), (200, 390, 71)]
    assert order(*lines) == [0, 2, 4, 1, 3, 5]


def test_a_heading_over_both_columns_divides_them():
    lines = [(10, 180, 30), (200, 390, 31), (10, 390, 60), (10, 180, 90), (200, 390, 91)]
    assert order(*lines) == [0, 1, 2, 3, 4]


def test_columns_that_lean_a_little_into_each_other_stay_apart():
    lines = [(10, 203, 30), (200, 390, 31), (10, 180, 50), (196, 390, 51)]
    assert order(*lines) == [0, 2, 1, 3]


def test_a_line_in_two_parts_is_read_from_left_to_right():
    assert order((10, 300, 30), (200, 300, 61), (10, 150, 60), (10, 300, 90)) == [0, 2, 1, 3]


@pytest.mark.parametrize("count", [0, 1])
def test_few_lines_need_no_order(count):
    assert order(*[(10, 100, 20)] * count) == list(range(count)) if count else reading_order(*np.zeros((4, 0))) == []


def test_every_line_is_read_exactly_once_whatever_their_places():
    dice = np.random.default_rng(0)
    for count in (2, 17, 120):
        left = dice.uniform(0, 900, count)
        right, y = left + dice.uniform(5, 400, count), dice.uniform(0, 900, count)
        assert sorted(reading_order(left, right, y, dice.uniform(5, 20, count))) == list(range(count))
