"""Writing token by token: the cache changes the time and nothing else."""

import pytest
import torch

from tests.models.small_models import PAGE, line_transformer, page_transformer, sequence_models
from text_recognizer.errors import UserError
from text_recognizer.models.base import SequenceModel
from text_recognizer.models.greedy import write, write_without_cache
from text_recognizer.models.resnet_transformer import ResnetTransformer
from text_recognizer.models.transformer_decoder import FAR_BELOW


def lively(model: SequenceModel, seed: int = 0) -> SequenceModel:
    """Return the model with larger random weights, so that it writes something else for each picture."""
    torch.manual_seed(seed)
    larger = 2.0 if isinstance(model, ResnetTransformer) else 3.0
    with torch.no_grad():
        for p in model.parameters():
            if p.ndim > 1:
                p.mul_(larger)
        model.decoder.scores.bias[model.tokens.end] += 2.0  # so that texts end at different lengths
    return model.eval()


@pytest.mark.parametrize("model", sequence_models(), ids=lambda model: type(model).__name__)
def test_the_cache_writes_the_tokens_that_are_written_without_it_on_200_random_pictures(model):
    lively(model)
    dice = torch.Generator().manual_seed(1)
    ways, lengths, distinct = 0, set(), set()
    for _ in range(25):
        x_BCHW = torch.rand(8, 1, model.height, getattr(model, "image_width", 96), generator=dice)
        widths_B = torch.randint(16, 97, (8,), generator=dice) if model.height == 24 else None
        cached, p = write(model, x_BCHW, widths_B)
        naive, q = write_without_cache(model, x_BCHW, widths_B)
        assert torch.equal(cached, naive)
        assert torch.allclose(p, q, atol=1e-4)
        ways += len(cached)
        lengths |= set((cached != model.tokens.padding).sum(1).tolist())
        distinct |= {tuple(row) for row in cached.tolist()}
    assert ways == 200
    assert len(distinct) > 20 and len(lengths) > 3, "a model that writes the same everywhere proves nothing"


def test_a_batch_ends_when_its_last_text_ends_and_a_text_is_padded_behind_its_end():
    model = lively(page_transformer())
    tokens_BL, probabilities_BL = write(model, torch.rand(16, 1, 64, 160, generator=torch.Generator().manual_seed(3)))
    ended_B = (tokens_BL == model.tokens.end).any(1)
    assert ended_B.any()
    for tokens_L, probabilities_L in zip(tokens_BL[ended_B], probabilities_BL[ended_B], strict=True):
        end = int((tokens_L == model.tokens.end).nonzero()[0])
        assert (tokens_L[end + 1 :] == model.tokens.padding).all() and (probabilities_L[end + 1 :] == 1).all()
    if ended_B.all():
        assert (tokens_BL[:, -1] == model.tokens.end).any(), "no step is made behind the last end"


def test_a_text_does_not_depend_on_its_neighbours_in_the_batch():
    model = lively(line_transformer())
    x_BCHW, widths_B = torch.rand(3, 1, 24, 96), torch.tensor([96, 40, 64])
    together, _ = write(model, x_BCHW, widths_B)
    alone, _ = write(model, x_BCHW[1:2, :, :, :48], widths_B[1:2])
    kept = together[1][: alone.shape[1]]
    assert model.tokens.decode(kept.tolist()) == model.tokens.decode(alone[0].tolist())


def test_no_token_sees_what_comes_behind_it():
    model = page_transformer().eval()
    x_BCHW = torch.rand(1, 1, 64, 160)
    tokens_BL = torch.tensor([[model.tokens.start, 3, 4, 5]])
    changed_BL = torch.tensor([[model.tokens.start, 3, 7, 9]])
    assert torch.allclose(model(x_BCHW, tokens_BL)[:, :2], model(x_BCHW, changed_BL)[:, :2], atol=1e-6)


def test_the_step_that_is_exported_scores_as_the_one_with_the_cache():
    model = lively(line_transformer())
    memory_BSD, padding_BS = model.encode(torch.rand(2, 1, 24, 96), torch.tensor([96, 50]))
    cache = model.decoder.cache(memory_BSD, padding_BS)
    memory = model.decoder.memory_cache(memory_BSD)
    bias_BS = torch.zeros(padding_BS.shape).masked_fill(padding_BS, FAR_BELOW)
    written = torch.full((*memory.shape[:4], 9, memory.shape[5]), 7.0)
    for place, token in enumerate([model.tokens.start, 4, 9, 2]):
        tokens_B = torch.tensor([token, (token + place) % model.tokens.count])
        with_cache = model.decoder.step(tokens_B, cache)
        apart, fresh = model.decoder.step_apart(tokens_B, torch.tensor(place), memory, bias_BS, written)
        written[:, :, :, :, place : place + 1] = fresh
        assert torch.allclose(with_cache, apart, atol=1e-4)


def test_a_text_that_is_too_long_is_named():
    with pytest.raises(UserError, match="page 7: its text has 41 characters, the model writes 40"):
        page_transformer().refuse_long([40, 41], ["page 6", "page 7"])


@pytest.mark.parametrize(
    ("option", "value"), [("width", 30), ("width", 0), ("heads", 0), ("layers", 0), ("dropout", 1.0), ("max_length", 0)]
)
def test_sizes_that_do_not_fit_are_refused(option, value):
    sizes = {"channels": (4, 4, 4, 4), "width": 16, "heads": 4, "layers": 1, "forward_width": 8, option: value}
    with pytest.raises(UserError, match=f"--model.{option}"):
        ResnetTransformer(PAGE, 64, 64, **sizes)


def test_the_course_s_paragraph_model_looks_at_360_places_of_its_page():
    model = ResnetTransformer(PAGE).eval()
    with torch.no_grad():
        memory_BSD, padding = model.encode(torch.rand(1, 1, 576, 640))
    assert memory_BSD.shape == (1, 360, 256) and padding is None
