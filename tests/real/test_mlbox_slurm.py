"""mlbox on a Slurm cluster of two nodes, started here. make test-real PART=mlbox_slurm"""

import json
import os
import subprocess
import time

import pytest

from tests.mlbox.boxes import COPY, hello_world, small_box
from tests.real.mlbox_lab import exits_box, hello_and_goodbye, mlbox, record, run_named, timed, well
from tests.real.slurm import slurm
from tests.real.sshd import sshd
from tests.real.test_mlbox_apptainer import apptainer_variables

pytestmark = pytest.mark.real

PLATFORMS = """\
long: {place: slurm}
short: {place: slurm, sbatch: {time: "1", signal: "B:USR1@50"}}
few: {place: slurm, restarts: 1}
later: {place: slurm, sbatch: {begin: now+1hour}}
by_ssh: {place: slurm, host: remote-box}
"""
COUNTS = """\
import pathlib, signal, sys, time
options = dict(word[2:].split("=", 1) for word in sys.argv[1:])
folder = pathlib.Path(options["out"])
stopped = []
for number in (signal.SIGUSR1, signal.SIGTERM):
    signal.signal(number, lambda *_: stopped.append(1))
done = len(list(folder.iterdir()))
print("from", done, flush=True)
for step in range(done, int(options["steps"])):
    (folder / str(step)).touch()
    time.sleep(float(options["pause"]))
    if stopped:
        sys.exit(85)
"""
TASKS = "  t:\n    outputs: {out: {default: o, type: directory}}\n    params: {steps: 40, pause: 1}\n"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """The variables of a running cluster."""
    with slurm(tmp_path_factory.mktemp("slurm")) as variables:
        yield variables


@pytest.fixture
def platform(tmp_path):
    (tmp_path / "platforms.yaml").write_text(PLATFORMS)
    return f"{tmp_path}/platforms.yaml"


def test_hello_and_goodbye(tmp_path, cluster, platform):
    box = hello_world(tmp_path / "box")
    seconds = hello_and_goodbye(box / "baremetal", f"{platform}:long", variables=cluster)
    bare = timed(["sbatch", "--wait", "--output=/dev/null", "--wrap", "python3 -c 'print(1)'"], cluster)
    record("slurm", "bare metal", seconds, bare)


def test_hello_and_goodbye_over_ssh(tmp_path, cluster, platform):
    box = hello_world(tmp_path / "box")
    with sshd(tmp_path / "ssh", cluster) as host:
        variables = {"MLBOX_SSH_CONFIG": str(host.ssh_config)}
        seconds = hello_and_goodbye(box / "baremetal", f"{platform}:by_ssh", variables=variables)
        command = "sbatch --wait --output=/dev/null --wrap \"python3 -c 'print(1)'\""
        bare = timed(["ssh", "-F", str(host.ssh_config), host.name, command])
    record("slurm over ssh", "bare metal", seconds, bare)


def test_the_exit_code_comes_back(tmp_path, cluster, platform):
    ended = mlbox("run", f"{platform}:long", f"{exits_box(tmp_path / 'box')}/baremetal:exits", variables=cluster)
    assert (ended.code, ended.out) == (37, "last words\n"), ended.err


def test_code_is_what_it_was_when_the_job_was_submitted(tmp_path, cluster, platform):
    box = small_box(tmp_path / "box", "  t:\n    inputs: {source: {default: a}}\n    outputs: {out: {default: o}}\n")
    (box / "workspace/a").write_text("old code")
    name = run_named(well(mlbox("run", "--detach", f"{platform}:later", f"{box}:t", variables=cluster)))
    assert "PENDING" in well(mlbox("status", name, variables=cluster)).out
    (box / "implementation/src/task.py").write_text(COPY.replace("read_text()", "read_text() + ' not'"))
    job = (box / ".mlbox/runs" / name / "job").read_text().strip()
    release = ["scontrol", "update", f"JobId={job}", "StartTime=now"]
    subprocess.run(release, env={**os.environ, **cluster}, check=True)
    well(mlbox("logs", "--follow", name, variables=cluster))
    well(mlbox("fetch", name, variables=cluster))
    assert (box / "workspace/o").read_text() == "old code"


def started(box, name, text, seconds=60):
    """Wait until a run has written something."""
    log = box / ".mlbox/runs" / name / "stdout.log"
    for _ in range(seconds * 10):
        if text in log.read_text():
            return
        time.sleep(0.1)
    raise TimeoutError(log.read_text())


