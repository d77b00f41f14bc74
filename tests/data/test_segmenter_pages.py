import numpy as np
import pytest
import torch

from text_recognizer.data.page_views import PageSample
from text_recognizer.data.segmenter_pages import SIZES, SegmenterPages, collate


@pytest.fixture(scope="module")
def data() -> SegmenterPages:
    return SegmenterPages(seed=2, pool=4, batch_size=2, handwriting=0.0)


def test_batch_k_is_a_pure_function_of_seed_and_k(data):
    first, again = (
        data.train_batches()[3],
        SegmenterPages(seed=2, pool=4, batch_size=2, handwriting=0.0).train_batches()[3],
    )
    assert torch.equal(first.x_BCHW, again.x_BCHW) and torch.equal(first.maps_BChw, again.maps_BChw)


def test_batches_have_the_sizes_asked_for_and_maps_of_a_quarter(data):
    batch = data.train_batches()[0]
    size = tuple(batch.x_BCHW.shape[2:])
    assert size in SIZES and batch.x_BCHW.shape[:2] == (2, 1)
    assert batch.maps_BChw.shape == batch.known_BChw.shape == (2, 4, size[0] // 4, size[1] // 4)
    assert batch.maps_BChw[:, :3].min() >= 0 and batch.maps_BChw[:, :3].max() <= 1


def test_a_sample_turned_on_its_side_is_cut_and_padded_to_the_batch():
    x_HW = np.ones((96, 32), np.float32)
    maps = np.ones((4, 24, 8), np.float32)
    batch = collate([PageSample(x_HW, maps, maps, 1)], (32, 96))
    assert batch.x_BCHW[0, 0, :, :32].all() and not batch.x_BCHW[0, 0, :, 32:].any()
    assert batch.known_BChw[0, :, :, :8].all() and not batch.known_BChw[0, :, :, 8:].any()
    assert batch.turns_B.tolist() == [1]
