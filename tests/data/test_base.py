"""What every data module hands to training."""

from itertools import islice

import numpy as np
import pytest
import torch

from text_recognizer.charset import ASCII, Charset
from text_recognizer.data.base import CountedBatches, LineData, Sample, collate
from text_recognizer.errors import UserError


def sample(text: str = "ab", width: int = 100, height: int = 40, centres=(20.0, 60.0)) -> Sample:
    image_HW = np.full((height, width), 255, np.uint8)
    image_HW[10:30, 10:-10] = 0
    return Sample(image_HW, text, None if centres is None else np.array(centres), "print: test")


def test_lines_are_padded_with_16_to_31_px_of_paper_behind_the_widest():
    batch = collate([sample(width=100), sample(width=51)], Charset(ASCII), 40)
    assert batch.x_BCHW.shape == (2, 1, 40, 128)
    assert batch.widths_B.tolist() == [100, 51]
    assert batch.x_BCHW[1, :, :, 51:].abs().max() == 0
    assert batch.x_BCHW[0, 0, 20, 50] > 0.9, "ink is 1"


def test_labels_are_those_of_the_charset_and_decode_to_the_text():
    charset = Charset(ASCII)
    batch = collate([sample("Hi!", centres=(1, 2, 3)), sample("a", centres=(5,))], charset, 40)
    assert batch.lengths_B.tolist() == [3, 1]
    assert [charset.decode(row[:n].tolist()) for row, n in zip(batch.y_BL, batch.lengths_B, strict=True)] == [
        "Hi!",
        "a",
    ]
    assert batch.y_BL[1, 1:].tolist() == [0, 0]
    assert batch.centres_BL[1].tolist() == [5, -1, -1]


def test_centres_grow_with_the_line():
    batch = collate([sample(width=100, height=20)], Charset(ASCII), 40)
    assert batch.x_BCHW.shape[2] == 40
    assert batch.widths_B.tolist() == [200]
    assert batch.centres_BL.tolist() == [[40, 120]]


def test_unknown_centres_are_marked():
    assert collate([sample(centres=None)], Charset(ASCII), 40).centres_BL.tolist() == [[-1, -1]]


def test_lines_without_text_make_a_batch():
    batch = collate([sample("", centres=None)], Charset(ASCII), 40)
    assert batch.lengths_B.tolist() == [0]


def test_characters_outside_the_charset_are_named():
    with pytest.raises(UserError, match="'\u00e9' \\(U\\+00E9\\)"):
        collate([sample("caf\u00e9", centres=(1, 2, 3, 4))], Charset(ASCII), 40)


def test_a_batch_moves_whole():
    batch = collate([sample()], Charset(ASCII), 40).to(torch.device("meta"))
    assert {t.device.type for t in (batch.x_BCHW, batch.widths_B, batch.y_BL, batch.lengths_B, batch.centres_BL)} == {
        "meta"
    }
    assert batch.texts == ["ab"]


def test_batches_are_counted_on_from_those_that_were_trained_on():
    assert list(islice(CountedBatches(6), 4)) == [6, 7, 8, 9]


def test_bases_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        LineData()
