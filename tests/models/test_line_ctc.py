"""The default line model."""

import pytest
import torch

from text_recognizer.charset import ASCII
from text_recognizer.errors import UserError
from text_recognizer.models.base import LineModel
from text_recognizer.models.line_ctc import LineCTC


def small(**options) -> LineCTC:
    torch.manual_seed(0)
    return LineCTC(ASCII, **{"channels": (8, 8, 16, 16), "width": 32, "layers": 1, **options}).eval()


@pytest.mark.parametrize("options", [{}, {"lstm": True}, {"layers": 0}, {"height": 64}, {"height": 33}])
@pytest.mark.parametrize("width", [16, 61, 64, 203])
def test_there_is_a_time_step_for_every_4_pixels_begun(options, width):
    model = small(**options)
    x_BCHW = torch.rand(2, 1, options.get("height", 40), width)
    scores_BTC, early_BTC = model(x_BCHW, torch.tensor([width, 5]))
    assert scores_BTC.shape == early_BTC.shape == (2, -(-width // 4), 96)
    assert model.steps(torch.tensor([width, 5])).tolist() == [scores_BTC.shape[1], 2]


@pytest.mark.parametrize("options", [{}, {"lstm": True}])
def test_padding_hardly_changes_what_a_line_scores(options):
    model = small(**options)
    x_BCHW, widths_B = torch.rand(1, 1, 40, 128), torch.tensor([128])
    alone, _ = model(x_BCHW, widths_B)
    padded, _ = model(torch.nn.functional.pad(x_BCHW, (0, 200)), widths_B)
    assert torch.allclose(alone[:, :20], padded[:, :20], atol=0.1), "far from the edge that the convolutions see"
    assert (alone.argmax(-1) == padded[:, :32].argmax(-1)).float().mean() > 0.85


def test_a_neighbour_in_the_batch_changes_nothing():
    model = small()
    x_BCHW, widths_B = torch.rand(3, 1, 40, 160), torch.tensor([160, 160, 160])
    together, _ = model(x_BCHW, widths_B)
    alone, _ = model(x_BCHW[1:2], widths_B[1:2])
    assert torch.allclose(together[1:2], alone, atol=1e-4)


@pytest.mark.parametrize("options", [{"width": 33}, {"width": 0}, {"layers": -1}, {"dropout": 1.0}])
def test_sizes_that_do_not_fit_are_refused(options):
    with pytest.raises(UserError, match=f"--model.{next(iter(options))}"):
        small(**options)


def test_the_base_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        LineModel(ASCII, 40)


@pytest.mark.parametrize("channels", [(4, 4, 8, 8), (8, 8, 16, 16), (12, 24, 24, 12)])
def test_narrow_models_train_in_channels_last(channels):
    model = small(channels=channels).to(memory_format=torch.channels_last).train()
    for width in (61, 130, 272):
        x_BCHW, widths_B = torch.rand(5, 1, 40, width), torch.full((5,), width)
        model(x_BCHW, widths_B)[0].square().mean().backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)
