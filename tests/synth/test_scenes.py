import numpy as np
import pytest

from text_recognizer.inference.upright import quarter_turned
from text_recognizer.synth.layouts import KINDS, Kind
from text_recognizer.synth.scenes import Scene, SceneSynthesiser


def scene(kind: Kind, index: int = 0, handwriting: float = 0.0) -> Scene:
    return SceneSynthesiser(seed=4, handwriting=handwriting, kind=kind).scene(index, (420, 420), 9.0)


@pytest.mark.parametrize("kind", KINDS)
def test_lines_lie_in_the_picture_and_say_what_is_written(kind):
    page = scene(kind, 1)
    assert page.lines
    for line in page.lines:
        x, y = line.baseline_N2.T
        assert (np.diff(x) > 0).all() and line.text.strip() == line.text != ""
        assert y.min() > -30 and y.max() < 450 and 3 < line.x_height < 40


@pytest.mark.parametrize("kind", ["paragraph", "curved", "photo", "skew", "turned", "dark"])
def test_there_is_more_ink_above_the_baselines_than_below(kind):
    above, below = [], []
    for index in range(12):
        page = scene(kind, index)
        upright_HW = quarter_turned(page.image_HW, page.turn).astype(float)
        for line in page.lines:
            for place, rows in ((above, (-0.8, -0.5, -0.2)), (below, (0.3, 0.4, 0.5))):
                for down in rows:
                    x, y = (line.baseline_N2 + (0, down * line.x_height)).round().astype(int).T
                    inside = (x >= 0) & (x < 420) & (y >= 0) & (y < 420)
                    place.append(upright_HW[y[inside], x[inside]].std())
    assert np.mean(above) > 1.3 * np.mean(below)


def test_page_i_is_a_pure_function_of_seed_and_i():
    first, again = scene("any", 7), scene("any", 7)
    assert np.array_equal(first.image_HW, again.image_HW) and first.text == again.text
    assert scene("any", 8).text != first.text


def test_each_kind_shows_what_it_names():
    assert scene("columns").look.columns > 1 and scene("notes").look.notes and scene("turned").turn
    assert scene("photo").look.photo and scene("dark").look.dark and abs(scene("skew").look.skew) >= 5
    sizes = [line.x_height for line in scene("sizes").lines]
    assert max(sizes) > 1.2 * min(sizes)
    light, dark = (np.median(scene(kind).image_HW) for kind in ("paragraph", "dark"))
    assert light > 128 > dark


def test_hands_lean_with_their_baselines():
    page = scene("paragraph", 3, handwriting=1.0)
    slopes = [np.polyfit(*line.baseline_N2.T, 1)[0] for line in page.lines if len(line.baseline_N2) > 4]
    assert np.std(slopes) > 1e-4
