"""The race against the ancestor's recipe: what the arms are shown, and how their times are told."""

import pytest
import torch

from benchmarks import ddp
from benchmarks.ancestor import ARMS, Arrival, CanvasLines, told
from text_recognizer.data.synthetic_lines import SyntheticLines


@pytest.fixture(scope="module")
def canvas() -> CanvasLines:
    return CanvasLines(SyntheticLines(validation_lines=2))


def test_the_ancestor_sees_lines_of_all_widths_on_one_canvas(canvas):
    lines = canvas.train_batches()
    samples = [lines[number] for number in range(3)]
    batch = canvas._stacked(samples)
    assert batch.x_BCHW.shape == (3, 1, 40, canvas.canvas)
    assert batch.widths_B.tolist() == [canvas.canvas] * 3
    assert batch.lengths_B.tolist() == [len(text) for text in batch.texts]
    assert len({len(text) for text in batch.texts}) > 1


def test_both_are_validated_on_the_same_lines(canvas):
    theirs, ours = canvas.validation_batches(), canvas.lines.validation_batches()
    assert [batch.texts for batch in theirs] == [batch.texts for batch in ours]
    width = ours[0].x_BCHW.shape[3]
    assert torch.equal(theirs[0].x_BCHW[..., :width], ours[0].x_BCHW)


def test_the_ancestors_rate_is_constant():
    lit_model, _, budget = ARMS["crnn"](600)
    assert budget is None
    optimizer = lit_model.configure_optimizers()
    assert isinstance(optimizer, torch.optim.Adam) and optimizer.defaults["lr"] == 0.001


@pytest.mark.parametrize(
    ("arrival", "ratio"),
    [
        (Arrival(2500.0, 900, 0.2, True), "25.0 x"),
        (Arrival(5400.0, 900, 0.5, False), "> 54.0 x"),  # stopped before it arrived
    ],
)
def test_a_ratio_says_whether_the_arm_arrived(arrival, ratio):
    assert told(arrival, Arrival(100.0, 300, 0.19, True)) == ratio
    assert told(arrival, Arrival(100.0, 300, 0.4, False)).startswith("no ratio")


def test_the_table_of_processes_says_what_the_machine_has(tmp_path):
    assert "CPU" in ddp.machine() or "x " in ddp.machine()
    (tmp_path / "metrics.csv").write_text("step,metric,value\n10,train/loss,2.5\n10,train/ctc,1.0\n20,train/loss")
    assert ddp.losses_of(tmp_path / "metrics.csv") == [(10, 2.5)]
