import pytest
import torch

from text_recognizer.models.page_segmenter import PageSegmenter


@pytest.mark.parametrize("size", [(16, 16), (64, 160), (208, 48)])
def test_maps_are_a_quarter_of_the_page_and_turns_a_sixteenth(size):
    maps, turns = PageSegmenter()(torch.zeros(2, 1, *size))
    assert maps.shape == (2, 4, size[0] // 4, size[1] // 4)
    assert turns.shape == (2, 4, size[0] // 16, size[1] // 16)


def test_the_default_network_has_fewer_than_half_a_million_weights():
    assert 100_000 < sum(p.numel() for p in PageSegmenter().parameters()) < 500_000


def test_a_page_is_mapped_alike_whatever_lies_far_below_it():
    model = PageSegmenter().eval()
    page = torch.randn(1, 1, 320, 64, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        assert torch.allclose(model(page)[0][:, :, :16], model(page[:, :, :256])[0][:, :, :16], atol=1e-4)
