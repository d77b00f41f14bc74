import numpy as np
import pytest

from text_recognizer.data.page_maps import BASELINE, CORE, SEPARATOR, X_HEIGHT, LinePlace, page_maps


def line(y0: float, y1: float, left: float = 20, right: float = 180, x_height: float = 12) -> LinePlace:
    return LinePlace(np.stack([np.linspace(left, right, 9), np.linspace(y0, y1, 9)], axis=1), x_height)


@pytest.mark.parametrize(("y0", "y1"), [(40, 40), (40, 62), (70, 41)])
def test_the_ridge_runs_along_the_baseline(y0, y1):
    maps, _ = page_maps([line(y0, y1)], (96, 208))
    columns = np.arange(8, 42)
    true = np.interp(4 * columns + 2, [20, 180], [y0, y1])
    weights = maps[BASELINE][:, columns]
    ridge = 4 * (weights * np.arange(24)[:, None]).sum(axis=0) / weights.sum(axis=0) + 2
    assert np.abs(ridge - true).max() < 1.0


def test_the_core_lies_between_baseline_and_x_height():
    maps, known = page_maps([line(40, 40)], (96, 208))
    rows = np.flatnonzero(maps[CORE][:, 20] > 0.5)
    assert rows.tolist() == [7, 8, 9]  # 28 to 40 px
    assert known[X_HEIGHT][8, 20] == 1 and known[X_HEIGHT][15, 20] == 0
    assert maps[X_HEIGHT][8, 20] == pytest.approx(np.log2(12))


def test_separators_stand_at_both_ends_and_nowhere_else():
    maps, _ = page_maps([line(40, 40)], (96, 208))
    columns = maps[SEPARATOR].max(axis=0)
    assert columns[[4, 5]].max() > 0.8 and columns[[44, 45]].max() > 0.8
    assert columns[10:40].max() < 0.01


def test_a_line_beyond_the_page_leaves_no_trace():
    maps, _ = page_maps([line(-60, -60), line(300, 300), line(40, 40, 400, 500)], (96, 208))
    assert not maps.any()


def test_a_page_without_lines_is_known_to_have_none():
    maps, known = page_maps([], (32, 32))
    assert not maps.any() and known[:3].all() and not known[X_HEIGHT].any()
