"""A server in a process of its own, on a free port of loopback."""

from __future__ import annotations

import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from tests.inference.tiny_model import draw_flag_page, draw_flags

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def tree(self) -> Any:
        return json.loads(self.body)


class RunningServer:
    """Starts the server when entered and ends it when left; `log` then has what it wrote."""

    def __init__(self, model: Path | str, **settings: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        told = {"LAB_MODEL": str(model), "LAB_PORT": str(self.port), "LAB_DRAIN_DELAY": "0.2", "LAB_WORKERS": "1"}
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), **told, **settings}
        self.log = ""

    def __enter__(self) -> RunningServer:
        command = [sys.executable, "-m", "api_server"]
        self._log = tempfile.TemporaryFile()  # a pipe that nobody reads would stop the server
        self.process = subprocess.Popen(command, env=self.environment, stderr=self._log, cwd=ROOT)
        begun = time.monotonic()
        while time.monotonic() < begun + PATIENCE and self.process.poll() is None:
            try:
                if self.ask("GET", "/readyz").status == 200:
                    return self
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        self.end()
        raise AssertionError(self.log)

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> int:
        """Send SIGTERM, wait, and return the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self._log.seek(0)
        self.log = self._log.read().decode()
        return code

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """Send a request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            told = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, told, response.read())
        finally:
            connection.close()

    def read(self, body: bytes, kind: str = "", accept: str = "", query: str = "", **headers: str) -> Answer:
        """Send a picture."""
        told = {"Content-Type": kind, "Accept": accept, **headers}
        return self.ask("POST", f"/v1/read{query}", body, {name: value for name, value in told.items() if value})

    def send(self, data: bytes, wait: float = 10.0) -> bytes:
        """Send bytes as they are, and return all that comes back until the server closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait) as connection:
            connection.sendall(data)
            received = b""
            try:
                while chunk := connection.recv(65_536):
                    received += chunk
            except (TimeoutError, ConnectionResetError):
                pass
            return received


def png(*texts: str) -> bytes:
    """Return a page of flags."""
    return _png(draw_flag_page(list(texts)))


def line(text: str) -> bytes:
    """Return a line of flags."""
    return _png(draw_flags(text))


def _png(grey_HW: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(grey_HW).save(stream, format="PNG")
    return stream.getvalue()


def form(*pictures: tuple[str, bytes], field: str = "file") -> tuple[bytes, str]:
    """Return a multipart form's body and its content type."""
    rows = b""
    for name, content in pictures:
        about = f'Content-Disposition: form-data; name="{field}"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n'
        rows += b"--edge\r\n" + about.encode() + content + b"\r\n"
    return rows + b"--edge--\r\n", "multipart/form-data; boundary=edge"
