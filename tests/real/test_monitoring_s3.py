"""Readings and corrections in S3, from moto's server: make test-real PART=monitoring_s3."""

import io
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.monitoring.pages import page
from tests.real.test_remote import bucket  # noqa: F401  a server with the bucket "pages"
from text_recognizer.data.own_data import read_own_data
from text_recognizer.errors import UserError
from text_recognizer.monitoring.recorder import recorder_of
from text_recognizer.monitoring.stores import open_store

pytestmark = pytest.mark.real
ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from tests.monitoring.pages import page
from text_recognizer.monitoring.recorder import recorder_of
recorder = recorder_of(sys.argv[1], wait=0.1)
for number in range(int(sys.argv[3])):
    recorder.record_reading(page("some text"), 0.1, request_id=f"{sys.argv[2]}-{number}")
    if number % 20 == 0:
        recorder.flush(30)
        print(number, flush=True)
recorder.close(30)
"""


@pytest.fixture
def environment(bucket, monkeypatch):  # noqa: F811
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, bucket[name])
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    yield {**os.environ}
    s3fs.S3FileSystem.clear_instance_cache()


def ids(store: str, since: float = 0.0) -> list[str]:
    with closing(open_store(store)) as opened:
        return [reading.request_id for reading in opened.readings(since)]


def picture() -> bytes:
    grey_HW = np.full((100, 400), 230, np.uint8)
    grey_HW[10:30, 20:300:7], grey_HW[50:70, 20:300:5] = 20, 20
    stream = io.BytesIO()
    Image.fromarray(grey_HW).save(stream, "PNG")
    return stream.getvalue()


def test_what_is_recorded_comes_back(environment):
    store = "s3://pages/monitoring/one"
    recorder = recorder_of(store, keep_text=True, keep_pictures=True, app="api", wait=0.1)
    recorder.record_reading(page("été", "two"), 0.5, np.full((60, 80), 200, np.uint8), "best", "r1")
    recorder.record_feedback("r1", "éte\ntwo", "wrong text", picture(), page("été", "two"))
    recorder.close()
    assert recorder.failed == 0
    with closing(open_store(store)) as opened:
        (reading,), (feedback,) = list(opened.readings()), list(opened.feedback())
        assert list(opened.readings(time.time() + 60)) == []
    assert (reading.text, reading.features["seconds"], reading.app) == ("été\ntwo", 0.5, "api")
    assert feedback.picture == picture() and feedback.lines[0]["text"] == "été" and feedback.flag == "wrong text"


def test_processes_write_side_by_side_and_what_was_flushed_outlives_a_kill(environment):
    store = "s3://pages/monitoring/many/"
    command = [sys.executable, "-c", WRITER, store]
    two = [subprocess.Popen([*command, f"p{n}", "60"], cwd=ROOT, env=environment) for n in range(2)]
    killed = subprocess.Popen([*command, "k", "1000000"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    flushed = [int(killed.stdout.readline()) for _ in range(2)][-1]
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert [process.wait(60) for process in two] == [0, 0]
    found = set(ids(store))
    assert {f"p{n}-{number}" for n in range(2) for number in range(60)} <= found
    assert {f"k-{number}" for number in range(flushed + 1)} <= found


def test_a_report_and_lines_come_out_of_a_bucket(environment, tmp_path):
    store = "s3://pages/monitoring/report"
    recorder = recorder_of(store, keep_pictures=True, wait=0.1)
    for number in range(30):
        recorder.record_reading(page("some text"), 0.1, request_id=str(number))
    recorder.record_feedback("1", "a first line\na second line", "", picture(), page("a frst line", "a second lne"))
    recorder.close()
    command = [sys.executable, "-m", "text_recognizer.inference.cli", "monitor"]
    for words in (["report", store, "--out", "r.html"], ["export", store, "--out", "lines"]):
        done = subprocess.run([*command, *words], cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
    assert "<svg" in (tmp_path / "r.html").read_text()
    assert sorted(line.text for line in read_own_data(tmp_path / "lines").lines) == ["a first line", "a second line"]


def test_a_bucket_that_is_not_there_harms_no_request(environment, caplog):
    recorder = recorder_of("s3://no-such-bucket/x", wait=0.1)
    started = time.monotonic()
    recorder.record_reading(page("secret text"), 0.1)
    assert time.monotonic() - started < 0.5
    recorder.close()
    assert recorder.failed == 1 and "not kept" in caplog.text and "secret text" not in caplog.text
    with pytest.raises(UserError, match="cannot be used|no readings"):
        ids("s3://no-such-bucket/x")
