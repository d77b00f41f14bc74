"""Runs that are killed at any moment: every page is read once, and the text is that of a run left alone."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from PIL import Image

from benchmarks import any_amount
from tests.inference.tiny_model import draw_flag_page
from tests.interrupts import ctrl_c_counts

ROOT = Path(__file__).parents[2]


def flags(number: int):
    """Return a page of flags that says its number."""
    return draw_flag_page(["".join("abcde"[int(digit) % 5] for digit in f"{number:04}"), "edcba", "abab"])


@pytest.mark.slow
def test_a_run_killed_four_times_reads_every_page_once_and_writes_the_same(tmp_path, model_folder):
    folder, calm, killed = tmp_path / "pages", tmp_path / "calm", tmp_path / "killed"
    any_amount.draw_pages(folder, 40, flags)
    any_amount.read(folder, calm, str(model_folder), 2)
    runs = list(any_amount.read_with_kills(folder, killed, str(model_folder), 2, 4, 40))
    assert runs[-1].code == 0 and any(run.code is None for run in runs)
    reads = any_amount.reads_of(killed)
    assert len(reads.begun) == 40 and reads.twice == 0
    assert 0 <= reads.again <= 2 * 4  # what was under way when a kill came
    assert any_amount.results_of(calm) == any_amount.results_of(killed)
    assert len(any_amount.results_of(killed)) == 34  # four pages each of the PDF and the TIFF go into one file
    assert not list(killed.rglob("*.tmp"))
    assert list((killed / ".reading" / "pages").iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_stopped_leaves_whole_files_and_no_process(number, code, tmp_path, model_folder):
    (tmp_path / "pages").mkdir()
    for page in range(60):
        Image.fromarray(flags(page)).save(tmp_path / "pages" / f"{page:02}.png")
    command = [sys.executable, "-m", "text_recognizer.inference.cli", "read", str(tmp_path / "pages"), "--jobs", "2"]
    command += ["--out", str(tmp_path / "out"), "--model", str(model_folder)]
    run = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, preexec_fn=ctrl_c_counts)
    while not list((tmp_path / "out").glob("*.txt")):
        assert run.poll() is None
        time.sleep(0.02)
    workers = psutil.Process(run.pid).children(recursive=True)
    run.send_signal(number)
    assert run.communicate(timeout=30)[1] == "text-recognizer: stopped; no file is half-written\n"
    assert run.returncode == code
    psutil.wait_procs(workers, timeout=5)
    assert not [worker for worker in workers if worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE]
    texts = [path.read_text() for path in (tmp_path / "out").glob("*.txt")]
    assert 0 < len(texts) < 60 and all(len(text.splitlines()) == 3 for text in texts)
    assert not list((tmp_path / "out").rglob("*.tmp"))


@pytest.mark.slow
def test_workers_end_when_the_program_is_killed(tmp_path, model_folder):
    (tmp_path / "pages").mkdir()
    for page in range(60):
        Image.fromarray(flags(page)).save(tmp_path / "pages" / f"{page:02}.png")
    command = [sys.executable, "-m", "text_recognizer.inference.cli", "read", str(tmp_path / "pages"), "--jobs", "2"]
    run = subprocess.Popen([*command, "--out", str(tmp_path / "out"), "--model", str(model_folder)], cwd=ROOT)
    while not list((tmp_path / "out").glob("*.txt")):
        time.sleep(0.02)
    workers = psutil.Process(run.pid).children(recursive=True)
    run.kill()
    run.wait()
    _, alive = psutil.wait_procs(workers, timeout=5)
    assert len(workers) >= 2 and alive == []