def finished(name, cluster, seconds=150):
    """Wait for the end of a run and return its state."""
    for _ in range(seconds):
        state = json.loads(mlbox("status", "--json", name, variables=cluster).out)[name]
        if state.startswith(("done", "lost")):
            return state
        time.sleep(1)
    raise TimeoutError(state)


def test_a_preempted_job_goes_on_and_ends_with_the_same_result(tmp_path, cluster, platform):
    box = small_box(tmp_path / "box", TASKS, COUNTS)
    name = run_named(well(mlbox("run", "--detach", f"{platform}:long", f"{box}:t", "steps=30", variables=cluster)))
    started(box, name, "from 0")
    time.sleep(1.5)
    urgent = [
        "sbatch",
        "--wait",
        "--partition=high",
        "--nodes=2",
        "--exclusive",
        "--output=/dev/null",
        "--wrap",
        "true",
    ]
    subprocess.run(urgent, env={**os.environ, **cluster}, check=True, capture_output=True)
    assert finished(name, cluster) == "done 0"
    well(mlbox("fetch", name, variables=cluster))
    begun = (box / ".mlbox/runs" / name / "stdout.log").read_text().split("\n")[:-1]
    assert len(begun) == 2 and begun[0] == "from 0" and begun[1] != "from 0"
    assert len(os.listdir(box / "workspace/o")) == 30


@pytest.mark.slow
def test_a_job_whose_time_is_up_goes_on(tmp_path, cluster, platform):
    box = small_box(tmp_path / "box", TASKS, COUNTS)
    name = run_named(well(mlbox("run", "--detach", f"{platform}:short", f"{box}:t", "steps=30", variables=cluster)))
    assert finished(name, cluster) == "done 0"
    begun = (box / ".mlbox/runs" / name / "stdout.log").read_text().split("\n")[:-1]
    assert len(begun) >= 2
    assert len(os.listdir(box / "workspace/o")) == 30


def test_a_job_that_always_wants_more_is_given_up(tmp_path, cluster, platform):
    box = small_box(tmp_path / "box", TASKS, "raise SystemExit(85)")
    ended = mlbox("run", f"{platform}:few", f"{box}:t", variables=cluster)
    assert ended.code == 125 and "requeued 1 times and not done" in ended.err


def test_a_job_that_is_cancelled_does_not_come_back(tmp_path, cluster, platform):
    box = small_box(tmp_path / "box", TASKS, COUNTS)
    name = run_named(well(mlbox("run", "--detach", f"{platform}:long", f"{box}:t", variables=cluster)))
    started(box, name, "from 0")
    well(mlbox("cancel", name, variables=cluster))
    time.sleep(2)
    queue = subprocess.run(["squeue", "--noheader"], env={**os.environ, **cluster}, capture_output=True, text=True)
    assert "mlbox" not in queue.stdout


def test_a_sweep_is_one_array(tmp_path, cluster, platform):
    tasks = "  t:\n    inputs: {source: {default: a}}\n    outputs: {out: {default: o}}\n    params: {more: x}\n"
    box = small_box(tmp_path / "box", tasks)
    (box / "workspace/a").write_text("a")
    ended = well(mlbox("run", "--sweep", "more=1,2,3", f"{platform}:long", f"{box}:t", variables=cluster))
    assert "submitted as array" in ended.err
    assert [(box / f"workspace/o-more={value}").read_text() for value in "123"] == ["a1", "a2", "a3"]
    again = well(mlbox("run", "--sweep", "more=1,2,3", f"{platform}:long", f"{box}:t", variables=cluster))
    assert "nothing has changed for any value" in again.err


def test_no_slurm_on_this_machine(tmp_path, platform):
    box = hello_world(tmp_path / "box")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "uname", "mkdir", "rm", "cat"):
        (tools / name).symlink_to(f"/bin/{name}")
    ended = mlbox("run", f"{platform}:long", f"{box}:hello/xinyuan", variables={"PATH": str(tools)})
    assert ended.code == 122 and "sbatch is not on" in ended.err


def test_hello_in_apptainer_under_slurm(tmp_path, cluster, platform):
    settings = {**apptainer_variables(tmp_path), **cluster}
    box = hello_world(tmp_path / "box")
    seconds = hello_and_goodbye(box / "singularity", f"{platform}:long", variables=settings)
    sif = f"{settings['SCRATCH']}/sif/hello_world:0.1.sif"
    wrapped = f"apptainer exec {sif} python3 -c 'print(1)'"
    bare = timed(["sbatch", "--wait", "--output=/dev/null", "--wrap", wrapped], settings)
    record("slurm", "Apptainer", seconds, bare)
