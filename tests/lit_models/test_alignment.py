"""The loss that says where each character lies."""

import pytest
import torch

from text_recognizer.lit_models.alignment import alignment_loss


def test_the_right_label_over_each_centre_costs_nothing_and_a_wrong_one_much():
    scores_BTC = torch.zeros(1, 10, 5)
    scores_BTC[0, 2, 3] = scores_BTC[0, 7, 1] = 50.0
    centres_BL, y_BL = torch.tensor([[9.0, 31.9]]), torch.tensor([[3, 1]])
    assert alignment_loss(scores_BTC, centres_BL, y_BL, stride=4) < 1e-6
    assert alignment_loss(scores_BTC, centres_BL, y_BL.flip(1), stride=4) > 20


def test_unknown_centres_do_not_count():
    scores_BTC = torch.randn(2, 10, 5, requires_grad=True)
    known = alignment_loss(scores_BTC[:1], torch.tensor([[8.0]]), torch.tensor([[2]]), 4)
    mixed = alignment_loss(scores_BTC, torch.tensor([[8.0, -1], [-1, -1]]), torch.tensor([[2, 0], [3, 4]]), 4)
    assert mixed.item() == pytest.approx(known.item())
    nothing = alignment_loss(scores_BTC, torch.full((2, 3), -1.0), torch.zeros(2, 3, dtype=torch.long), 4)
    nothing.backward()
    assert nothing.item() == 0
    assert scores_BTC.grad.abs().max() == 0


def test_a_centre_behind_the_last_step_counts_there():
    scores_BTC = torch.zeros(1, 3, 5)
    scores_BTC[0, 2, 4] = 50.0
    assert alignment_loss(scores_BTC, torch.tensor([[99.0]]), torch.tensor([[4]]), 4) < 1e-6
