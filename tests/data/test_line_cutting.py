"""Cutting lines along their baselines."""

import numpy as np
import pytest

from text_recognizer.data.line_cutting import cut_lines, ink, tidy
from text_recognizer.data.page_xml import read_page
from text_recognizer.line_strip import sampled, strip_map

from .written_pages import write_page


@pytest.mark.parametrize("tilt", [0.0, 0.1, 0.2])
def test_a_tilted_bar_becomes_level_and_fills_the_cut(tmp_path, tilt):
    (line,) = cut_lines(read_page(write_page(tmp_path, "page", ["a text of some length"], tilt=tilt)))
    cut_hw = tidy(line)
    dark = cut_hw[:, 10:-10] < 135
    assert 18 <= cut_hw.shape[0] <= 28
    assert dark.mean(1).max() == 1.0, "somewhere the bar lies across the whole width"
    assert (dark.mean(1) > 0.5).sum() >= 17


def test_neighbours_are_painted_over(tmp_path):
    path = write_page(tmp_path, "page", ["first line", "second line"])
    page = read_page(path)
    for line in cut_lines(page):
        cut_hw = tidy(line, margin=1.5)
        assert (cut_hw[:8] > 200).all() and (cut_hw[-8:] > 200).all()


def test_a_large_scan_is_cut_at_the_size_that_models_see(tmp_path):
    path = write_page(tmp_path, "page", ["big"])
    from PIL import Image

    image = Image.open(path.with_suffix(".png"))
    image.resize((image.width * 8, image.height * 8)).save(path.with_suffix(".png"))
    (line,) = cut_lines(read_page(path))
    assert line.ink_height < 90


def test_a_line_without_ink_is_left_out(tmp_path):
    path = write_page(tmp_path, "page", ["nothing"])
    from PIL import Image

    image = Image.open(path.with_suffix(".png"))
    Image.new("L", image.size, 240).save(path.with_suffix(".png"))
    assert list(cut_lines(read_page(path))) == []


def test_ink_follows_uneven_light():
    grey_HW = np.tile(np.linspace(120, 250, 600), (40, 1))
    grey_HW[10:20, ::20] *= 0.3
    inked_HW = ink(grey_HW.astype(np.uint8))
    assert inked_HW[10:20, ::20].min() > 80
    assert np.delete(inked_HW, np.s_[::20], axis=1).max() < 60


def test_a_strip_along_a_level_baseline_is_the_page_itself():
    page_HW = np.arange(60 * 80, dtype=np.uint16).reshape(60, 80).astype(np.uint8)
    strip_hw = sampled(page_HW, *strip_map(np.array([[10, 40], [50, 40]]), 12, 6))
    np.testing.assert_array_equal(strip_hw, page_HW[28:46, 10:50])
