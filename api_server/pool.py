"""A fixed number of reading processes behind a bounded queue."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from math import ceil

from api_server.recording import Recording
from api_server.worker import Done, Task, work
from text_recognizer.errors import UserError
from text_recognizer.image import Limits
from text_recognizer.inference.page_settings import PageSettings
from text_recognizer.inference.problems import Problem
from text_recognizer.inference.worker_pool import interrupts_blocked

PATIENCE = 3.0
"""Seconds that a process has to end when it is told to."""

DEATHS = 2
"""Processes that a picture may cost before it is given up."""

REMEMBERED = 0.1
"""Weight of the newest picture in the mean of the seconds that one takes."""


class Worker:
    """A process that reads, started anew whenever it has died; its methods wait.

    Args:
        settings, limits, recording: how it reads, what it refuses, what it records.
    """

    def __init__(self, settings: PageSettings, limits: Limits, recording: Recording) -> None:
        self.told = settings, limits, recording
        self.model, self.starts, self.closed = "", 0, False
        self._context = multiprocessing.get_context("spawn")
        self._process: multiprocessing.process.BaseProcess | None = None

    def start(self) -> None:
        """Start the process if it does not run, and wait until it can read.

        Raises:
            UserError: a model cannot be loaded, or the process ends.
        """
        if self.alive:
            return
        if self.closed:
            raise UserError("server: it is about to end; ask another one")
        self.stop()
        self._ours, theirs = self._context.Pipe()
        self._process = self._context.Process(target=work, args=(theirs, *self.told), daemon=True, name="reader")
        with interrupts_blocked():
            self._process.start()
        theirs.close()
        self.starts += 1
        try:
            word = self._ours.recv()
        except (EOFError, OSError):
            self.stop()
            raise UserError("server: a reading process ends before it has read anything; give it more memory") from None
        if isinstance(word, UserError):
            raise word
        self.model = word

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.is_alive()

    def do(self, task: Task, deadline: float) -> Done:
        """Have a task done; a process that is too slow is ended, one that dies is replaced.

        Raises:
            TimeoutError: there is no answer at `deadline`.
        """
        for _ in range(DEATHS):
            self.start()
            if time.monotonic() > deadline:  # starting took too long; the next picture finds it ready
                raise TimeoutError
            try:
                self._ours.send(task)
                if not self._ours.poll(max(0.0, deadline - time.monotonic())):
                    self.stop()
                    raise TimeoutError
                done: Done = self._ours.recv()
                return done
            except (EOFError, ConnectionResetError, BrokenPipeError):
                self.stop()
        return Done(422, f"{task.picture.name}: it ended {DEATHS} processes that read it; leave it out".encode())

    def stop(self, patience: float = 0.0) -> None:
        """End the process; with patience it may write what it has recorded."""
        if self._process is None:
            return
        self._ours.close()
        if patience:
            self._process.join(patience)
        self._process.kill()
        self._process.join(PATIENCE)
        self._process = None


class Pool:
    """Hands pictures to workers; those that find no worker wait, so many and no more.

    Args:
        workers: that read.
        queue: pictures that may wait.
        timeout: seconds for a picture, waiting included.
    """

    def __init__(self, workers: list[Worker], queue: int, timeout: float) -> None:
        self.workers = workers
        self.timeout, self.places = timeout, len(workers) + queue
        self.usual = 0.2
        self._free = asyncio.Semaphore(self.places)
        self._idle, self._ready = list(workers), asyncio.Semaphore(len(workers))
        self._threads = ThreadPoolExecutor(len(workers), "worker")
        self._jobs: set[asyncio.Task[Done]] = set()

    def start(self) -> None:
        """Start all workers and wait until they can read; see `Worker.start`."""
        list(self._threads.map(Worker.start, self.workers))

    def close(self) -> None:
        """End all workers."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self.workers:
            worker.closed = True
            worker.stop(PATIENCE)

    @property
    def model(self) -> str:
        """Name and version of the model."""
        return self.workers[0].model

    @property
    def inside(self) -> int:
        """Pictures that are read or wait."""
        return self.places - self._free._value

    @property
    def busy(self) -> int:
        """Workers that read."""
        return len(self.workers) - len(self._idle)

    @property
    def restarts(self) -> int:
        """Processes that had to be replaced."""
        return sum(max(0, worker.starts - 1) for worker in self.workers)

    def check_room(self) -> None:
        """Refuse if there is no room.

        Raises:
            Problem: with the seconds after which there may be some.
        """
        if self._free.locked():
            after = max(1, ceil(self.usual * self.places / len(self.workers)))
            why = f"server: {self.places} pictures are read or wait already; try again in {after} s"
            raise Problem(429, why, {"Retry-After": str(after)})

    async def read(self, task: Task, patient: bool = False) -> Done:
        """Have a picture read.

        Args:
            task: which one, and how.
            patient: wait for room instead of being refused.

        Raises:
            Problem: there is no room, or no answer in time.
        """
        if not patient:
            self.check_room()
        async with self._free:
            deadline = time.monotonic() + self.timeout
            try:
                async with asyncio.timeout(self.timeout):
                    await self._ready.acquire()
                job = asyncio.create_task(self._run(self._idle.pop(), task, deadline))
                self._jobs.add(job)
                job.add_done_callback(self._forget)
                done = await asyncio.shield(job)  # the worker reads on when nobody waits for it any more
            except TimeoutError:
                why = f"{task.picture.name}: not read within {self.timeout:g} s; send less, or try again later"
                raise Problem(504, why) from None
        if done.seconds:
            self.usual += REMEMBERED * (done.seconds - self.usual)
        return done

    def _forget(self, job: asyncio.Task[Done]) -> None:
        self._jobs.discard(job)
        if not job.cancelled():
            job.exception()  # whoever waited for it has been told

    async def _run(self, worker: Worker, task: Task, deadline: float) -> Done:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, worker.do, task, deadline)
        except UserError as error:  # it cannot be started any more
            return Done(503, str(error).encode())
        finally:
            if not worker.alive:
                with suppress(UserError):
                    await loop.run_in_executor(self._threads, worker.start)
            self._idle.append(worker)
            self._ready.release()


@contextmanager
def at_most(counts: dict[str, int], name: str, most: int, why: str) -> Iterator[None]:
    """Count who is inside, and refuse one more than `most`.

    Raises:
        Problem: there is no room.
    """
    if counts.get(name, 0) >= most:
        raise Problem(429, why, {"Retry-After": "1"})
    counts[name] = counts.get(name, 0) + 1
    try:
        yield
    finally:
        counts[name] -= 1
