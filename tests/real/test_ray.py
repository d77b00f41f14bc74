"""Reading on a Ray cluster of two workers, one of which is lost in mid-run: make test-real PART=ray."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import any_amount
from tests.inference.test_kill_and_resume import flags
from tests.inference.tiny_model import save_tiny_model

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[2]
PAGES = 60


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pages in pictures, archives, a PDF and a TIFF, and a bad file."""
    folder = tmp_path_factory.mktemp("scans") / "all"
    any_amount.draw_pages(folder, PAGES, flags)
    (folder / "bad.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def expected(folder, model, tmp_path_factory):
    """What two local jobs write."""
    out = tmp_path_factory.mktemp("local") / "out"
    assert run(folder, out, model, "--jobs", "2").returncode == 1  # the bad file
    return any_amount.results_of(out)


@pytest.fixture
def cluster():
    """A head without a core, and two workers of one core each."""
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    workers = [cluster.add_node(num_cpus=1) for _ in range(2)]
    yield cluster, workers
    cluster.shutdown()


def command(folder: Path, out: Path, model: Path, *options: str) -> list[str]:
    words = [sys.executable, "-m", "text_recognizer.inference.cli", "read", str(folder), "--out", str(out)]
    return [*words, "--model", str(model), "--threads", "1", "--dpi", "100", *options]


def run(folder: Path, out: Path, model: Path, *options: str, **environment: str) -> subprocess.CompletedProcess:
    words, env = command(folder, out, model, *options), {**os.environ, **environment}
    return subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env=env)


def pages_read(out: Path) -> int:
    return any_amount.reads_of(out).read.total() if (out / ".reading" / "journal.jsonl").exists() else 0


def test_a_cluster_of_its_own_gives_what_local_jobs_give(folder, model, expected, tmp_path):
    done = run(folder, tmp_path / "out", model, "--engine", "ray", "--jobs", "2")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "bad.png: this is not a picture" in done.stderr
    assert any_amount.results_of(tmp_path / "out") == expected
    reads = any_amount.reads_of(tmp_path / "out")
    assert reads.read.total() == PAGES and reads.twice == 0


def test_a_worker_that_is_lost_in_mid_run_costs_no_page(folder, model, expected, tmp_path, cluster):
    nodes, (lost, _) = cluster
    out = tmp_path / "out"
    words = command(folder, out, model, "--engine", "ray")
    reading = subprocess.Popen(
        words, cwd=ROOT, env={**os.environ, "RAY_ADDRESS": nodes.address}, stderr=subprocess.PIPE
    )
    while pages_read(out) < 5:
        assert reading.poll() is None, reading.communicate()
        time.sleep(0.05)
    for process in lost.live_processes():
        os.kill(process[1].pid, signal.SIGKILL)
    before = pages_read(out)
    said = reading.communicate(timeout=300)[1].decode()
    assert before < PAGES, "the run was over before the worker was lost"
    assert reading.returncode == 1 and "text-recognizer: 1 of" in said
    assert any_amount.results_of(out) == expected
    reads = any_amount.reads_of(out)
    assert reads.read.total() == PAGES and reads.twice == 0


def test_a_run_that_was_killed_goes_on_with_either_engine(folder, model, expected, tmp_path, cluster):
    out, address = tmp_path / "out", cluster[0].address
    words = command(folder, out, model, "--engine", "ray")
    reading = subprocess.Popen(words, cwd=ROOT, env={**os.environ, "RAY_ADDRESS": address}, stderr=subprocess.DEVNULL)
    while pages_read(out) < 5:
        assert reading.poll() is None
        time.sleep(0.05)
    reading.kill()
    reading.wait()
    read_before = pages_read(out)
    assert run(folder, out, model, "--jobs", "2").returncode == 1
    assert 5 <= read_before <= PAGES
    assert any_amount.reads_of(out).twice == 0
    assert any_amount.results_of(out) == expected


def test_results_in_one_stream_are_those_of_local_jobs(folder, model, tmp_path):
    outputs = []
    for options in (["--jobs", "1"], ["--engine", "ray", "--jobs", "2"]):
        done = run(folder, tmp_path / f"{len(outputs)}.json", model, "--format", "json", *options)
        assert done.returncode == 1
        outputs.append(json.loads((tmp_path / f"{len(outputs)}.json").read_text()))
    assert outputs[0] == outputs[1]


def test_a_cluster_that_is_not_there_is_one_sentence(folder, model, tmp_path):
    done = run(folder, tmp_path / "out", model, "--engine", "ray", RAY_ADDRESS="127.0.0.1:9")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("RAY_ADDRESS 127.0.0.1:9: nobody answers there (")
