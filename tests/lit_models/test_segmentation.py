import numpy as np
import torch

from text_recognizer.data.page_maps import LinePlace, page_maps
from text_recognizer.data.page_views import PageSample
from text_recognizer.data.segmenter_pages import collate
from text_recognizer.lit_models.segmentation import Segmentation
from text_recognizer.models.page_segmenter import PageSegmenter
from text_recognizer.page_batch import PageBatch


def batch(turn: int = 0) -> PageBatch:
    """Return one small page with two lines of strokes."""
    x_HW = np.zeros((64, 96), np.float32)
    for y in (24, 52):
        x_HW[y - 8 : y, 8:88:4] = -3
    lines = [LinePlace(np.array([(8.0, y), (88.0, y)]), 8.0) for y in (24, 52)]
    maps, known = page_maps(lines, x_HW.shape)
    return collate([PageSample(x_HW, maps, known, turn)], x_HW.shape)


def test_one_batch_is_memorised():
    torch.manual_seed(0)
    lit_model = Segmentation(PageSegmenter((8, 16, 16, 16), depth=1), steps=100, lr=0.01)
    optimizer = torch.optim.AdamW(lit_model.parameters(), lr=0.01)
    page = batch()
    first = None
    for _ in range(60):
        loss = sum(lit_model.losses(page).values())
        first = first or float(loss.detach())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.35 * first
    baseline = lit_model.model(page.x_BCHW)[0][0, 0].sigmoid()
    assert baseline[5:7, 4:20].max(dim=0).values.mean() > 0.7 and baseline[9, 4:20].mean() < 0.2


def test_cells_of_which_nothing_is_known_teach_nothing():
    lit_model = Segmentation(PageSegmenter((8, 16, 16, 16), depth=1))
    page = batch()
    other = PageBatch(page.x_BCHW, torch.rand_like(page.maps_BChw), page.known_BChw, page.turns_B)
    page.known_BChw[:], other.known_BChw[:] = 0, 0
    for name in ("baseline", "core", "separator", "x_height"):
        assert float(lit_model.losses(page)[name].detach()) == float(lit_model.losses(other)[name].detach()) == 0


def test_the_learning_rate_rises_and_then_falls_to_nothing():
    lit_model = Segmentation(PageSegmenter(), steps=1000, warmup=100)
    shares = [lit_model.share(step) for step in (0, 50, 100, 500, 1000)]
    assert shares[0] < shares[1] < shares[2] and shares[2] > shares[3] > shares[4] and shares[4] < 0.01
