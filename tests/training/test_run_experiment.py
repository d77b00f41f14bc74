"""The training program as a user runs it: its own process, its exit codes, its words."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml

from tests.synth.built_fonts import build_font
from training.command_line import mistakes_shown
from training.run_experiment import main

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, str(ROOT / "training" / "run_experiment.py")]
STEPS = 40
TINY = [
    *("--model.channels", "[8,8,16,16]", "--model.width", "32", "--model.layers", "1", "--lit_model.warmup", "5"),
    *("--data.pixels", "700", "--data.widths", "[60,300]", "--data.validation_lines", "4", "--logger", "none"),
    *("--max_steps", str(STEPS), "--precision", "32-true", "--threads", "1", "--checkpoint_every", "5"),
]


def start(runs: Path, *options: str, cwd: Path = ROOT, group: bool = False) -> subprocess.Popen:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([*PROGRAM, "--runs", str(runs), *options], cwd=cwd, start_new_session=group, **pipes)


def run(runs: Path, *options: str, cwd: Path = ROOT) -> tuple[int, str, str]:
    """Run to the end and return the exit code and what was said on stdout and stderr."""
    process = start(runs, *options, cwd=cwd)
    out, err = process.communicate(timeout=170)
    return process.returncode, out, err


@pytest.fixture
def inside(capsys):
    """Return what does the same in this process, which saves the seconds that importing torch takes."""

    def run_inside(runs: Path, *options: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end, mistakes_shown():
            raise SystemExit(main(["--runs", str(runs), *options]))
        told = capsys.readouterr()
        return int(end.value.code), told.out, told.err

    return run_inside


def digests(runs: Path) -> dict:
    (folder,) = runs.iterdir()
    return json.loads((folder / "finished.json").read_text())


def wait_for_step(runs: Path, step: int, process: subprocess.Popen) -> None:
    """Wait until the only run has saved step `step` or a later one."""
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        rows = [path.read_text().splitlines() for path in runs.glob("*/metrics.csv")]
        if rows and any(row.split(",")[0].isdigit() and int(row.split(",")[0]) >= step for row in rows[0]):
            return
        time.sleep(0.02)
    pytest.fail(f"step {step} was not reached: {process.communicate()}")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """Return the folder of runs with one that nothing disturbed."""
    runs = tmp_path_factory.mktemp("whole") / "runs"
    code, out, err = run(runs, *TINY)
    assert code == 0, err
    assert "Traceback" not in out + err
    return runs


@pytest.mark.slow
def test_a_run_leaves_all_that_is_needed_to_tell_and_repeat_it(whole):
    (folder,) = whole.iterdir()
    names = {path.name for path in folder.iterdir()}
    assert names == {
        *("config.yaml", "plan.json", "origin.json", "metrics.csv", "pictures", "best.ckpt", "last.ckpt"),
        "finished.json",
    }
    assert json.loads((folder / "plan.json").read_text()) == {
        "precision": "32-true",
        "threads": 1,
        "max_steps": STEPS,
    }
    origin = json.loads((folder / "origin.json").read_text())
    assert len(origin["locks_sha256"]) == 64
    assert origin["packages"]["torch"]
    assert digests(whole)["steps"] == STEPS


@pytest.mark.slow
def test_an_equal_run_from_another_folder_ends_with_the_same_weights_and_metrics_and_says_only_our_lines(
    whole, tmp_path
):
    code, out, err = run(Path("own/runs"), *TINY, cwd=tmp_path)
    assert code == 0
    assert digests(tmp_path / "own" / "runs") == digests(whole)
    said = (out + err).splitlines()
    assert len(said) <= 7, said
    assert all(line.startswith("step ") and "CER" in line for line in err.splitlines())
    assert not any(line for line in said if "ightning" in line or "Trainer" in line or "GPU" in line)


@pytest.mark.slow
def test_another_seed_ends_with_other_weights(whole, tmp_path, inside):
    assert inside(tmp_path, *TINY, "--seed", "1")[0] == 0
    assert digests(tmp_path)["weights_sha256"] != digests(whole)["weights_sha256"]


@pytest.mark.slow
def test_a_run_killed_three_times_and_resumed_ends_with_the_same_weights_and_metrics(whole, tmp_path, inside):
    for step in (7, 20, 28):
        process = start(tmp_path, *TINY, "--resume", "auto")
        wait_for_step(tmp_path, step, process)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    code, _, err = inside(tmp_path, *TINY, "--resume", "auto")
    assert code == 0, err
    assert digests(tmp_path) == digests(whole)
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(
    "number",
    [
        signal.SIGUSR1,  # as Slurm sends it before the end of the time
        signal.SIGTERM,  # as `timeout`, docker and kill send it
    ],
)
def test_a_signal_to_all_processes_ends_with_85_and_the_resumed_run_is_the_same(whole, tmp_path, inside, number):
    process = start(tmp_path, *TINY, group=True)
    wait_for_step(tmp_path, 8, process)
    os.killpg(process.pid, number)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 85, err
    assert f"stopped by signal {int(number)} after step" in out
    assert "Traceback" not in err
    assert inside(tmp_path, *TINY, "--resume", "auto")[0] == 0
    assert digests(tmp_path) == digests(whole)


@pytest.mark.slow
def test_the_keyboard_stops_with_130_and_a_sentence(tmp_path):
    process = start(tmp_path, *TINY, group=True)
    wait_for_step(tmp_path, 8, process)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "stopped by the keyboard; --resume auto" in err
    assert "Traceback" not in err


@pytest.fixture
def stopped(whole, tmp_path) -> Path:
    """Return the folder of a run that was killed at its end, before it could say that it had finished."""
    folder = tmp_path / "runs" / "line_ctc-001"
    shutil.copytree(next(whole.iterdir()), folder)
    (folder / "finished.json").unlink()
    return folder


@pytest.mark.slow
def test_a_run_killed_after_its_last_checkpoint_is_finished_by_a_resume(whole, stopped, inside):
    assert inside(stopped.parent, *TINY, "--resume", stopped.name)[0] == 0
    assert digests(stopped.parent) == digests(whole)
    code, out, _ = inside(stopped.parent, "--resume", str(stopped))
    assert code == 0
    assert "is finished; start a new run" in out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--lit_model.lr", "0.1"], ["--lit_model.lr 0.1: run line_ctc-001 was started with 0.0"]),
        (["--data.pixels", "800"], ["--data.pixels 800", "started with 700"]),
        (["--data.characters", "abc "], ["--data.characters abc ", "started with"]),
    ],
)
def test_a_resumed_run_keeps_its_options(stopped, inside, options, words):
    code, _, err = inside(stopped.parent, "--resume", "auto", *options)
    assert code == 1
    assert all(word in err for word in words), err
    assert len(err.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda c: {**c, "characters": "xyz"}, "its charset has 3 characters, the model's 95"),
        (lambda c: {**c, "characters": c["characters"][::-1]}, "they differ in their order"),
        (lambda c: {**c, "state_dict": {"model.x": torch.zeros(1)}}, "of its weights do not fit the model"),
        (lambda c: {"hello": 1}, "not a readable checkpoint"),
        (None, "not a readable checkpoint"),  # cut off in the middle
    ],
)
def test_a_checkpoint_that_is_not_the_runs_own_is_refused(stopped, inside, spoil, message):
    path = stopped / "last.ckpt"
    if spoil:
        torch.save(spoil(torch.load(path, weights_only=False)), path)
    else:
        path.write_bytes(path.read_bytes()[:5000])
    code, _, err = inside(stopped.parent, "--resume", "auto")
    assert code == 1
    assert message in err
    assert "Traceback" not in err and len(err.splitlines()) == 1


@pytest.mark.slow
def test_a_time_budget_becomes_steps_once(tmp_path, inside):
    options = [option for option in TINY if option not in ("--max_steps", str(STEPS))]
    process = start(tmp_path, *options, "--budget", "12")
    until = time.monotonic() + 120
    while time.monotonic() < until and '"max_steps": null' in (plan(tmp_path) or '"max_steps": null'):
        time.sleep(0.05)
    recorded = json.loads(plan(tmp_path))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode in (0, 85)
    assert recorded["max_steps"] > 6
    code, _, err = inside(tmp_path, "--resume", "line_ctc-001")
    assert code == 0, err
    assert json.loads(plan(tmp_path)) == recorded
    assert digests(tmp_path)["steps"] == recorded["max_steps"]


def plan(runs: Path) -> str:
    return "".join(path.read_text() for path in runs.glob("*/plan.json"))


@pytest.mark.slow
def test_what_a_worker_cannot_draw_is_one_sentence(tmp_path, inside):
    build_font(tmp_path / "fonts" / "a.ttf", "Boxes", empty="0123456789 ")
    options = ["--data.characters", "0123456789 ", "--data.fonts", str(tmp_path / "fonts"), "--data.handwriting", "0"]
    code, _, err = inside(tmp_path / "runs", *TINY, *options)
    assert code == 1
    assert "a.ttf: has no ink for any of the 11 characters" in err
    assert "Traceback" not in err
    assert len([line for line in err.splitlines() if not line.startswith("step ")]) == 1


@pytest.mark.slow
def test_a_folder_that_cannot_be_made_is_named(tmp_path, inside):
    (tmp_path / "file").write_text("")
    code, _, err = inside(tmp_path / "file", *TINY)
    assert code == 1
    assert "name another folder with --runs" in err
    assert len(err.splitlines()) == 1


@pytest.mark.slow
def test_the_printed_configuration_is_read_again(whole, tmp_path, inside):
    code, out, _ = inside(tmp_path, *TINY, "--print_config")
    assert code == 0
    assert not list(tmp_path.iterdir())
    (tmp_path / "own.yaml").write_text(out)
    own = ["--config", str(tmp_path / "own.yaml"), "--runs"]
    assert inside(tmp_path, *own, str(tmp_path), "--print_config")[1] == out
    assert inside(tmp_path, *own, str(tmp_path / "runs"))[0] == 0
    assert digests(tmp_path / "runs") == digests(whole)
    config = yaml.safe_load((tmp_path / "runs" / "line_ctc-001" / "config.yaml").read_text())
    assert config["model"]["init_args"]["width"] == 32
