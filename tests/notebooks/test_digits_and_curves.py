"""What several notebooks share: digits that need no network, and the numbers of a run as points."""

import os

import numpy as np

from notebooks.curves import points
from notebooks.digits import write_digits
from text_recognizer.data.mnist import MNIST


def test_the_digits_are_taken_for_mnist_and_nothing_is_fetched(tmp_path, capsys):
    data = MNIST(folder=write_digits(tmp_path), validation=137)
    assert data.counts() == {"train": 1301, "val": 137, "test": 359}
    ink_NHW, labels_N = data.pictures("train")
    assert ink_NHW.shape == (1301, 28, 28) and ink_NHW.dtype == np.uint8 and ink_NHW.max() == 255
    assert set(labels_N.tolist()) == set(range(10))
    assert "fetching" not in capsys.readouterr().err


def test_digits_that_are_there_are_left_alone(tmp_path):
    files = sorted(write_digits(tmp_path).rglob("*.gz"))
    for path in files:
        os.utime(path, (1, 1))
    write_digits(tmp_path)
    assert len(files) == 4 and all(path.stat().st_mtime == 1 for path in files)


def test_points_are_those_of_one_metric_in_their_order(tmp_path):
    (tmp_path / "metrics.csv").write_text("step,metric,value\n10,a,2.5\n10,b,7\n20,a,1e-3\n")
    assert points(tmp_path, "a") == ([10, 20], [2.5, 0.001])
    assert points(tmp_path, "c") == ([], [])
