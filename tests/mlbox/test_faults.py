"""What may happen to a run from outside: a second one, Ctrl-C, the death of mlbox itself."""

import os
import signal
import subprocess
import sys
import time

import pytest

from mlbox.cli import main
from tests.interrupts import ctrl_c_counts
from tests.mlbox.boxes import ROOT, small_box

WAITS = """\
import pathlib, sys, time
options = dict(word[2:].split("=", 1) for word in sys.argv[1:])
print("begun", flush=True)
gate = pathlib.Path(__file__).parents[2] / "gate"
for _ in range(600):
    if gate.exists():
        break
    time.sleep(0.05)
pathlib.Path(options["out"]).write_text("whole")
"""


@pytest.fixture
def started(tmp_path):
    """A box whose task waits for a file, and the mlbox that runs it."""
    box = small_box(tmp_path / "box", "  t:\n    outputs: {out: {default: o}}\n", WAITS)
    command = [sys.executable, "-m", "mlbox", "run", f"{box}:t"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command, cwd=ROOT, preexec_fn=ctrl_c_counts, **pipes)
    assert process.stdout.readline() == "begun\n"
    yield box, process
    (box / "gate").touch()
    process.communicate(timeout=60)


def the_run(box):
    return next((box / ".mlbox/runs").iterdir())


def test_a_second_run_at_once_is_refused(started, capfd):
    box, _ = started
    assert main(["run", f"{box}:t"]) == 125
    assert f"another run is at work here (run {the_run(box).name})" in capfd.readouterr().err


def test_ctrl_c_ends_the_task_and_returns_130(started):
    box, process = started
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert not (box / "workspace/o").exists()
    assert (the_run(box) / "rc").read_text() != "0\n"


def test_a_task_outlives_the_death_of_mlbox_and_its_result_is_taken(started, capfd):
    box, process = started
    process.kill()
    process.wait()
    assert main(["run", f"{box}:t"]) == 125  # the task holds the lock for the dead
    assert "at work here" in capfd.readouterr().err
    assert main(["status", str(the_run(box))]) == 0
    assert capfd.readouterr().out.endswith("running\n")
    (box / "gate").touch()
    for _ in range(200):
        if (the_run(box) / "rc").exists():
            break
        time.sleep(0.05)
    time.sleep(0.1)
    assert main(["run", f"{box}:t"]) == 0
    told = capfd.readouterr().err
    assert "ended meanwhile; taking its results" in told and "not run again" in told
    assert (box / "workspace/o").read_text() == "whole"


def test_cancel_ends_a_run_of_a_dead_mlbox(started, capfd):
    box, process = started
    process.kill()
    process.wait()
    assert main(["cancel", str(the_run(box))]) == 0
    assert main(["status", str(the_run(box))]) == 0
    assert "done" in capfd.readouterr().out
    assert not (box / "workspace/o").exists()


def test_a_run_can_go_on_alone(tmp_path, capfd):
    box = small_box(tmp_path / "box", "  t:\n    outputs: {out: {default: o}}\n", WAITS)
    assert main(["run", "--detach", f"{box}:t"]) == 0
    name = the_run(box).name
    assert main(["run", f"{box}:t"]) == 125
    assert f"{name} is still at it" in capfd.readouterr().err
    (box / "gate").touch()
    assert main(["logs", "--follow", name]) == 0
    assert main(["fetch", name]) == 0
    assert (box / "workspace/o").read_text() == "whole"


def test_a_killed_task_is_explained(tmp_path, capfd):
    script = "import os; os.kill(os.getpid(), 9)"
    box = small_box(tmp_path / "box", "  t:\n    outputs: {out: {default: o}}\n", script)
    assert main(["run", f"{box}:t"]) == 137
    assert "killed, often for want of memory" in capfd.readouterr().err


def test_no_engine_is_told_with_what_was_found_and_what_else_there_is(tmp_path, capfd, monkeypatch):
    from tests.mlbox.boxes import hello_world

    box = hello_world(tmp_path / "box")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "uname", "mkdir", "mv", "rm", "date", "cat", "dirname", "mktemp"):
        os.symlink(f"/bin/{name}", tools / name)
    monkeypatch.setenv("PATH", str(tools))
    assert main(["configure", str(box / "docker")]) == 122
    told = capfd.readouterr().err
    assert "docker is not there; podman is not there" in told and f"{box}/baremetal" in told
    assert main(["run", f"{box}/singularity:hello/xinyuan"]) == 122
    assert "neither apptainer nor singularity" in capfd.readouterr().err
    assert not (box / "workspace/greet_xinyuan.txt").exists()


def test_a_box_that_cannot_be_written_to(tmp_path, capfd):
    box = small_box(tmp_path / "box", "  t:\n    outputs: {out: {default: o}}\n")
    (box / ".mlbox").write_text("a file where a folder must be")
    assert main(["run", f"{box}:t"]) == 125
    assert len(capfd.readouterr().err.splitlines()) == 1


def test_an_old_python_is_refused_in_one_line():
    """Seed 004 begins with `.virtualenv-3.6`: the entry point must be readable by that Python, and say what to do."""
    source = (ROOT / "mlbox/__main__.py").read_text()
    compile(source, "__main__", "exec", dont_inherit=True)
    old = source.replace("sys.version_info", "(3, 6, 15)")
    done = subprocess.run([sys.executable, "-c", old], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    assert "this is Python 3.6.15, mlbox needs 3.11 or newer; make the environment anew" in done.stderr
    assert len(done.stderr.splitlines()) == 1
