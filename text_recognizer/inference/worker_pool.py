"""An engine of several processes on this machine; one that dies takes no page with it but its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from text_recognizer.errors import UserError
from text_recognizer.inference.page_settings import PageSettings
from text_recognizer.inference.page_task import Outcome, PageFunction, PageTask
from text_recognizer.inference.reading_job import ReadingJob

READY = "ready"
HELD_PER_WORKER = 8
"""Pages in hand for each worker: those being read, and those that wait for an earlier one to be written."""

FAILED_STARTS = 3
"""Workers that end one after the other before they can read, until that is taken for hopeless."""

PATIENCE = 3.0
"""Seconds that a worker has to end when it is told to."""


@dataclass(eq=False)
class _Worker:
    process: BaseProcess
    connection: Connection
    task: PageTask | None = None
    ready: bool = False


class WorkerPool:
    """Reads in worker processes, each of which loads the models once.

    Args:
        settings: how pages are read.
        jobs: workers; no more are started than there are pages.
    """

    def __init__(self, settings: PageSettings, jobs: int) -> None:
        self.settings, self.jobs, self.most = settings, jobs, jobs * HELD_PER_WORKER
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._failed_starts = 0

    def __call__(self, job: ReadingJob) -> Generator[Outcome, None, None]:
        """Yield outcomes as they come.

        Raises:
            UserError: a model cannot be loaded, or workers cannot be started.
        """
        try:
            while True:
                self._hand_out(job)
                busy = {worker.connection: worker for worker in self._workers if worker.task is not None}
                if not busy:
                    return
                for connection in wait(list(busy)):
                    outcome = self._received(busy[connection])  # type: ignore[index]
                    if outcome is not None:
                        yield outcome
        finally:
            self._end()

    def _hand_out(self, job: ReadingJob) -> None:
        for worker in self._workers:
            if worker.task is None:
                if (task := job.next()) is None:
                    return
                self._give(worker, task)
        while len(self._workers) < self.jobs and (task := job.next()) is not None:
            self._give(self._started(), task)

    def _give(self, worker: _Worker, task: PageTask) -> None:
        worker.task = task
        with suppress(OSError):  # a worker that died while it was idle is noticed when its answer is waited for
            worker.connection.send(task)

    def _received(self, worker: _Worker) -> Outcome | None:
        """Return what a worker answers; None if that was no outcome."""
        task = worker.task
        try:
            answer = worker.connection.recv()
        except (EOFError, OSError):
            return self._after_death(worker)
        if isinstance(answer, UserError):
            raise answer
        if answer == READY:
            worker.ready, self._failed_starts = True, 0
            return None
        assert isinstance(answer, Outcome) and task is not None
        worker.task = None
        return answer

    def _after_death(self, worker: _Worker) -> Outcome | None:
        """Return the outcome of a page that lost its worker; a worker lost before it began is replaced."""
        self._workers.remove(worker)
        worker.connection.close()
        worker.process.join(PATIENCE)
        how = _ending(worker.process.exitcode)
        assert worker.task is not None
        if worker.ready:
            return Outcome(worker.task.place, worker.task.number, died=how)
        self._failed_starts += 1
        if self._failed_starts >= FAILED_STARTS:
            raise UserError(f"--jobs {self.jobs}: workers end before they have read anything ({how}); try --jobs 1")
        self._give(self._started(), worker.task)
        return None

    def _started(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, self.settings), daemon=True, name="reader")
        with interrupts_blocked():
            process.start()
        theirs.close()
        self._workers.append(_Worker(process, ours))
        return self._workers[-1]

    def _end(self) -> None:
        """Leave no worker behind."""
        for worker in self._workers:
            worker.connection.close()
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(PATIENCE)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers.clear()


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _work(connection: Connection, settings: PageSettings) -> None:
    """Read what comes in until nothing does; the life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal; only the first decides
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    warnings.filterwarnings("ignore", module="PIL")  # what matters of them is said by an error
    threading.Thread(target=end_with_parent, daemon=True).start()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            function = PageFunction(settings)
        except UserError as error:
            connection.send(error)
            return
        connection.send(READY)
        while True:
            connection.send(function(connection.recv()))


def end_with_parent() -> None:
    """End this process as soon as the one that started it has ended, even by a signal that cannot be caught."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Have a process that is started ignore Ctrl-C from its first moment on."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ending(code: int | None) -> str:
    if code is None:
        return "it does not answer"
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
