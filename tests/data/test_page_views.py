import numpy as np
import pytest

from text_recognizer.data.page_maps import BASELINE, CORE, LinePlace
from text_recognizer.data.page_views import LabelledPage, PageSample, random_view


def barred_page(known_from: float = 0.0) -> LabelledPage:
    """Return a page whose lines are rows of strokes, 10 px high."""
    grey_HW = np.full((400, 320), 230, np.uint8)
    lines = []
    for y in range(60, 380, 40):
        for x in range(40, 280, 6):
            grey_HW[y - 10 : y, x : x + 3] = 40
        lines.append(LinePlace(np.array([(40.0, y), (160.0, y), (280.0, y)]), 10.0))
    return LabelledPage(grey_HW, tuple(lines), known_from)


def views(count: int, **changes: float) -> list[PageSample]:
    settings = {"size": (256, 256), "x_heights": (5.0, 12.0), "lean": 3.0} | changes
    return [random_view(barred_page(), dice=np.random.default_rng(i), **settings) for i in range(count)]


def test_labels_lie_where_the_ink_is():
    shares = []
    for view in views(24):
        ink_hw = np.abs(view.x_HW).reshape(64, 4, 64, 4).mean(axis=(1, 3))
        core = view.maps_4hw[CORE] > 0.9
        if core.sum() > 20:
            shares.append(ink_hw[core].mean() / max(1e-6, ink_hw[view.maps_4hw[CORE] < 0.05].mean()))
    assert len(shares) > 15 and np.median(shares) > 4


def test_of_turned_views_only_core_size_and_turn_are_learned():
    turned = [view for view in views(40) if view.turn]
    assert 2 <= len(turned) <= 20
    for view in turned:
        assert not view.known_4hw[BASELINE].any() and view.known_4hw[CORE].all()


def test_lines_stay_within_the_asked_sizes():
    for view in views(10, x_heights=(6.0, 7.0), lean=0.0):
        known = view.known_4hw[3] > 0
        if known.any():
            assert 2 ** view.maps_4hw[3][known].min() > 5.5 and 2 ** view.maps_4hw[3][known].max() < 7.5


@pytest.mark.parametrize("seed", range(6))
def test_what_nobody_transcribed_is_unknown(seed):
    dice = np.random.default_rng(seed)
    page = barred_page(known_from=205.0)
    view = random_view(page, (448, 384), (10.0, 10.001), 0.0, dice)
    if view.turn == 0:
        rows = np.flatnonzero(view.known_4hw[BASELINE].any(axis=1))
        cut = np.flatnonzero(view.maps_4hw[BASELINE].max(axis=1) > 0.5)
        assert cut[0] < rows[0] <= rows[-1] == 111


def test_equal_dice_give_equal_views():
    first, again = views(3), views(3)
    assert all(np.array_equal(a.x_HW, b.x_HW) and a.turn == b.turn for a, b in zip(first, again, strict=True))
