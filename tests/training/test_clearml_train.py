"""clearml_train.py without ClearML: as `bash example/NAME.sh` starts it. With ClearML: tests/real/test_clearml.py."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
START = (ROOT / "training/clearml_train.py").read_text(encoding="utf-8")
TRAINER = """\
import os, pathlib, signal, sys, time
line = " ".join([os.environ.get("RANK", "alone"), *sys.argv[1:]])
os.write(1, f"{line}\\n".encode())  # whole: two processes write into one pipe
if "--wait=yes" in sys.argv:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(85))
    print("waiting", flush=True)
    time.sleep(60)
sys.exit(int(os.environ.get("CODE", "0")))
"""


@pytest.fixture
def repository(tmp_path) -> Path:
    """Somebody's repository with a trainer, and ours beside it."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/train.py").write_text(TRAINER)
    line = 'TRAINER = "{here}/train.py {config} --launcher={launcher}"'
    ours = 'TRAINER = "-m training.run_experiment --config={config}"'
    assert ours in START
    (tmp_path / "tools/clearml_train.py").write_text(START.replace(ours, line))
    (tmp_path / "a config.py").write_text("x = 1\n")
    return tmp_path


def start(repository: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CLEARML")}
    command = [sys.executable, "tools/clearml_train.py", *words]
    environ |= {"HOME": str(repository), **more}
    return subprocess.run(command, cwd=repository, env=environ, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    "words",
    [
        ["config=a config.py", "lr=0.1"],  # as clearml-task writes them
        ["--config=a config.py", "--lr=0.1"],  # as run_experiment.py writes them
        ["--config", "a config.py", "--lr", "0.1"],
    ],
)
def test_every_way_to_write_an_argument_is_the_same(repository, words):
    done = start(repository, *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "alone a config.py --launcher=none --lr=0.1"


def test_two_processes(repository):
    done = start(repository, "config=a config.py", "standalone=True", "nproc_per_node=2")
    assert done.returncode == 0, done.stderr
    assert {f"{rank} a config.py --launcher=pytorch" for rank in (0, 1)} <= set(done.stdout.splitlines())


def test_the_trainers_exit_code_comes_back(repository):
    assert start(repository, "config=a config.py", CODE="37").returncode == 37


def test_it_can_be_told_to_save(repository):
    command = [sys.executable, "tools/clearml_train.py", "config=a config.py", "wait=yes"]
    environ = {**os.environ, "CLEARML_OFFLINE_MODE": "1"}
    process = subprocess.Popen(command, cwd=repository, env=environ, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    while process.stdout.readline() != "waiting\n":
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    assert process.wait(timeout=30) == 85 and time.monotonic() - begun < 20


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["config=no.py"], "config=no.py: there is no such file"),
        (["config=a config.py", "dataset_path=data/x"], "dataset_path=data/x: there is nothing, and no dataset_id"),
        (["config=a config.py", "dataset_path=data/x", "dataset_id=abc"], "ClearML is not there to fetch it"),
        (["config=a config.py", "nproc_per_node=0"], "nproc_per_node=0: give 1 or more, gpu or auto"),
        (["config=a config.py", "standalone=perhaps"], "standalone=perhaps: give True or False"),
        (["a config.py"], "a config.py: is no NAME=VALUE"),
    ],
)
def test_a_mistake_is_one_sentence(repository, words, told):
    done = start(repository, *words)
    assert done.returncode == 2 and told in done.stderr and len(done.stderr.splitlines()) == 1


def test_data_that_are_there_are_used_as_they_are(repository):
    (repository / "data/x").mkdir(parents=True)
    assert start(repository, "config=a config.py", "dataset_path=data/x").returncode == 0
    assert not (repository / "data/x").is_symlink()
