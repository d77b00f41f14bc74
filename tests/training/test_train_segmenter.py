import numpy as np
import pytest

from text_recognizer.inference.segmenter import Segmenter
from training import train_segmenter

TINY = ["--steps", "2", "--every", "2", "--data.pool", "2", "--data.batch_size", "1", "--data.handwriting", "0"]
TINY += ["--model.channels", "[4,8,8,8]", "--model.depth", "1", "--data.validation", "1"]


@pytest.mark.slow
def test_a_short_run_leaves_weights_and_a_model_that_looks_at_pages(tmp_path, capsys):
    assert train_segmenter.main(["--folder", str(tmp_path / "run"), *TINY]) == 0
    assert (tmp_path / "run" / "segmenter.pt").exists() and "step 2:" in capsys.readouterr().out
    maps = Segmenter(tmp_path / "run" / "segmenter.onnx", 1).look(np.full((90, 130), 255, np.uint8))
    assert maps.baseline_hw.shape == tuple(-(-side // 4) for side in maps.scaled_HW.shape)


@pytest.mark.slow
def test_a_run_can_start_from_the_weights_of_another(tmp_path):
    train_segmenter.main(["--folder", str(tmp_path / "a"), *TINY])
    start = ["--start", str(tmp_path / "a" / "segmenter.pt")]
    assert train_segmenter.main(["--folder", str(tmp_path / "b"), *start, *TINY]) == 0
