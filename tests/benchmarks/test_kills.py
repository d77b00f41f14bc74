"""The program that kills a training at random, with few kills: the whole of it takes minutes."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_run_killed_anywhere_ends_with_the_same_bytes():
    program = [sys.executable, str(ROOT / "benchmarks" / "kills.py"), "--kills", "4", "--steps", "40"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=280)
    told = done.stdout
    assert done.returncode == 0, told + done.stderr
    assert "4 kills, " in told
    assert "OTHER" not in told
    for name in ("tensors of last.ckpt", "tensors of best.ckpt", "metrics.csv", "model/model.onnx"):
        assert f"  {name}" in told
