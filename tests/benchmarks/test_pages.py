import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))  # as when the program is run

from benchmarks import pages
from text_recognizer.data.page_maps import LinePlace


def page(*heights: float, turn: int = 0) -> pages.TruePage:
    lines = [LinePlace(np.array([(100.0, y), (900.0, y)]), 20.0) for y in heights]
    return pages.TruePage("page", np.zeros((1000, 1000), np.uint8), lines, ["text"] * len(lines), 0.0, turn)


def level(y: float, left: float = 100, right: float = 900) -> np.ndarray:
    return np.stack([np.linspace(left, right, 40), np.full(40, y)], axis=1)


def judged(true: pages.TruePage, *found: np.ndarray) -> pages.Score:
    score = pages.Score()
    pages.judge(true, found, score)
    return score


@pytest.mark.parametrize(
    ("found", "right"),
    [
        (level(205), 1),
        (level(209), 0),  # more than 0.4 x-heights away
        (level(200, 100, 700), 1),
        (level(200, 100, 600), 0),  # under 70 % of the true line
        (level(200, 100, 1400), 0),  # under 70 % of the found line
    ],
)
def test_a_found_line_is_right_if_it_stays_near_a_true_one_over_most_of_both(found, right):
    assert judged(page(200), found).right == right


def test_each_true_line_is_found_once_and_pieces_count_as_split():
    score = judged(page(200), level(200), level(202))
    assert (score.right, score.found) == (1, 2)
    assert judged(page(200), level(200, 100, 480), level(200, 500, 900)).split == 1


def test_lines_run_together_count_as_merged_and_order_is_of_neighbours():
    both = [LinePlace(np.array([(x, 200.0), (x + 300, 200.0)]), 20.0) for x in (100.0, 450.0)]
    true = pages.TruePage("page", np.zeros((1000, 1000), np.uint8), both, ["a", "b"])
    assert judged(true, level(200, 100, 750)).merged == 1
    score = judged(page(200, 300, 400), level(300), level(200), level(400))
    assert (score.in_order, score.neighbours) == (0, 2)


def test_what_stands_above_the_transcribed_part_is_not_counted():
    lines = page(500).lines
    true = pages.TruePage("page", np.zeros((1000, 1000), np.uint8), lines, ["a"], 300.0)
    score = judged(true, level(100), level(500))
    assert (score.right, score.found) == (1, 1)


@pytest.mark.parametrize("turn", range(4))
def test_lines_of_turned_pages_are_compared_on_the_upright_page(turn):
    shown = np.rot90(np.indices((300, 200)).sum(axis=0), -turn)
    true = pages.TruePage("page", shown, [], [], 0.0, turn)
    row, column = 40, 150
    marked = np.zeros((300, 200), bool)
    marked[row, column] = True
    y, x = np.argwhere(np.rot90(marked, -turn))[0]
    assert pages._upright(np.array([[x + 0.5, y + 0.5]]), true)[0] == pytest.approx([column + 0.5, row + 0.5])
