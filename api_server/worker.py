"""A process that reads pictures: it loads the models once, and dies alone of a picture that kills it."""

from __future__ import annotations

import signal
import threading
import warnings
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np

from api_server.recording import Recording
from text_recognizer.errors import UserError
from text_recognizer.image import Limits
from text_recognizer.inference.answers import answer
from text_recognizer.inference.page_settings import PageSettings
from text_recognizer.inference.picture_reading import PictureReader, Reading
from text_recognizer.inference.problems import problem_of
from text_recognizer.inference.reading_options import ReadingOptions
from text_recognizer.inference.requests import Picture
from text_recognizer.inference.worker_pool import end_with_parent


@dataclass(frozen=True)
class Task:
    """A picture that is to be read.

    Attributes:
        picture, options: what is read, and how.
        format: of the answer.
        request_id: under which it is recorded.
    """

    picture: Picture
    options: ReadingOptions
    format: str
    request_id: str = ""


@dataclass(frozen=True)
class Done:
    """What came of a task.

    Attributes:
        status: of the HTTP answer.
        body: the answer, or the sentence that says why there is none.
        pages: that were read.
        seconds: that it took.
    """

    status: int
    body: bytes
    pages: int = 0
    seconds: float = 0.0


def work(connection: Connection, settings: PageSettings, limits: Limits, recording: Recording) -> None:
    """Read what comes in until nothing does; the life of a worker, whose first word is the model's version."""
    for number in (signal.SIGINT, signal.SIGTERM):  # may reach all processes at once; the server decides
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    warnings.filterwarnings("ignore", module="PIL")  # what matters of them is said by an error
    threading.Thread(target=end_with_parent, daemon=True).start()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            desk = Desk(settings, limits, recording)
        except UserError as error:
            connection.send(error)
            return
        connection.send(desk.reader.model)
        while True:
            connection.send(desk.do(connection.recv()))
            desk.record()
    desk.close()


class Desk:
    """Where a worker reads: the models, and the recorder if anything is recorded.

    Raises:
        UserError: a model cannot be loaded, or the store not be opened.
    """

    def __init__(self, settings: PageSettings, limits: Limits, recording: Recording) -> None:
        self.reader = PictureReader(settings, limits)
        self.reader.warm_up()
        self.recorder = recording.recorder()
        self._last: tuple[Reading, str] | None = None
        self._seen: list[np.ndarray] = []

    def do(self, task: Task) -> Done:
        """Read a picture and write the answer; whatever goes wrong with it is told there."""
        self._seen, name = [], task.picture.name
        try:
            reading = self.reader.read(task.picture, task.options, self._look if self.recorder else None)
            body = answer(reading, task.format, task.options.characters)
        except UserError as error:
            problem = problem_of(error)
            return Done(problem.status, problem.detail.encode("utf-8", "replace"))
        except MemoryError:
            return Done(413, f"{name}: it needs more memory than there is; scale it down".encode())
        except Exception as error:  # one picture must not end the worker; its content is told to nobody
            return Done(500, f"{name}: reading it failed ({type(error).__name__}); report it".encode())
        self._last = reading, task.request_id
        return Done(200, body, len(reading.pages), reading.seconds)

    def record(self) -> None:
        """Record the last reading, when its answer is on its way."""
        if self.recorder is not None and self._last is not None:
            reading, request_id = self._last
            seen = self._seen[0] if self._seen else None
            self.recorder.record_reading(reading.pages, reading.seconds, seen, reading.model, request_id)
        self._last, self._seen = None, []

    def close(self) -> None:
        """Write what was recorded."""
        if self.recorder is not None:
            self.recorder.close()

    def _look(self, grey_HW: np.ndarray) -> None:
        if not self._seen:
            self._seen.append(grey_HW)
