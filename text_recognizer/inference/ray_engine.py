"""An engine of many machines: Ray Data runs the page function wherever the cluster has a core to spare."""

from __future__ import annotations

import logging
import os
import pickle
import socket
import warnings
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from importlib import import_module
from typing import Any

from text_recognizer.errors import UserError
from text_recognizer.inference.page_settings import PageSettings
from text_recognizer.inference.page_task import Outcome, PageFunction, PageTask
from text_recognizer.inference.places import HeldBytes, KeptFile
from text_recognizer.inference.reading_job import ReadingJob

LAYER = "pip install -r requirements/ray.txt"
PAGES_PER_CORE = 64
"""Of one data set: enough that starting it does not count, few enough that the job's memory stays flat."""

PATIENCE = 10.0
"""Seconds within which a cluster must answer."""

TASKS_PER_CORE = 8
"""Parts of a data set, for each core: what the loss of a machine costs, and how evenly the last ones end."""


class RayEngine:
    """Reads on a Ray cluster: the one that RAY_ADDRESS names, or one on this machine that ends with the run.

    Pages go out in data sets, one after the other. A page whose process or machine is lost is read on another one by
    Ray itself; what Ray gives up comes back as an outcome without a page.

    Args:
        settings: how pages are read.
        jobs: pages at the same time; 0 for as many as the cluster has cores.

    Raises:
        UserError: Ray is not installed, the cluster cannot be reached, or a model cannot be loaded.
    """

    def __init__(self, settings: PageSettings, jobs: int = 0) -> None:
        settings.told()  # a missing model is told before a cluster is started
        try:
            self._ray, self._data = import_module("ray"), import_module("ray.data")
        except ImportError:
            raise UserError(f"--engine ray: Ray Data is not installed; {LAYER}, or read with --jobs N") from None
        self.settings, self._lost = settings, set[tuple[int, int]]()
        self._owned = not self._ray.is_initialized()
        if self._owned:
            self._connect(jobs)
        self.cores = jobs or max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        self.most = self.cores * PAGES_PER_CORE

    def __call__(self, job: ReadingJob) -> Generator[Outcome, None, None]:
        """Yield outcomes as they come.

        Raises:
            UserError: a machine of the cluster cannot load the model.
        """
        try:
            while tasks := self._next(job):
                yield from self._read(tasks)
        finally:
            if self._owned:
                self._ray.shutdown()

    def _next(self, job: ReadingJob) -> list[PageTask]:
        tasks: list[PageTask] = []
        while len(tasks) < self.most and (task := job.next()) is not None:
            tasks.append(task)
        return tasks

    def _read(self, tasks: list[PageTask]) -> Generator[Outcome, None, None]:
        waiting = {(task.place, task.number): task for task in tasks}
        careful = not self._lost.isdisjoint(waiting)  # which of a part's pages was fatal is seen by each alone
        parts = len(tasks) if careful else min(len(tasks), self.cores * TASKS_PER_CORE)
        rows = [{"task": pickle.dumps(_sendable(task))} for task in tasks]
        read = self._data.from_items(rows, override_num_blocks=parts).map(
            read_row,
            fn_kwargs={"settings": pickle.dumps(self.settings), "folder": os.getcwd()},
            concurrency=min(self.cores, parts),
            num_cpus=1,
        )
        for row in read.iter_rows():
            outcome = pickle.loads(row["outcome"])
            if isinstance(outcome, UserError):
                raise outcome
            if waiting.pop((outcome.place, outcome.number), None) is not None:
                yield outcome
        for place, number in sorted(waiting):
            self._lost.add((place, number))
            yield Outcome(place, number, died="Ray gave up after several machines or processes")

    def _connect(self, jobs: int) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        address = os.environ.get("RAY_ADDRESS")
        if address:
            _check_listening(address)
        options: dict[str, Any] = {"address": address} if address else {"address": "local", "num_cpus": jobs or None}
        if not address:
            options["include_dashboard"] = False
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._ray.init(logging_level=logging.ERROR, log_to_driver=False, **options)
        except (OSError, RuntimeError, ValueError) as error:
            what = f"RAY_ADDRESS {address}" if address else "--engine ray"
            reason = str(error).strip().splitlines()[0].rstrip(".").replace(";", ",")
            raise UserError(f"{what}: the cluster cannot be used ({reason}); check it with `ray status`") from error
        context = self._data.DataContext.get_current()
        context.enable_progress_bars = False
        context.max_errored_blocks = -1  # lost pages are missed, counted and tried once more
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)


def _check_listening(address: str) -> None:
    """Refuse an address at which nobody listens: Ray itself would try for minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        return  # a name, as `auto`
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UserError(
            f"RAY_ADDRESS {address}: nobody answers there ({reason}); start a cluster with `ray start --head`, or leave"
            " RAY_ADDRESS out"
        ) from None


def read_row(row: dict[str, bytes], settings: bytes, folder: str) -> dict[str, bytes]:
    """Read one page; runs on the machines of the cluster.

    Args:
        row: a pickled `PageTask`.
        settings: pickled `PageSettings`.
        folder: where the run was started; relative paths count from there.
    """
    try:
        outcome: Any = _function(settings, folder)(pickle.loads(row["task"]))
    except UserError as error:
        outcome = error
    return {"outcome": pickle.dumps(outcome)}


@lru_cache(maxsize=1)
def _function(settings: bytes, folder: str) -> PageFunction:
    """Return the page function of this process, which loads the models once."""
    with suppress(OSError):
        os.chdir(folder)
    warnings.filterwarnings("ignore", module="PIL")
    return PageFunction(pickle.loads(settings))


def _sendable(task: PageTask) -> PageTask:
    """Return a task that another machine can do: with the bytes of what only this one has a copy of."""
    place = task.source.place
    if not isinstance(place, KeptFile):
        return task
    return replace(task, source=replace(task.source, place=HeldBytes(place.path.read_bytes())))
