import numpy as np
import pytest

from tests.inference.drawn_pages import draw_page
from text_recognizer.errors import UserError
from text_recognizer.inference import segmenter as module
from text_recognizer.inference.segmenter import Segmenter, scaled_page


@pytest.fixture(scope="module")
def shipped() -> Segmenter:
    return Segmenter.shipped(1)


@pytest.mark.parametrize("text_px", [9, 20, 60])
def test_the_page_is_looked_at_from_where_its_text_is_neither_tiny_nor_huge(shipped, text_px):
    page = draw_page(1, 6, size=(30 * text_px, 15 * text_px), text_px=text_px)
    assert 4.5 < shipped.look(page.grey_HW).x_height < 15


def test_a_large_page_seen_in_bands_gives_the_maps_of_the_whole(shipped, monkeypatch):
    page = draw_page(2, 18, size=(420, 1000), text_px=22).grey_HW
    whole = shipped.look_at(page, 1.0)
    monkeypatch.setattr(module, "TILE_PIXELS", 432 * 200)
    bands = shipped.look_at(page, 1.0)
    assert np.abs(whole.baseline_hw - bands.baseline_hw).max() < 0.1
    assert bands.core_hw.shape == (250, 105)


@pytest.mark.parametrize("level", [0, 255])
def test_a_blank_page_has_no_text_and_no_turn(shipped, level):
    maps = shipped.look(np.full((300, 200), level, np.uint8))
    assert maps.x_height == 0 and maps.baseline_hw.max() < 0.3
    assert np.exp(maps.turn_4) == pytest.approx(0.25)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (700, 3)])
def test_pages_of_next_to_nothing_are_looked_at(shipped, shape):
    assert shipped.look(np.zeros(shape, np.uint8)).x_height == 0


def test_a_page_is_scaled_to_at_least_one_pixel():
    assert scaled_page(np.zeros((3, 1000), np.uint8), 0.1).shape == (1, 100)


def test_a_damaged_model_is_named(tmp_path):
    (tmp_path / "segmenter.onnx").write_bytes(b"no model")
    with pytest.raises(UserError, match="segmenter.onnx: onnxruntime cannot load it"):
        Segmenter(tmp_path / "segmenter.onnx")
