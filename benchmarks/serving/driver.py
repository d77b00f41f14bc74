"""The other side: a process that sends pictures to a server and writes down what came back.

python -m benchmarks.serving.driver < a job as JSON > its samples as JSON
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import count, cycle
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
CUT_OFF = 0
"""Status of a request whose connection ended without an answer."""

PATIENCE = 60.0


@dataclass(frozen=True)
class Job:
    """What is sent.

    Attributes:
        port, path: of the server.
        pictures: files, sent one after the other and over again.
        seconds: after which nothing more is sent.
        clients: that each send as soon as they have an answer; 0 for an open loop.
        rate: requests per second of an open loop.
        mixed: good, bad, huge and cancelled requests instead of good ones alone.
        most: requests, after which nothing more is sent; 0 for any number.
    """

    port: int
    path: str
    pictures: list[str]
    seconds: float
    clients: int = 0
    rate: float = 0.0
    mixed: bool = False
    most: int = 0


Sample = tuple[str, int, float, float]
"""Kind, status, seconds until the answer, seconds of its end since the begin."""


def drive(job: Job) -> list[Sample]:
    """Have another process send, and return its samples."""
    command = [sys.executable, "-m", "benchmarks.serving.driver"]
    done = subprocess.run(command, input=json.dumps(asdict(job)), capture_output=True, text=True, cwd=ROOT, check=True)
    return [tuple(sample) for sample in json.loads(done.stdout)]


class Driver:
    """Sends the requests of a job."""

    def __init__(self, job: Job) -> None:
        self.job, self.samples, self.begun = job, [], time.monotonic()  # type: ignore[var-annotated]
        good = [_request(job.path, Path(name).read_bytes(), Path(name).name) for name in job.pictures]
        self.requests = _mixed(job.path, good) if job.mixed else (("good", one) for one in cycle(good))
        self.left = iter(range(job.most)) if job.most else count()

    async def run(self) -> list[Sample]:
        """Send, wait for all answers, and return them."""
        if self.job.clients:
            await asyncio.gather(*(self._closed() for _ in range(self.job.clients)))
        else:
            await self._open()
        return self.samples

    def _next(self) -> tuple[str, bytes] | None:
        late = time.monotonic() - self.begun >= self.job.seconds
        return None if late or next(self.left, None) is None else next(self.requests)

    async def _closed(self) -> None:
        while (request := self._next()) is not None:
            await self._send(*request)

    async def _open(self) -> None:
        waiting: set[asyncio.Task[None]] = set()
        for number in count():
            pause = self.begun + number / self.job.rate - time.monotonic()
            await asyncio.sleep(max(0.0, pause))
            if (request := self._next()) is None:
                break
            task = asyncio.create_task(self._send(*request))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
        await asyncio.gather(*waiting)

    async def _send(self, kind: str, request: bytes) -> None:
        begun = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                status = await self._status(kind, request)
        except (OSError, TimeoutError, ValueError, IndexError):
            status = CUT_OFF
        now = time.monotonic()
        self.samples.append((kind, status, now - begun, now - self.begun))

    async def _status(self, kind: str, request: bytes) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.job.port)
        try:
            writer.write(request[: len(request) // 2] if kind == "cancelled in its body" else request)
            if kind.startswith("cancelled"):
                await asyncio.sleep(0.02)
                return CUT_OFF
            await writer.drain()
            answer = await reader.read()
            return int(answer.split(b" ", 2)[1])
        finally:
            writer.close()


def _request(path: str, content: bytes, name: str = "page.png") -> bytes:
    about = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'
    body = b"--edge\r\n" + about.encode() + content + b"\r\n--edge--\r\n"
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"Content-Type: multipart/form-data; boundary=edge\r\n\r\n" + body


def _mixed(path: str, good: list[bytes]) -> Iterator[tuple[str, bytes]]:
    """Yield six good requests of ten, and of the others one each that is bad, huge, or given up half-way."""
    dice, pages = random.Random(0), cycle(good)
    others = {
        "bad": _request(path, b"no picture" * 100),
        "huge": _request(path, b"\x89PNG\r\n\x1a\n" + bytes(3_000_000)),
    }
    while True:
        place = dice.random()
        if place < 0.6:
            yield "good", next(pages)
        elif place < 0.8:
            kind = "bad" if place < 0.7 else "huge"
            yield kind, others[kind]
        else:
            yield "cancelled" if place < 0.9 else "cancelled in its body", next(pages)


def main() -> int:
    """Do the job of the standard input."""
    told: dict[str, Any] = json.load(sys.stdin)
    json.dump(asyncio.run(Driver(Job(**told)).run()), sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
