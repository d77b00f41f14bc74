"""From ink to what a camera sees."""

import numpy as np
import pytest

from text_recognizer.synth.counter import rng
from text_recognizer.synth.degrade import Warp, on_paper, plain, random_warp, stroke_weight, warped, with_remnants
from text_recognizer.synth.inkline import InkLine


def bars(count: int = 6, height: int = 30, pitch: int = 24) -> InkLine:
    """Return upright bars, a character each."""
    ink_HW = np.zeros((height, count * pitch), np.uint8)
    centres = (np.arange(count) + 0.5) * pitch
    for x in centres.astype(int):
        ink_HW[:, x - 2 : x + 3] = 255
    return InkLine(ink_HW, float(height), height / 2, centres)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("height", [32, 40, 64])
def test_centres_follow_the_ink_through_a_random_warp(seed, height):
    ink_HW, centres = warped(bars(), height, random_warp(rng(seed)), rng(seed, "fields"))
    assert ink_HW.shape[0] == height
    assert ink_HW.min() >= 0 and ink_HW.max() <= 1
    assert (np.diff(centres) > 0).all()
    assert centres.min() >= 0
    assert centres.max() <= ink_HW.shape[1] - 1
    middle = ink_HW[int(0.3 * height) : int(0.8 * height)].max(0)
    reach = height // 6
    assert all(middle[max(0, int(x) - reach) : int(x) + reach + 1].max() > 0.5 for x in centres)


def test_a_warp_of_nothing_only_scales():
    ink_HW, centres = warped(bars(), 40, Warp(margins=(0, 0), sides=(0, 0)), rng(0))
    assert np.allclose(centres, bars().centres * 40 / 30, atol=1)
    assert ink_HW.shape == (40, 192)


def test_strength_0_bends_nothing():
    for seed in range(30):
        warp = random_warp(rng(seed), 0.0)
        assert (warp.stretch, warp.shear, warp.rotation, warp.drift, warp.swell, warp.ripple) == (1, 0, 0, 0, 0, 0)


def test_shear_leans_to_the_right():
    upright, _ = warped(bars(1), 40, Warp(), rng(0))
    leaning, _ = warped(bars(1), 40, Warp(shear=0.5), rng(0))
    shift = [float((row * np.arange(len(row))).sum() / row.sum()) for row in (leaning[8], leaning[32])]
    assert shift[0] - shift[1] == pytest.approx(0.5 * 24, abs=1.5)
    assert leaning.shape[1] > upright.shape[1]


@pytest.mark.parametrize("seed", range(30))
def test_paper_stays_lighter_than_ink(seed):
    ink_HW, _ = warped(bars(), 40, Warp(), rng(0))
    grey_HW = on_paper(stroke_weight(ink_HW, rng(seed)), rng(seed, "paper"))
    assert grey_HW.dtype == np.uint8
    assert grey_HW.shape == ink_HW.shape
    assert grey_HW[ink_HW > 0.9].mean() < grey_HW[ink_HW < 0.05].mean() - 20


def test_plain_is_black_on_white():
    ink_HW, _ = warped(bars(), 40, Warp(), rng(0))
    assert plain(ink_HW).min() == 0
    assert plain(ink_HW).max() == 255


@pytest.mark.parametrize("width", [10, 150, 400])
def test_remnants_touch_only_the_edge_of_the_line(width):
    ink_HW = np.zeros((40, 150), np.float32)
    for seed in range(20):
        out = with_remnants(ink_HW, np.ones((40, width), np.float32), rng(seed))
        assert out.shape == ink_HW.shape
        assert out[7:33].max() == 0
    assert ink_HW.max() == 0, "the line itself is left as it was"
