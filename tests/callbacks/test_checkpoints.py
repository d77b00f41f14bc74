"""Checkpoints are whole or not there."""

import errno
import os
import subprocess
from pathlib import Path

import pytest
import pytorch_lightning as pl
import torch

from text_recognizer.callbacks.averaging import MovingAverage
from text_recognizer.callbacks.checkpoints import Checkpoints
from text_recognizer.errors import UserError

from .fitted import fit


class At(pl.Callback):
    """Calls `act` with the module before a step."""

    def __init__(self, step: int, act) -> None:
        self.step, self.act = step, act

    def on_train_batch_start(self, trainer, pl_module, *_) -> None:
        if trainer.global_step == self.step:
            self.act(pl_module)


def test_best_holds_the_averaged_weights_and_last_what_a_run_needs_to_go_on(tmp_path):
    average = MovingAverage()
    fit([average, Checkpoints(tmp_path, 2)])
    best, last = (torch.load(tmp_path / f"{name}.ckpt", weights_only=False) for name in ("best", "last"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.ckpt", "last.ckpt"]
    assert last["global_step"] == 6
    assert {"optimizer_states", "lr_schedulers", "averaging_state", "current_model_state"} <= last.keys()
    assert not {"optimizer_states", "current_model_state"} & best.keys()
    differ = [k for k, v in last["state_dict"].items() if not torch.equal(v, last["current_model_state"][k])]
    assert differ, "the average is not the model itself"
    if best["global_step"] == last["global_step"]:
        assert all(torch.equal(v, last["state_dict"][k]) for k, v in best["state_dict"].items())


def test_best_is_the_average_of_its_step(tmp_path):
    average = MovingAverage()
    fit([average, Checkpoints(tmp_path, 100)], steps=3)
    best = torch.load(tmp_path / "best.ckpt", weights_only=False)
    assert best["global_step"] == 3
    assert all(torch.equal(v, average.weights()[k]) for k, v in best["state_dict"].items())


def test_weights_that_are_not_finite_are_refused_and_the_good_file_stays(tmp_path):
    def spoil(pl_module) -> None:
        kept.append((tmp_path / "last.ckpt").read_bytes())
        next(pl_module.parameters()).data.fill_(float("nan"))

    kept: list[bytes] = []
    with pytest.raises(UserError, match="weights are not finite at step 6, model.features"):
        fit([MovingAverage(), At(4, spoil), Checkpoints(tmp_path, 2)], every=10**9)
    assert (tmp_path / "last.ckpt").read_bytes() == kept[0]


def test_a_full_disk_leaves_the_good_file_and_nothing_else(tmp_path, monkeypatch):
    real, fail = torch.save, []

    def save(value, stream) -> None:
        if not fail:
            return real(value, stream)
        stream.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(torch, "save", save)
    with pytest.raises(UserError, match="last.ckpt: could not be written .No space left on device.; free some space"):
        fit([MovingAverage(), At(4, fail.append), Checkpoints(tmp_path, 2)], every=10**9)
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]
    assert torch.load(tmp_path / "last.ckpt", weights_only=False)["global_step"] == 4


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_disk_that_is_really_full_is_named_as_such(tmp_path):
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(tmp_path)], capture_output=True)
    if made.returncode:
        pytest.skip("this container may not mount")
    try:
        fill = lambda _: (tmp_path / "ballast").write_bytes(b"x" * (free_bytes(tmp_path) - 20_000))  # noqa: E731
        with pytest.raises(UserError, match="last.ckpt: could not be written .No space left on device"):
            fit([MovingAverage(), At(4, fill), Checkpoints(tmp_path, 2)], every=10**9)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["ballast", "last.ckpt"]
        assert torch.load(tmp_path / "last.ckpt", weights_only=False)["global_step"] == 4
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def free_bytes(folder: Path) -> int:
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize
