"""The table of a run's numbers."""

import csv
from pathlib import Path

import pytest

from text_recognizer.callbacks.averaging import MovingAverage
from text_recognizer.callbacks.checkpoints import Checkpoints
from text_recognizer.callbacks.metrics_file import MetricsFile

from .fitted import fit


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "metrics.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_rows_are_written_at_their_steps(tmp_path):
    fit([MetricsFile(tmp_path, every=2)])
    steps = {(row["step"], row["metric"].partition("/")[0]) for row in rows(tmp_path)}
    assert steps == {(s, "train") for s in "246"} | {(s, "validation") for s in "36"}
    assert {row["metric"] for row in rows(tmp_path) if row["step"] == "6"} == {
        *("train/ctc", "train/loss", "train/skipped_steps"),
        *("validation/cer", "validation/cer/handwriting", "validation/cer/print", "validation/wer"),
    }


@pytest.mark.parametrize("tail", ["", "5", "5,train/loss", "5,train/loss,0.1", "50,train/loss,0.1\r\n6"])
def test_a_resumed_run_drops_the_rows_that_come_again(tmp_path, tail):
    fit([MovingAverage(), MetricsFile(tmp_path, 1), Checkpoints(tmp_path, 2)])
    whole = (tmp_path / "metrics.csv").read_bytes()
    (tmp_path / "metrics.csv").unlink()
    (tmp_path / "last.ckpt").unlink()
    fit([MovingAverage(), MetricsFile(tmp_path, 1), Checkpoints(tmp_path, 2)], steps=4)
    with (tmp_path / "metrics.csv").open("a", newline="") as stream:
        stream.write(tail)
    fit([MovingAverage(), MetricsFile(tmp_path, 1), Checkpoints(tmp_path, 2)], resume=tmp_path / "last.ckpt")
    again = (tmp_path / "metrics.csv").read_bytes()
    assert [line.split(b",")[:2] for line in again.split()] == [line.split(b",")[:2] for line in whole.split()]


def test_a_run_that_starts_anew_starts_an_empty_table(tmp_path):
    (tmp_path / "metrics.csv").write_text("step,metric,value\n1,train/loss,9\n")
    fit([MetricsFile(tmp_path, every=6)])
    assert {row["step"] for row in rows(tmp_path)} == {"3", "6"}
