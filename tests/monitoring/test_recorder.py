"""Recording: what is kept, what is not, and what happens when the store is slow, broken or shared."""

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.monitoring.pages import page
from text_recognizer.errors import UserError
from text_recognizer.monitoring.recorder import Recorder, recorder_of
from text_recognizer.monitoring.records import FEATURES
from text_recognizer.monitoring.stores import open_store

ROOT = Path(__file__).parents[2]
SECRET = "My account is 4711"


@pytest.fixture
def store(tmp_path):
    return str(tmp_path / "monitoring.db")


def readings(store: str) -> list:
    with closing(open_store(store)) as opened:
        return list(opened.readings())


def bytes_of(store: str) -> bytes:
    return b"".join(path.read_bytes() for path in Path(store).parent.glob("monitoring.db*"))


def record(recorder: Recorder, number: int = 0) -> None:
    grey_HW = np.full((90, 800), 240, np.uint8)
    grey_HW[::6, ::5] = 20
    recorder.record_reading(page(SECRET, "and a second line"), 0.25, grey_HW, "best 1.0", f"request-{number}")


def test_nothing_is_recorded_without_a_setting():
    assert recorder_of(None) is None and recorder_of("") is None


def test_all_features_of_a_reading_are_kept_and_no_text(store):
    recorder = recorder_of(store, app="api")
    record(recorder)
    recorder.close()
    (kept,) = readings(store)
    assert (kept.request_id, kept.model, kept.app, kept.text) == ("request-0", "best 1.0", "api", None)
    assert set(kept.features) == set(FEATURES)
    assert kept.features["seconds"] == 0.25 and kept.features["lines"] == 2 and kept.features["megapixels"] == 0.072
    assert SECRET.encode() not in bytes_of(store)


def test_text_is_kept_when_asked_for(store):
    recorder = recorder_of(store, keep_text=True)
    record(recorder)
    recorder.close()
    assert readings(store)[0].text == f"{SECRET}\nand a second line"


def test_a_blank_page_is_recorded_with_what_can_be_measured(store):
    recorder = recorder_of(store)
    recorder.record_reading(page(), 0.1, np.full((50, 60), 255, np.uint8))
    recorder.record_reading([page("one"), page("two")], 0.1, (50, 60))
    recorder.close()
    blank, two = readings(store)
    assert blank.features["lines"] == 0 and "confidence" not in blank.features and "ink" not in blank.features
    assert two.features["lines"] == 2 and "brightness" not in two.features


def test_a_picture_is_kept_with_its_correction_only_when_asked_for(store):
    for keep in (False, True):
        recorder = recorder_of(store, keep_pictures=keep)
        recorder.record_feedback("request-1", "corrected", "wrong text", b"picture", page("corected"))
        recorder.close()
    with closing(open_store(store)) as opened:
        without, with_picture = opened.feedback()
    assert (without.picture, with_picture.picture) == (None, b"picture")
    assert with_picture.flag == "wrong text" and with_picture.lines[0]["text"] == "corected"


def test_what_cannot_be_recorded_never_reaches_the_request(store, caplog):
    recorder = recorder_of(store)
    with caplog.at_level(logging.WARNING):
        recorder.record_reading(SECRET, 0.1)  # no page at all
        recorder.record_reading(page(SECRET), 0.1, "no picture")
        recorder.flush()
    assert recorder.failed == 2
    assert SECRET not in caplog.text and "not kept" in caplog.text
    record(recorder)
    recorder.close()
    assert len(readings(store)) == 1


def test_a_full_queue_drops_and_says_how_many(store):
    with closing(sqlite3.connect(recorder_of(store).setting, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # the writer has to wait
        recorder = Recorder(store, wait=0.0, capacity=5)
        started = time.monotonic()
        for number in range(300):
            record(recorder, number)
        took = time.monotonic() - started
        other.execute("COMMIT")
    recorder.flush()
    record(recorder)
    recorder.close()
    assert took < 2 and recorder.dropped > 0
    with closing(open_store(store)) as opened:
        assert sum(loss.count for loss in opened.losses()) == recorder.dropped
        assert len(list(opened.readings())) == 301 - recorder.dropped


def test_a_recorder_made_before_a_fork_records_in_both(store):
    recorder = recorder_of(store)
    record(recorder, 1)
    child = os.fork()
    if child == 0:
        record(recorder, 2)
        recorder.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    recorder.close()
    assert sorted(kept.request_id for kept in readings(store)) == ["request-1", "request-2"]


WRITER = """
import sys, time
from tests.monitoring.pages import page
from text_recognizer.monitoring.recorder import recorder_of
recorder = recorder_of(sys.argv[1])
for number in range(int(sys.argv[2])):
    recorder.record_reading(page("some text"), 0.1, request_id=f"{sys.argv[3]}-{number}")
    if number % 50 == 0:
        recorder.flush(30)
        print(number, flush=True)
recorder.close(30)
time.sleep(float(sys.argv[4]))
"""


def writer(store: str, count: int, name: str, rest: float = 0.0) -> subprocess.Popen:
    command = [sys.executable, "-c", WRITER, store, str(count), name, str(rest)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_four_processes_write_to_one_new_file(store):
    running = [writer(store, 120, f"p{number}") for number in range(4)]
    assert [process.wait(60) for process in running] == [0] * 4
    ids = {kept.request_id for kept in readings(store)}
    assert ids == {f"p{process}-{number}" for process in range(4) for number in range(120)}


def test_what_was_flushed_outlives_a_kill(store):
    process = writer(store, 1_000_000, "p")
    flushed = [int(process.stdout.readline()) for _ in range(4)][-1]
    process.send_signal(signal.SIGKILL)
    process.wait()
    ids = {kept.request_id for kept in readings(store)}
    assert {f"p-{number}" for number in range(flushed + 1)} <= ids
    recorder = recorder_of(store)  # and others go on
    record(recorder)
    recorder.close()
    assert len(readings(store)) == len(ids) + 1
    with closing(sqlite3.connect(store)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def a_database(path: Path) -> str:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE guests (name TEXT)")
    return str(path)


def a_text(path: Path) -> str:
    path.write_text("dear diary " * 200)
    return str(path)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (a_database, "another program's database"),
        (a_text, "not a database"),
        (lambda path: str(path / "no" / "\0"), "name another file"),
        (lambda path: "ftp://host/x", "give a path or s3://bucket/prefix"),
        (lambda path: "s3://", "names no bucket"),
    ],
)
def test_a_store_that_cannot_be_used_is_refused_when_the_program_starts(tmp_path, made, said):
    with pytest.raises(UserError, match=said):
        recorder_of(made(tmp_path / "x.db"))
