"""Recording readings and corrections beside the work: a request only puts them into a queue, a thread writes them."""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import uuid4

import numpy as np

from text_recognizer.errors import UserError
from text_recognizer.inference.result import Page
from text_recognizer.inference.shipped import weights_folder
from text_recognizer.monitoring.features import features_of
from text_recognizer.monitoring.picture_features import sample
from text_recognizer.monitoring.records import Feedback, Loss, Reading, Record
from text_recognizer.monitoring.stores import Store, open_store
from text_recognizer.monitoring.surprise import Surprise

CAPACITY = 200
"""Records that may wait; further ones are dropped and counted."""

TOGETHER = 100
"""Records that are written at once, at most."""

LANGUAGE_MODEL = "language_model.npz"

_log = logging.getLogger("text_recognizer.monitoring")


def recorder_of(
    setting: str | None, keep_text: bool = False, keep_pictures: bool = False, app: str = "", wait: float | None = None
) -> Recorder | None:
    """Return a recorder, or None where nothing is to be recorded.

    Args:
        setting: None or empty for none; the path of an SQLite file; or s3://bucket/prefix.
        keep_text: keep what was read, not only numbers about it.
        keep_pictures: keep the pictures that users correct; without them no correction can be learnt.
        app: the program's name in the records.
        wait: seconds that records are collected for before they are written; by default 0.2, for S3 5.

    Raises:
        UserError: the store cannot be opened or written to, or needs a library that is not installed.
    """
    if not setting:
        return None
    open_store(setting, create=True).close()  # what is wrong with it is said now, to the operator
    if wait is None:
        wait = 5.0 if "://" in setting else 0.2
    return Recorder(setting, keep_text, keep_pictures, app, wait)


@dataclass(frozen=True)
class _Waiting:
    """A reading whose numbers have not been taken yet."""

    reading: Reading
    pages: tuple[Page, ...]
    rows_HW: np.ndarray | None


