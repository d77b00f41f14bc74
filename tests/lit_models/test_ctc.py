"""Training with CTC."""

import pytest
import pytorch_lightning as pl
import torch

from text_recognizer.charset import ASCII
from text_recognizer.data.synthetic_lines import SyntheticLines
from text_recognizer.line_batch import LineBatch
from text_recognizer.lit_models.base import UNPLANNED
from text_recognizer.lit_models.ctc import CTC, ctc_loss, teaching_loss
from text_recognizer.metrics.error_rate import character_error_rate
from text_recognizer.models.line_ctc import LineCTC
from training.run import lightning_silenced


def lit_model(**options) -> CTC:
    torch.manual_seed(0)
    return CTC(LineCTC(ASCII, channels=(8, 16, 32, 32), width=64, layers=1, dropout=0.0), **options)


def trainer(**options) -> pl.Trainer:
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    with lightning_silenced():
        return pl.Trainer(accelerator="cpu", enable_model_summary=False, max_epochs=-1, **quiet, **options)


class Repeated(torch.utils.data.IterableDataset):
    def __init__(self, batch: LineBatch) -> None:
        self.batch = batch

    def __iter__(self):
        while True:
            yield self.batch


def loader(batch: LineBatch) -> torch.utils.data.DataLoader:
    return torch.utils.data.DataLoader(Repeated(batch), batch_size=None)


@pytest.fixture(scope="module")
def batch() -> LineBatch:
    return SyntheticLines(seed=2, strength=0.0, handwriting=0.5, widths=(60, 160), max_lines=6).train_batches()[1]


@pytest.mark.slow
def test_one_batch_is_memorised(batch):
    model = lit_model(lr=5e-3, warmup=10)
    with lightning_silenced():
        trainer(max_steps=150).fit(model, loader(batch))
    assert character_error_rate(model.eval().read(batch), batch.texts).rate == 0


def test_ctc_loss_is_per_character_and_does_not_look_at_padding():
    scores_BTC, y_BL = torch.randn(2, 30, 6), torch.tensor([[1, 2, 3], [4, 0, 0]])
    steps_B, lengths_B = torch.tensor([30, 12]), torch.tensor([3, 1])
    both = ctc_loss(scores_BTC, y_BL, steps_B, lengths_B)
    alone = [
        ctc_loss(scores_BTC[i : i + 1, : int(steps_B[i])], y_BL[i : i + 1], steps_B[i : i + 1], lengths_B[i : i + 1])
        for i in range(2)
    ]
    assert both.item() == pytest.approx((sum(alone) / 2).item(), rel=1e-5)


def test_a_text_longer_than_its_line_does_not_break_the_batch():
    loss = ctc_loss(torch.randn(1, 2, 6), torch.tensor([[1, 1, 1]]), torch.tensor([2]), torch.tensor([3]))
    assert loss.item() == 0


def test_gradients_that_are_not_finite_skip_the_step_and_are_counted(batch):
    model = lit_model()
    model.trainer = trainer(max_steps=10)
    optimizer = torch.optim.AdamW(model.parameters())
    model.log = lambda *_: None
    before = [p.detach().clone() for p in model.parameters()]
    for bad in (float("nan"), float("inf")):
        model.training_step = None
        for p in model.parameters():
            p.grad = torch.ones_like(p)
        next(iter(model.parameters())).grad[0] = bad
        model.on_before_optimizer_step(optimizer)
        optimizer.step()
    assert model.skipped_steps == 2
    assert all(torch.equal(p, q) for p, q in zip(before, model.parameters(), strict=True))
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    model.on_before_optimizer_step(optimizer)
    assert model.skipped_steps == 2
    norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
    assert norm.item() == pytest.approx(2.0, rel=1e-3), "gradients are clipped"


def test_skipped_steps_are_kept_in_a_checkpoint():
    model, other, checkpoint = lit_model(), lit_model(), {}
    model.skipped_steps = 7
    model.on_save_checkpoint(checkpoint)
    other.on_load_checkpoint(checkpoint)
    assert other.skipped_steps == 7
    assert checkpoint["characters"] == ASCII


def test_schedules_do_not_depend_on_the_length_of_the_run_before_it_is_known():
    model = lit_model()
    shares = []
    for steps in (-1, 200, 5000):
        model.trainer = trainer(max_steps=steps)
        shares.append([model._lr_share(step) for step in range(UNPLANNED + 1)])
    assert shares[0] == shares[1] == shares[2]


def test_the_learning_rate_rises_and_falls_to_a_hundredth():
    model = lit_model(warmup=40)
    model.trainer = trainer(max_steps=1000)
    shares = [model._lr_share(step) for step in range(1001)]
    assert shares[0] == pytest.approx(1 / 40)
    assert max(shares) == pytest.approx(1.0)
    assert shares[-1] == pytest.approx(0.01)
    assert all(a >= b for a, b in zip(shares[100:], shares[101:], strict=False))


def test_matrices_decay_and_vectors_do_not():
    model = lit_model(weight_decay=0.3)
    model.trainer = trainer(max_steps=100)
    groups = model.configure_optimizers()["optimizer"].param_groups
    assert [group["weight_decay"] for group in groups] == [0.3, 0.0]
    assert {p.ndim > 1 for p in groups[0]["params"]} == {True}
    assert {p.ndim > 1 for p in groups[1]["params"]} == {False}
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))


def test_validation_counts_each_kind_apart(batch):
    model = lit_model()
    with lightning_silenced():
        (rates,) = trainer(max_steps=1).validate(model, loader_of([batch]), verbose=False)
    kinds = {source.partition(":")[0] for source in batch.sources}
    assert kinds == {"handwriting", "print"}
    assert set(rates) == {"validation/cer", "validation/wer", *(f"validation/cer/{kind}" for kind in kinds)}


def loader_of(batches: list[LineBatch]) -> torch.utils.data.DataLoader:
    return torch.utils.data.DataLoader(batches, batch_size=None)


def test_a_pupil_of_itself_has_nothing_to_learn_and_one_of_another_has():
    torch.manual_seed(0)
    scores_BTC, other_BTC = torch.randn(2, 5, 4), torch.randn(2, 5, 4)
    steps_B, lengths_B = torch.tensor([5, 3]), torch.tensor([2, 1])
    assert teaching_loss(scores_BTC, scores_BTC + 3, steps_B, lengths_B).abs() < 1e-6
    assert teaching_loss(scores_BTC, other_BTC, steps_B, lengths_B) > 0.1
    other_BTC[1, 3:] = 50 * torch.randn(2, 4)
    padded = teaching_loss(scores_BTC, other_BTC, steps_B, lengths_B)
    other_BTC[1, 3:] = 0
    assert padded == teaching_loss(scores_BTC, other_BTC, steps_B, lengths_B), "what is behind a line does not count"


def test_a_teacher_is_not_saved_and_not_trained():
    lit_model = CTC(LineCTC("ab", channels=(4, 4, 8, 8), width=16, layers=1))
    before = set(lit_model.state_dict()), len(list(lit_model.parameters()))
    teacher = LineCTC("ab", channels=(4, 4, 8, 8), width=16, layers=1)
    lit_model.learn_from(teacher)
    assert (set(lit_model.state_dict()), len(list(lit_model.parameters()))) == before
    assert not any(p.requires_grad for p in teacher.parameters())
