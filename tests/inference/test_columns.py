import numpy as np
import pytest

from text_recognizer.inference.columns import moved_columns


def test_columns_are_taken_from_where_they_are_asked_for():
    picture = np.arange(20).reshape(5, 4)
    assert moved_columns(picture, np.array([0, 0, 2, 1]), 3).tolist() == [[0, 1, 10, 7], [4, 5, 14, 11], [8, 9, 18, 15]]


@pytest.mark.parametrize(("fill", "outside"), [(None, [0, 1, 18, 19]), (7, [7, 7, 7, 7])])
def test_outside_lies_the_nearest_row_or_what_is_asked_for(fill, outside):
    picture = np.arange(20).reshape(5, 4)[:, :4]
    moved = moved_columns(picture, np.array([-2, -2, 3, 3]), 3, fill)
    assert moved[0, :2].tolist() == outside[:2] and moved[2, 2:].tolist() == outside[2:]
    assert moved[2, :2].tolist() == [0, 1] and moved[0, 2:].tolist() == [14, 15]


def test_moving_there_and_back_gives_the_picture():
    picture = np.random.default_rng(0).integers(0, 255, (40, 60), dtype=np.uint8)
    shift = np.rint(6 * np.sin(np.arange(60) / 9)).astype(int)
    there = moved_columns(picture, shift - 6, 52, fill=0)
    assert np.array_equal(moved_columns(there, 6 - shift, 40), picture)