class Recorder:
    """Records what is read and what users say of it; never raises into a request, never waits for a disk or network.

    The thread that writes starts with the first record, once in each process, so a recorder may be made before a fork.

    Args:
        setting, keep_text, keep_pictures, app, wait: see `recorder_of`.
        capacity: records that may wait.

    Attributes:
        dropped: records that found the queue full.
        failed: records that the store did not take.
    """

    def __init__(
        self,
        setting: str,
        keep_text: bool = False,
        keep_pictures: bool = False,
        app: str = "",
        wait: float = 0.2,
        capacity: int = CAPACITY,
    ) -> None:
        self.setting, self.app, self.wait, self.capacity = setting, app, wait, capacity
        self.keep_text, self.keep_pictures = keep_text, keep_pictures
        self.dropped = self.failed = 0
        self._start = threading.Lock()
        self._pid = 0

    def record_reading(
        self,
        result: Page | Sequence[Page],
        seconds: float,
        picture: np.ndarray | tuple[int, int] | None = None,
        model: str = "",
        request_id: str = "",
    ) -> None:
        """Record a picture that was read.

        Args:
            result: its page, or its pages.
            seconds: the reading took.
            picture: uint8 grey levels [H, W], for numbers about its looks; or only its width and height.
            model: which read it, with its version.
            request_id: by which feedback names it.
        """
        try:
            pages = (result,) if isinstance(result, Page) else tuple(result)
            features, rows_HW = {"seconds": float(seconds)}, None
            if isinstance(picture, np.ndarray):
                rows_HW = sample(picture)
                picture = picture.shape[1], picture.shape[0]
            if picture is not None:
                features["megapixels"] = picture[0] * picture[1] / 1e6
            text = "\n\f".join(page.text for page in pages) if self.keep_text else None
            reading = Reading(time.time(), request_id[:200], model[:200], self.app, features, text)
            self._put(_Waiting(reading, pages, rows_HW))
        except Exception as error:  # whoever asked for a text gets it, recorded or not
            self._lost(1, error)

    def record_feedback(
        self,
        request_id: str,
        corrected_text: str | None,
        flag: str = "",
        picture_bytes: bytes | None = None,
        page: Page | None = None,
    ) -> None:
        """Record what a user said of a reading.

        Args:
            request_id: of the reading.
            corrected_text: as it should read, one line per row; None where it was only flagged.
            flag: what is wrong, in a word.
            picture_bytes: the file that was read; dropped unless pictures are kept.
            page: what was read where; needed to learn from the correction of a page with several lines.
        """
        try:
            lines = [
                {"text": line.text, "corners": line.corners, "baseline": line.baseline}
                for line in (page.lines if page else ())
            ]
            picture = picture_bytes if self.keep_pictures else None
            frame = page.frame if page else 0
            told = (request_id[:200], (flag or "")[:200], corrected_text, tuple(lines), frame, picture)
            self._put(Feedback(time.time(), uuid4().hex, *told))
        except Exception as error:
            self._lost(1, error)

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until all that was recorded is written; return whether it was in time."""
        if self._pid != os.getpid():
            return True
        done = threading.Event()
        try:
            self._queue.put(done, timeout=timeout)
        except queue.Full:
            return False
        return done.wait(timeout)

    def close(self, timeout: float = 5.0) -> None:
        """Write what waits and end the thread."""
        if self._pid == os.getpid() and self._thread.is_alive():
            with suppress(queue.Full):
                self._queue.put(None, timeout=timeout)
                self._thread.join(timeout)
        self._pid = 0

    def _put(self, item: _Waiting | Feedback) -> None:
        if self._pid != os.getpid():
            self._begin()
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self.dropped += 1

    def _begin(self) -> None:
        """Start the thread of this process."""
        with self._start:
            if self._pid == os.getpid():
                return
            self._queue: queue.Queue[_Waiting | Feedback | threading.Event | None] = queue.Queue(self.capacity)
            self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
            self._thread.start()
            atexit.register(self.close)
            self._pid = os.getpid()

    def _work(self) -> None:
        """Write until the recorder is closed; the store and the language model are opened here."""
        store: Store | None = None
        surprise: Surprise | None = None
        told, ended = 0, False
        while not ended:
            batch, flushed, ended = self._batch()
            try:
                store = store or open_store(self.setting, create=True)
                surprise = surprise or Surprise(weights_folder() / LANGUAGE_MODEL)
                records = self._records(batch, surprise)
                if (lost := self.dropped + self.failed) > told:
                    why = f"{self.dropped} found the queue full and {self.failed} the store closed so far"
                    records.append(Loss(time.time(), lost - told, why))
                if records:
                    store.append(records)
                told = lost
            except Exception as error:
                self._lost(len(batch), error)
                store = None
            if flushed is not None:
                flushed.set()
        if store is not None:
            store.close()

    def _batch(self) -> tuple[list[_Waiting | Feedback], threading.Event | None, bool]:
        """Return what is to be written next, who waits for that, and whether it is the last.

        Waits for a first record, and then at most `wait` seconds for more.
        """
        batch: list[_Waiting | Feedback] = []
        until = None
        while len(batch) < TOGETHER:
            try:
                item = self._queue.get(timeout=None if until is None else max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            if item is None or isinstance(item, threading.Event):
                return batch, item, item is None
            batch.append(item)
            until = until or time.monotonic() + self.wait
        return batch, None, False

    def _records(self, batch: Sequence[_Waiting | Feedback], surprise: Surprise) -> list[Record]:
        """Return what is stored of each; what no numbers can be taken of is lost alone."""
        records = []
        for item in batch:
            try:
                records.append(_record(item, surprise))
            except Exception as error:
                self._lost(1, error)
        return records

    def _lost(self, count: int, error: Exception) -> None:
        """Count what was lost, and say so in the log, without any of it."""
        self.failed += count
        reason = str(error) if isinstance(error, UserError) else type(error).__name__
        _log.warning("%d records were not kept: %s", count, reason)


def _record(item: _Waiting | Feedback, surprise: Surprise) -> Record:
    """Return what is stored: of a reading its numbers."""
    if isinstance(item, Feedback):
        return item
    found = {**item.reading.features, **features_of(item.pages, item.rows_HW, surprise)}
    return replace(item.reading, features=found)
