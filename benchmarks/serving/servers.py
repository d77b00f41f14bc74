"""Servers under test, each in processes of its own, and what they hold in memory."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.reading.environment import LIMITS, bench_python
from text_recognizer.errors import UserError

ROOT = Path(__file__).parents[2]
START = 120.0
"""Seconds that a server may take until it answers."""


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Attributes:
        name: shown in tables.
        port: on loopback.
        path: to which pictures are sent.
        process: the one that was started.
    """

    name: str
    port: int
    path: str
    process: subprocess.Popen[bytes]

    def megabytes(self) -> float:
        """Return the memory that all its processes hold; what they share counts once."""
        total = 0
        for one in (me := psutil.Process(self.process.pid), *me.children(recursive=True)):
            try:
                total += one.memory_full_info().pss
            except psutil.Error:
                continue  # it has just ended
        return total / 1e6


@contextmanager
def ours(model: str, workers: int, queue: int = 8, **settings: str) -> Iterator[Server]:
    """Run our server."""
    told = {"LAB_MODEL": model, "LAB_WORKERS": str(workers), "LAB_QUEUE": str(queue), "LAB_LOG_LEVEL": "warning"}
    command = [sys.executable, "-m", "api_server"]
    with _running(f"ours {model}", command, "/v1/read", {**told, **settings}) as server:
        yield server


@contextmanager
def plain(engine: str, workers: int) -> Iterator[Server]:
    """Run a plain FastAPI endpoint around a peer, with as many processes as ours has."""
    port = _free_port()
    file = Path(__file__).with_name("plain_endpoint.py")
    command = [str(bench_python()), str(file), engine, str(port), str(workers)]
    told = {"PYTHONPATH": str(file.parent)}
    with _running(f"plain {engine}", command, "/read", told, port) as server:
        yield server


@contextmanager
def _running(name: str, command: list[str], path: str, told: dict[str, str], port: int = 0) -> Iterator[Server]:
    port = port or _free_port()
    environment = {**os.environ, **LIMITS, "PYTHONPATH": str(ROOT), "LAB_PORT": str(port), **told}
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        _wait(name, process, port)
        yield Server(name, port, path, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(name: str, process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise UserError(f"{name}: it does not start; run make bench-env and see what is printed above")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
