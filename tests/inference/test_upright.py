import numpy as np
import pytest

from text_recognizer.inference.upright import Upright, quarter_turned


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("angle", [0.0, 7.0, -12.0])
def test_a_point_of_the_level_page_is_found_on_the_page_as_given(quarters, angle):
    page = np.zeros((200, 301), np.uint8)
    page[60:66, 220:226] = 255
    upright = Upright(301, 200, quarters, angle)
    level = upright.level(quarter_turned(page, quarters), 0)
    assert level.shape == upright.canvas[::-1]
    y, x = np.nonzero(level > 128)
    assert upright.to_page(np.array([[x.mean() + 0.5, y.mean() + 0.5]]))[0] == pytest.approx([223, 63], abs=0.3)


def test_a_level_page_is_handed_back_as_it_is():
    page = np.zeros((20, 30), np.uint8)
    assert Upright(30, 20).level(page, 255) is page and quarter_turned(page, 0) is page
