import numpy as np
import pytest

from text_recognizer.inference.ownership import cores, owners
from text_recognizer.inference.strips import Strip, cut_strips
from text_recognizer.inference.tracing import Trace


def cut(page_HW: np.ndarray, *lines: Trace, scale: float = 1.0) -> dict[int, Strip]:
    """Return the strips of a page, its ink being what is darker than 128 on the scaled page."""
    step = round(1 / scale)
    mask_HW = page_HW[::step, ::step] < 128
    owner_HW = owners(mask_HW, cores(mask_HW.shape, lines), lines)
    return dict(cut_strips(page_HW, owner_HW, np.full(mask_HW.shape, 230, np.uint8), lines, scale))


def letters(page_HW: np.ndarray, x: np.ndarray, y: np.ndarray, tall: int, wide: int) -> None:
    for left, foot in zip(x.astype(int).tolist(), np.rint(y).astype(int).tolist(), strict=True):
        page_HW[foot - tall : foot, left : left + wide] = 20


def test_a_level_line_is_cut_close_to_its_ink_with_a_small_margin():
    page = np.full((120, 300), 230, np.uint8)
    letters(page, np.arange(40, 260, 14), np.full(16, 60.0), 12, 7)
    strip = cut(page, Trace(np.arange(42.0, 262, 4), np.full(55, 60.0), 12.0, 1.0))[0]
    assert strip.crop_HW.shape[0] == pytest.approx(14, abs=1) and strip.crop_HW.shape[1] == pytest.approx(221, abs=4)
    assert strip.above == pytest.approx(13, abs=1) and strip.below == pytest.approx(1, abs=1)


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_a_bent_line_is_straightened(scale):
    page = np.full((200, 600), 230, np.uint8)
    x = np.arange(60, 540, 20)
    letters(page, x, 100 + 20 * np.sin(x / 90), 24, 10)
    at = np.arange(60.0, 550, 4)
    line = Trace(at * scale, (100 + 20 * np.sin(at / 90)) * scale, 24.0 * scale, 1.0)
    strip = cut(page, line, scale=scale)[0]
    ink = strip.crop_HW < 128
    feet = np.array([np.flatnonzero(column)[-1] for column in ink.T if column.any()])
    assert np.ptp(feet) <= 5 and strip.crop_HW.shape[0] < 38
    middle = strip.baseline_N2[len(strip.baseline_N2) // 2]
    assert middle[1] == pytest.approx(100 + 20 * np.sin(middle[0] / 90), abs=3)


def test_what_belongs_to_others_is_painted_with_paper():
    page = np.full((120, 300), 230, np.uint8)
    letters(page, np.arange(40, 260, 14), np.full(16, 50.0), 12, 7)
    letters(page, np.arange(40, 260, 14), np.full(16, 76.0), 12, 7)
    page[50:61, 43:45] = 20  # a descender into the second line
    page[57:76, 60:62] = 20  # and an ascender of the second line beside it
    x = np.arange(42.0, 262, 4)
    strips = cut(page, *(Trace(x, np.full(55, y), 12.0, 1.0) for y in (50.0, 76.0)))
    second = strips[1].crop_HW
    left = round(strips[1].baseline_N2[0, 0])
    assert second[:, 43 - left : 45 - left][:6].min() > 200
    assert second[:6, 60 - left : 62 - left].min() < 100


def test_large_letters_are_reduced():
    page = np.full((600, 2400), 230, np.uint8)
    letters(page, np.arange(200, 2200, 120), np.full(17, 400.0), 100, 60)
    strip = cut(page, Trace(np.arange(52.0, 550, 4), np.full(125, 100.0), 25.0, 1.0), scale=0.25)[0]
    assert strip.crop_HW.shape[0] < 40 and strip.above == pytest.approx(106, abs=8)


def test_dust_and_dashes_give_no_line():
    page = np.full((120, 300), 230, np.uint8)
    page[55:57, 100:103] = 20
    x = np.arange(42.0, 262, 4)
    assert not cut(page, Trace(x, np.full(55, 60.0), 12.0, 1.0))
    page[54:57, 60:240:2] = 20
    assert not cut(page, Trace(x, np.full(55, 60.0), 12.0, 1.0))
