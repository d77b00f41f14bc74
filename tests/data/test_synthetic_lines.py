"""The batches of the default experiment."""

from itertools import islice

import pytest
import torch

from text_recognizer.charset import Charset
from text_recognizer.data.synthetic_lines import SyntheticLines
from text_recognizer.errors import UserError
from text_recognizer.line_batch import LineBatch


def same(one: LineBatch, other: LineBatch) -> bool:
    tensors = ("x_BCHW", "widths_B", "y_BL", "lengths_B", "centres_BL")
    return (one.texts, one.sources) == (other.texts, other.sources) and all(
        torch.equal(getattr(one, name), getattr(other, name)) for name in tensors
    )


def test_batch_k_is_a_pure_function_of_seed_and_k():
    first, second = (SyntheticLines(seed=3, pixels=1500).train_batches() for _ in range(2))
    wanted = [first[k] for k in (0, 1, 57)]
    again = [second[k] for k in (57, 1, 0)][::-1]
    assert all(map(same, wanted, again))
    assert not same(wanted[0], SyntheticLines(seed=4, pixels=1500).train_batches()[0])
    assert not same(wanted[0], wanted[1])


@pytest.mark.parametrize("workers", [1, 2])
def test_worker_processes_draw_the_same_batches_in_the_same_order(workers):
    data = SyntheticLines(seed=3, pixels=1500, num_workers=workers)
    drawn = list(islice(iter(data.train_dataloader()), 4))
    batches = SyntheticLines(seed=3, pixels=1500).train_batches()
    assert all(same(batch, batches[k]) for k, batch in enumerate(drawn))


def test_a_batch_is_what_it_says():
    data = SyntheticLines(seed=1, pixels=3000, max_lines=9)
    for k in range(6):
        batch = data.train_batches()[k]
        count, _, height, width = batch.x_BCHW.shape
        assert height == 40
        assert 1 <= count <= 9
        assert count == 1 or count * int(batch.widths_B.max()) <= 3000
        assert batch.widths_B.max() + 16 <= width < batch.widths_B.max() + 32
        assert [
            Charset(data.characters).decode(y[:n].tolist()) for y, n in zip(batch.y_BL, batch.lengths_B, strict=True)
        ] == (batch.texts)
        for row, n in enumerate(batch.lengths_B.tolist()):
            centres = batch.centres_BL[row, :n]
            assert (centres.diff() >= 0).all()
            assert centres.min() >= 0 and centres.max() < batch.widths_B[row]
            assert (batch.centres_BL[row, n:] == -1).all()
        assert {source.partition(":")[0] for source in batch.sources} <= {"handwriting", "print"}


def test_validation_is_the_same_for_every_seed_and_never_drawn_anew():
    one, other = (SyntheticLines(seed=seed, validation_lines=12) for seed in (1, 2))
    assert all(map(same, one.validation_batches(), other.validation_batches()))
    assert one.validation_batches() is one.validation_batches()


def test_validation_is_half_handwriting_and_half_print():
    batches = SyntheticLines(validation_lines=12).validation_batches()
    kinds = [source.partition(":")[0] for batch in batches for source in batch.sources]
    assert (kinds.count("handwriting"), kinds.count("print")) == (6, 6)


def test_own_texts_are_trained_on_but_not_validated_on(tmp_path):
    (tmp_path / "a.txt").write_text("zebra zoo zeal zero zest " * 40)
    one, other = SyntheticLines(texts=tmp_path, validation_lines=4), SyntheticLines(validation_lines=4)
    assert all(map(same, one.validation_batches(), other.validation_batches()))
    assert not same(one.train_batches()[0], other.train_batches()[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pixels": 0}, "--data.pixels 0"),
        ({"max_lines": 0}, "--data.max_lines 0"),
        ({"handwriting": 1.5}, "--data.handwriting 1.5"),
        ({"strength": -1.0}, "--data.strength -1.0"),
        ({"validation_lines": 1}, "--data.validation_lines 1"),
        ({"widths": (700, 60)}, "--data.widths \\[700, 60\\]"),
        ({"height": 2}, "--data.height 2"),
        ({"num_workers": -1}, "--data.num_workers -1"),
        ({"characters": "aa"}, "'a'"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        SyntheticLines(**options)
