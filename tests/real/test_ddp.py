"""Several processes train one model: on one host, on two, and after one of them has died: make test-real PART=ddp."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[2]
PROGRAM = str(ROOT / "training" / "run_experiment.py")
TORCHRUN = [sys.executable, "-m", "torch.distributed.run"]
STEPS = 50
TINY = [
    *("--model.channels", "[8,8,16,16]", "--model.width", "32", "--model.layers", "1", "--model.norm", "group"),
    *("--lit_model.lr", "0.0001"),  # Adam makes a full step of a rounding error, the larger the rate the worse
    *("--data.pixels", "900", "--data.widths", "[60,200]", "--data.validation_lines", "4", "--logger", "none"),
    *("--precision", "32-true", "--threads", "1", "--checkpoint_every", "5", "--max_steps", str(STEPS)),
]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def start(command: list[str], **more: str) -> subprocess.Popen:
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, env={**ENVIRONMENT, **more}, start_new_session=True, **pipes)


def done(process: subprocess.Popen) -> tuple[int, str]:
    """Wait for the end and return the exit code and all that was said."""
    out, err = process.communicate(timeout=280)
    return process.returncode, out + err


def curve(runs: Path) -> dict[tuple[int, str], float]:
    """Return the numbers of the only run: its loss every ten steps, and what validation gave."""
    (folder,) = runs.iterdir()
    with (folder / "metrics.csv").open(newline="") as stream:
        return {(int(row["step"]), row["metric"]): float(row["value"]) for row in csv.DictReader(stream)}


def assert_same_curve(found: dict, expected: dict) -> None:
    assert found.keys() == expected.keys()
    losses = [key for key in expected if key[1] in ("train/loss", "train/ctc")]
    assert {step for step, _ in losses} == {10, 20, 30, 40, 50}
    for key in losses:
        assert found[key] == pytest.approx(expected[key], rel=1e-5), key


@pytest.fixture(scope="module")
def one(tmp_path_factory) -> dict:
    """Return the numbers of a run of one process."""
    runs = tmp_path_factory.mktemp("one") / "runs"
    code, told = done(start([sys.executable, PROGRAM, *TINY, "--runs", str(runs)]))
    assert code == 0, told
    return curve(runs)


def test_two_processes_give_the_loss_curve_of_one(one, tmp_path):
    command = [*TORCHRUN, "--nproc-per-node", "2", PROGRAM, *TINY, "--runs", str(tmp_path)]
    code, told = done(start(command))
    assert code == 0, told
    assert_same_curve(curve(tmp_path), one)
    assert len([line for line in told.splitlines() if line.startswith(f"step {STEPS} of")]) == 1, "one of them speaks"
    assert json.loads((tmp_path / "line_ctc-001" / "finished.json").read_text())["steps"] == STEPS


@pytest.fixture
def hosts() -> Iterator[tuple[str, str]]:
    """Two hosts: network namespaces that see each other and nothing else."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        pytest.fail("two network namespaces need root and iproute2")
    names = (f"fa{os.getpid()}", f"fb{os.getpid()}")
    a, b = names
    steps = [
        *([["netns", "add", name] for name in names]),
        ["link", "add", "va", "netns", a, "type", "veth", "peer", "name", "vb", "netns", b],
        *(["-n", name, "link", "set", link, "up"] for name, link in ((a, "lo"), (b, "lo"), (a, "va"), (b, "vb"))),
        ["-n", a, "addr", "add", "10.77.0.1/24", "dev", "va"],
        ["-n", b, "addr", "add", "10.77.0.2/24", "dev", "vb"],
    ]
    try:
        for step in steps:
            made = subprocess.run(["ip", *step], capture_output=True, text=True)
            if made.returncode:
                pytest.fail(f"this container may not do `ip {' '.join(step)}`: {made.stderr.strip()}")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


