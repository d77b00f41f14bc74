"""A sweep without an account: its space, and a trial that goes on where a kill left it."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest

from text_recognizer.errors import UserError
from training import sweep
from training.sweep_space import read_space

ROOT = Path(__file__).parents[2]
SPACE = """\
program: training/run_experiment.py
method: random
metric: {name: validation/cer, goal: minimize}
parameters:
  lit_model.lr: {distribution: log_uniform_values, min: 0.001, max: 0.01}
  lit_model.warmup: {values: [3, 6]}
  max_steps: {value: 12}
"""
TINY = [
    *("--model.channels", "[8,8,8,8]", "--model.width", "16", "--model.layers", "0", "--data.pixels", "300"),
    *("--data.widths", "[60,120]", "--data.validation_lines", "2", "--data.num_workers", "0", "--logger", "none"),
    *("--precision", "32-true", "--threads", "1", "--checkpoint_every", "2"),
]


@pytest.fixture
def space(tmp_path) -> Path:
    (tmp_path / "sweep.yaml").write_text(SPACE)
    return tmp_path / "sweep.yaml"


def arguments(space: Path, trials: int, *more: str) -> list[str]:
    return ["--space", str(space), "--runs", str(space.parent / "runs"), "--trials", str(trials), "--", *TINY, *more]


def test_the_sweep_file_that_is_shipped_is_a_space():
    space = read_space(sweep.SPACE)
    assert space.metric == "validation/cer" and space.minimize and space.trials == 12
    assert space.fixed == {"max_steps": 400}
    assert space.varied["lit_model.lr"] == optuna.distributions.FloatDistribution(0.0005, 0.01, log=True)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("method: random", "method: randm", "method 'randm' is not known; did you mean random"),
        ("{values: [3, 6]}", "{min: 6, max: 3}", "lit_model.warmup is no range"),
        ("log_uniform_values", "beta", "has the distribution 'beta'"),
        ("{value: 12}", "12", "max_steps is 12; give it value:, values:, or min: and max:"),
        ("metric: {name: validation/cer, goal: minimize}\n", "", "not a sweep file"),
    ],
)
def test_what_a_local_sweep_does_not_know_is_named(space, before, after, message):
    space.write_text(SPACE.replace(before, after))
    with pytest.raises(UserError, match=message):
        read_space(space)


def test_whole_numbers_without_a_distribution_stay_whole(space):
    space.write_text(SPACE.replace("{values: [3, 6]}", "{min: 3, max: 6}"))
    assert read_space(space).varied["lit_model.warmup"] == optuna.distributions.IntDistribution(3, 6)


@pytest.mark.slow
def test_a_sweep_killed_within_a_trial_goes_on_with_it_and_every_trial_is_a_run(space):
    runs = space.parent / "runs"
    program = [sys.executable, "-m", "training.sweep", *arguments(space, 2)]
    process = subprocess.Popen(
        program, cwd=ROOT, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    until = time.monotonic() + 120
    while not list(runs.glob("*/last.ckpt")) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (begun,) = sqlite3.connect(runs / "sweep.db").execute("select count(*) from trials").fetchone()
    done = subprocess.run(
        program, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in runs.glob("*-t*")) == ["sweep-t000-001", "sweep-t001-001"]
    assert all((folder / "finished.json").exists() for folder in runs.glob("*-t*"))
    assert "sweep-t000-001" in done.stdout and "sweep-t001-001" in done.stdout, "the table"
    study = optuna.load_study(study_name="sweep", storage=f"sqlite:///{runs}/sweep.db")
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "COMPLETE"]
    assert 1 <= begun <= 2
    with pytest.raises(UserError, match="begun with another space, seed or options"):
        sweep.main([*arguments(space, 3), "--seed", "1"])


@pytest.mark.slow
def test_a_trial_that_fails_is_told_and_the_next_one_is_made(space, capsys):
    space.write_text(SPACE.replace("{values: [3, 6]}", "{values: [0]}"))  # out of range: the space is wrong
    with pytest.raises(UserError, match="--lit_model.warmup 0: is out of range"):
        sweep.main(arguments(space, 1))
    space.write_text(SPACE.replace("validation/cer", "validation/nothing"))
    assert sweep.main([*arguments(space, 1)[:6], "--name", "second", *arguments(space, 1)[6:]]) == 0
    assert "trial 0 failed: " in (told := capsys.readouterr().out) and "holds no validation/nothing" in told
