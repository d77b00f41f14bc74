import numpy as np
import pytest

from text_recognizer.page_input import page_input


def page(seed: int = 0) -> np.ndarray:
    """Return light paper with dark strokes."""
    dice = np.random.default_rng(seed)
    grey_HW = np.full((96, 128), 220, np.uint8)
    for y, x in dice.integers(8, 88, (40, 2)):
        grey_HW[y : y + 2, x : x + 12] = 60
    return grey_HW


def test_sides_are_padded_with_paper_to_multiples_of_sixteen():
    x_HW = page_input(page()[:90, :101])
    assert x_HW.shape == (96, 112)
    assert not x_HW[90:].any() and not x_HW[:, 101:].any()


def test_ink_is_negative_and_inverting_the_page_changes_the_sign():
    dark, light = page_input(page()), page_input(255 - page())
    assert dark[page() == 60].max() < -1
    assert np.abs(dark + light).max() < 0.2


@pytest.mark.parametrize("brightness", [0.5, 0.8])
def test_darker_copies_look_the_same(brightness):
    as_is, darker = page_input(page()), page_input((page() * brightness).astype(np.uint8))
    ink = page() == 60
    assert np.abs(as_is[ink] - darker[ink]).mean() < 0.15 * np.abs(as_is[ink]).mean()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_page_is_all_paper(level):
    assert not page_input(np.full((32, 48), level, np.uint8)).any()


def test_a_page_of_one_pixel_is_padded():
    assert page_input(np.zeros((1, 1), np.uint8)).shape == (16, 16)
