import numpy as np
import pytest

from text_recognizer.synth.layouts import Look
from text_recognizer.synth.photo import lit, printed_rules, random_view, table_top, taken

LOOKS = pytest.mark.parametrize(
    "look",
    [Look(), Look(skew=12.0), Look(bend=2.0), Look(photo=True, bend=1.0, skew=-4.0)],
    ids=["plain", "skew", "bend", "photo"],
)


@LOOKS
@pytest.mark.parametrize("seed", range(3))
def test_points_are_seen_where_the_maps_show_them(look, seed):
    view = random_view(look, (240, 320), 9.0, np.random.default_rng(seed))
    x_HW, y_HW = view.maps()
    points = np.array([(40.0, 60.0), (160.0, 120.0), (290.0, 200.0)])
    for (x, y), (true_x, true_y) in zip(view.seen(points), points, strict=True):
        column, row = round(x), round(y)
        assert 0 <= column < 320 and 0 <= row < 240
        assert x_HW[row, column] == pytest.approx(true_x, abs=1.5) and y_HW[row, column] == pytest.approx(
            true_y, abs=1.5
        )


@LOOKS
def test_the_whole_page_stays_in_the_picture(look):
    view = random_view(look, (240, 320), 9.0, np.random.default_rng(1))
    room = 2.0 * 9.0 * 2.5 * bool(look.bend) + 2
    corners = view.seen(np.array([(0.0, 0.0), (319, 0), (319, 239), (0, 239)]))
    assert (corners > -room).all() and (corners < np.array([320, 240]) + room).all()


def test_plain_paper_has_no_rules_and_squared_paper_has_both_ways():
    dice = np.random.default_rng(0)
    assert not printed_rules(Look(), (100, 100), 20, 5, dice).any()
    squared = printed_rules(Look(paper="squared"), (300, 300), 40, 5, dice)
    assert (squared.max(axis=1) > 0).all() and (squared.max(axis=0) > 0).mean() > 0.3 and (squared > 0).mean() < 0.5


def test_rules_stand_at_the_pitch_asked_for():
    for seed in range(20):
        rules = printed_rules(Look(paper="ruled"), (400, 300), 40, 25, np.random.default_rng(seed))
        assert np.flatnonzero(rules.mean(axis=1) > 0.3 * rules.mean(axis=1).max())[0] == 25


def test_tables_light_and_cameras_keep_the_size():
    dice = np.random.default_rng(3)
    page = np.ones((60, 80), np.float32)
    assert table_top((60, 80), dice).shape == lit(page, dice).shape == taken(page, 9.0, dice).shape == (60, 80)
    assert taken(page, 9.0, dice).dtype == np.uint8