def test_two_hosts_give_the_loss_curve_of_one_process(one, tmp_path, hosts):
    rendezvous = ["--rdzv-backend", "c10d", "--rdzv-id", "lab", "--rdzv-endpoint", "10.77.0.1:29612"]
    processes = []
    for number, (host, link) in enumerate(zip(hosts, ("va", "vb"), strict=True)):
        own = ["--local-addr", f"10.77.0.{number + 1}", "--rdzv-conf", f"is_host={1 - number},join_timeout=60"]
        torchrun = [*TORCHRUN, "--nnodes", "2", "--nproc-per-node", "1", *rendezvous, *own]
        command = ["ip", "netns", "exec", host, *torchrun, PROGRAM, *TINY, "--runs", str(tmp_path)]
        processes.append(start(command, GLOO_SOCKET_IFNAME=link))
    ended = [done(process) for process in processes]
    assert [code for code, _ in ended] == [0, 0], ended
    assert_same_curve(curve(tmp_path), one)


def wait_for_checkpoint(runs: Path, process: subprocess.Popen) -> None:
    until = time.monotonic() + 200
    while time.monotonic() < until and process.poll() is None:
        if list(runs.glob("*/last.ckpt")):
            return
        time.sleep(0.02)
    pytest.fail(f"no checkpoint was made: {process.communicate()}")


def worker_pids(process: subprocess.Popen) -> list[int]:
    """Return the training processes that torchrun started, by their rank."""
    pids = {}
    for status in Path("/proc").glob("[0-9]*/environ"):
        try:
            environment = status.read_bytes().split(b"\0")
            parent = re.search(r"PPid:\s+(\d+)", (status.parent / "status").read_text())
        except OSError:
            continue
        ranks = [int(entry[5:]) for entry in environment if entry.startswith(b"RANK=")]
        if ranks and parent and int(parent[1]) == process.pid:
            pids[ranks[0]] = int(status.parent.name)
    return [pid for _, pid in sorted(pids.items())]


def test_a_process_that_dies_ends_the_job_with_a_sentence_and_a_resume_goes_on(one, tmp_path):
    command = [*TORCHRUN, "--nproc-per-node", "2", PROGRAM, *TINY, "--runs", str(tmp_path), "--resume", "auto"]
    process = start(command)
    wait_for_checkpoint(tmp_path, process)
    os.kill(worker_pids(process)[1], signal.SIGKILL)
    code, told = done(process)
    assert code == 1
    assert "process 0 of 2: another process of this training has ended" in told, told
    assert "start all of them again with --resume auto" in told
    assert not (tmp_path / "line_ctc-001" / "finished.json").exists()
    code, told = done(start(command))
    assert code == 0, told
    assert_same_curve(curve(tmp_path), one)


def test_a_signal_to_one_process_stops_all_at_the_same_step_and_a_resume_goes_on(one, tmp_path):
    command = [*TORCHRUN, "--nproc-per-node", "2", PROGRAM, *TINY, "--runs", str(tmp_path), "--resume", "auto"]
    process = start(command)
    wait_for_checkpoint(tmp_path, process)
    os.kill(worker_pids(process)[1], signal.SIGUSR1)
    _, told = done(process)
    stopped = re.search(r"stopped by signal \d+ after step (\d+) and saved", told)
    assert stopped, told
    saved = torch.load(tmp_path / "line_ctc-001" / "last.ckpt", weights_only=False)
    assert saved["global_step"] == int(stopped[1])
    assert "85" in re.findall(r"exitcode\s*: (-?\d+)", told)
    code, told = done(start(command))
    assert code == 0, told
    assert_same_curve(curve(tmp_path), one)


def test_batch_statistics_are_refused_on_cpus(tmp_path):
    command = [*TORCHRUN, "--nproc-per-node", "2", PROGRAM, *TINY, "--model.norm", "batch", "--runs", str(tmp_path)]
    code, told = done(start(command, CUDA_VISIBLE_DEVICES=""))
    assert code == 1
    assert "normalise over the samples of a batch" in told and "--model.norm group" in told
    assert "exitcode  : 2" in told
