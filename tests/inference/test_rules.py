import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.inference.drawn_pages import font
from text_recognizer.inference.rules import find_rules


def ruled(slope: float, squared: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return the masks of text and of rules on a page whose lines fall by `slope`."""
    text, rules = Image.new("1", (600, 300)), Image.new("1", (600, 300))
    for y in range(60, 300, 40):
        ImageDraw.Draw(text).text((60, y - 4), "a line of some text", fill=1, font=font("DejaVuSans", 22), anchor="ls")
        ImageDraw.Draw(rules).line([(10, y - 290 * slope), (590, y + 290 * slope)], fill=1)
    for x in range(20, 600, 40) if squared else ():
        ImageDraw.Draw(rules).line([(x + 145 * slope, 0), (x - 145 * slope, 300)], fill=1)
    return np.asarray(text), np.asarray(rules)


@pytest.mark.parametrize("slope", [0.0, 0.03, -0.05])
@pytest.mark.parametrize("squared", [False, True])
def test_rules_are_found_and_text_is_left(slope, squared):
    text, rules = ruled(slope, squared)
    found = find_rules(text | rules, 12.0, slope)
    assert found[rules & ~text].mean() > 0.8
    assert found[text & ~rules].mean() < 0.05


def test_text_alone_has_no_rules():
    text, _ = ruled(0.0)
    assert not find_rules(text, 12.0).any()


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (500, 3)])
def test_small_pages_have_no_rules(shape):
    assert find_rules(np.ones(shape, bool), 9.0).shape == shape
