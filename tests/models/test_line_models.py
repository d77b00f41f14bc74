"""The other models of lines, and those of characters: shapes, strides and what they refuse."""

import pytest
import torch

from tests.models.small_models import character_models, line_models
from text_recognizer.charset import ASCII
from text_recognizer.errors import UserError
from text_recognizer.models.cnn import CNN
from text_recognizer.models.crnn import CRNN
from text_recognizer.models.line_cnn import LineCNN
from text_recognizer.models.line_cnn_simple import LineCNNSimple
from text_recognizer.models.mlp import MLP
from text_recognizer.models.positions import positions_1d, positions_2d


@pytest.mark.parametrize("line_class", [LineCNN, LineCNNSimple, CRNN])
@pytest.mark.parametrize("height", [40, 33])
@pytest.mark.parametrize("width", [16, 61, 203])
def test_there_is_a_time_step_for_every_stride_begun(line_class, height, width):
    torch.manual_seed(0)
    sizes = {"window": 12, "window_stride": 5, "channels": 4} if line_class is LineCNNSimple else {"channels": 4}
    model = line_class(ASCII, height, **sizes).eval()
    scores_BTC, early_BTC = model(torch.rand(2, 1, height, width), torch.tensor([width, 5]))
    assert scores_BTC is early_BTC
    assert scores_BTC.shape == (2, int(model.steps(torch.tensor(width))), 96)


@pytest.mark.parametrize("model", line_models(), ids=lambda model: type(model).__name__)
def test_a_neighbour_in_the_batch_changes_nothing(model):
    model.eval()
    x_BCHW, widths_B = torch.rand(3, 1, 24, 90), torch.tensor([90, 90, 90])
    together, _ = model(x_BCHW, widths_B)
    assert torch.allclose(together[1:2], model(x_BCHW[1:2], widths_B[1:2])[0], atol=1e-4)


@pytest.mark.parametrize("model", character_models(), ids=lambda model: type(model).__name__)
def test_a_character_has_a_score_for_each_class(model):
    assert model(torch.rand(3, 1, 16, 12)).shape == (3, 10)


@pytest.mark.parametrize(
    ("model_class", "options"),
    [
        (MLP, {"dropout": 1.0}),
        (MLP, {"first": 0}),
        (CNN, {"channels": 0}),
        (CNN, {"dropout": -0.1}),
        (LineCNNSimple, {"window": 3, "window_stride": 4}),
        (LineCNN, {"channels": 0}),
        (CRNN, {"layers": 0}),
    ],
)
def test_sizes_that_do_not_fit_are_refused(model_class, options):
    with pytest.raises(UserError, match=f"--model.{next(iter(options))}"):
        model_class(ASCII, **options)


def test_positions_differ_everywhere_and_neighbours_are_more_alike_than_others():
    flat_SD = positions_2d(6, 7, 32).flatten(0, 1)
    apart = torch.cdist(flat_SD, flat_SD) + 9 * torch.eye(42)
    assert apart.min() > 0.1
    line_PD = positions_1d(50, 32)
    assert torch.dist(line_PD[10], line_PD[11]) < torch.dist(line_PD[10], line_PD[14])
    assert line_PD[0].tolist() == [0.0, 1.0] * 16
