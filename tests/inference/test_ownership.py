import numpy as np
import pytest

from text_recognizer.inference.ownership import NOBODY, cores, owners
from text_recognizer.inference.tracing import Trace


def trace(y: float, x_height: float = 10.0, slope: float = 0.0) -> Trace:
    x = np.arange(22.0, 180.0, 4)
    return Trace(x, y + slope * (x - x[0]), x_height, 1.0)


def owned(mask_HW: np.ndarray, *lines: Trace) -> np.ndarray:
    return owners(mask_HW, cores(mask_HW.shape, lines), lines)


@pytest.fixture
def mask() -> np.ndarray:
    """Two rows of letters, 10 px high, with their feet at 50 and 80."""
    mask_HW = np.zeros((120, 200), bool)
    for x in range(20, 180, 12):
        mask_HW[40:50, x : x + 6] = mask_HW[70:80, x : x + 6] = True
    return mask_HW


def test_letters_belong_to_the_line_whose_core_they_cross(mask):
    owner = owned(mask, trace(50), trace(80))
    assert (owner[40:50][mask[40:50]] == 0).all() and (owner[70:80][mask[70:80]] == 1).all()


def test_a_long_descender_stays_with_its_line(mask):
    mask[50:66, 22] = True
    assert (owned(mask, trace(50), trace(80))[50:66, 22] == 0).all()


def test_letters_that_touch_are_divided_between_their_lines(mask):
    mask[50:70, 22] = True
    owner = owned(mask, trace(50), trace(80))[:, 22]
    assert (owner[40:58] == 0).all() and (owner[66:80] == 1).all()


@pytest.mark.parametrize(
    ("row", "owner"),
    [
        (34, 0),  # the dot of an i
        (53, 0),  # a comma
        (63, 1),  # an accent
        (110, NOBODY),  # dust
    ],
)
def test_loose_marks_belong_to_the_line_they_stand_at(mask, row, owner):
    mask[row : row + 3, 100:102] = True
    assert (owned(mask, trace(50), trace(80))[row : row + 3, 100:102] == owner).all()


def test_a_leaning_line_owns_the_ink_along_it():
    mask = np.zeros((120, 200), bool)
    for x in range(20, 180, 12):
        y = round(40 + 0.2 * x)
        mask[y - 9 : y, x : x + 6] = True
    assert (owned(mask, trace(44.4, slope=0.2))[mask] == 0).all()


@pytest.mark.parametrize("lines", [(), (trace(50),)])
def test_a_page_without_ink_or_lines_has_no_owners(lines):
    assert (owned(np.zeros((60, 200), bool), *lines) == NOBODY).all()
