"""Several processes divide each batch so that the mean of their losses is that of one process."""

import pytest
import torch

from text_recognizer.character_batch import CharacterBatch
from text_recognizer.charset import ASCII, Charset
from text_recognizer.data.shares import Repeated, Shared
from text_recognizer.data.synthetic_lines import SyntheticLines
from text_recognizer.lit_models.alignment import alignment_loss
from text_recognizer.lit_models.ctc import ctc_loss
from text_recognizer.paragraph_batch import ParagraphBatch


@pytest.fixture(scope="module")
def data() -> SyntheticLines:
    return SyntheticLines(pixels=1500, widths=(60, 200), num_workers=0)


@pytest.mark.parametrize("world", [1, 2, 3, 5])
def test_every_line_is_in_one_share_and_padded_as_before(data, world):
    whole = data.train_batches()[4]
    shares = [Shared(data.train_batches(), rank, world)[4] for rank in range(world)]
    assert sorted(text for share in shares for text in share.texts) == sorted(whole.texts)
    assert {share.x_BCHW.shape[3] for share in shares} == {whole.x_BCHW.shape[3]}
    assert all(share.texts[0] in whole.texts and len(share.texts) == len(share.sources) for share in shares)


@pytest.mark.parametrize("world", [2, 3, 7])
def test_the_mean_of_the_shares_losses_is_the_loss_of_the_batch(data, world):
    whole = data.train_batches()[1]
    scores_BTC = torch.randn(len(whole.texts), whole.x_BCHW.shape[3] // 4, Charset(ASCII).classes)
    expected = losses(whole, scores_BTC)
    found = [losses(whole.share(rank, world), scores_BTC[rank::world]) for rank in range(world)]
    for value, shares in zip(expected, zip(*found, strict=True), strict=True):
        assert float(sum(shares)) / world == pytest.approx(float(value), rel=1e-5)


def losses(batch, scores_BTC):
    ctc = ctc_loss(scores_BTC, batch.y_BL, batch.widths_B // 4, batch.lengths_B)
    aligned = alignment_loss(scores_BTC, batch.centres_BL, batch.y_BL, 4)
    return batch.line_weight * ctc, batch.centre_weight * aligned


def test_a_process_without_a_line_gets_one_that_counts_nothing(data):
    lone = data.train_batches()[0].share(0, 100)
    assert len(lone.texts) == 1
    lent = lone.share(1, 2)
    assert (len(lent.texts), lent.line_weight, lent.centre_weight, lent.token_weight) == (1, 0.0, 0.0, 0.0)
    assert lone.share(0, 2).line_weight == 2.0


def test_characters_and_paragraphs_are_shared_by_the_same_rule():
    characters = CharacterBatch(torch.rand(5, 1, 8, 8), torch.arange(5), list("abcde"))
    shares = [characters.share(rank, 2) for rank in range(2)]
    assert [share.sources for share in shares] == [["a", "c", "e"], ["b", "d"]]
    assert [share.weight for share in shares] == pytest.approx([1.2, 0.8])
    assert shares[1].y_B.tolist() == [1, 3]
    lengths_B = torch.tensor([3, 1, 4])
    pages = ParagraphBatch(
        torch.rand(3, 1, 8, 8), torch.ones(3, 4, dtype=torch.int64), lengths_B, list("abc"), list("xyz")
    )
    weights = [pages.share(rank, 2).token_weight for rank in range(2)]
    assert weights == pytest.approx([2 * 9 / 11, 2 * 2 / 11]), "labels and the end of each text"


def test_repeated_batches_come_again(data):
    few = Repeated(data.train_batches(), 2)
    assert few[5].texts == few[1].texts
    assert [batch.texts for batch in few.all()] == [few[0].texts, few[1].texts]
