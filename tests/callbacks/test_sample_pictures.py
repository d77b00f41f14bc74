"""What was read, as a picture."""

import numpy as np
from PIL import Image

from text_recognizer.callbacks.sample_pictures import SamplePictures, picture_of

from .fitted import fit


def test_a_picture_appears_for_each_validation(tmp_path):
    fit([SamplePictures(tmp_path)])
    names = sorted(path.name for path in (tmp_path / "pictures").iterdir())
    assert names == ["step-000003.png", "step-000006.png"]
    picture = np.asarray(Image.open(tmp_path / "pictures" / names[0]))
    assert picture.min() < 100
    assert picture.shape[1] == 900


def test_what_was_misread_is_red():
    line = np.full((40, 200), 255, np.uint8)
    right, wrong = (np.asarray(picture_of([(line, "cat", read)])).astype(int) for read in ("cat", "dog"))
    red = [((p[..., 0] - p[..., 1]) > 80).sum() for p in (right, wrong)]
    assert red[0] == 0 < red[1]


def test_a_line_of_any_size_and_text_of_any_length_is_drawn():
    picture_of([(np.zeros((40, 5), np.uint8), "", ""), (np.zeros((64, 4000), np.uint8), "long " * 90, "\u00e9\u4e00")])
