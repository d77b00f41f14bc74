"""A web server on this machine that gives files as good and bad servers do."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass
class Served:
    """A folder that is served.

    Attributes:
        folder: of the files.
        address: of the server.
        faults: for a path, what is wrong with its next answers, the first one first: "404", "503", "wrong" (other
            bytes of the same length), "cut" (the connection ends half way), "cut without length", "no range" (a part
            is asked for, the whole is sent), "changed" (bytes and tag of another version). A path that ends with *
            is wrong for ever.
        asked: path and asked range of every request.
    """

    folder: Path
    address: str = ""
    faults: dict[str, list[str]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    tags: bool = True

    def url(self, path: str) -> str:
        return f"{self.address}/{path}"

    def fault(self, path: str) -> str:
        if f"{path}*" in self.faults:
            return self.faults[f"{path}*"][0]
        waiting = self.faults.get(path, [])
        return waiting.pop(0) if waiting else ""


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Serve a folder on a free port of the loopback address until the block ends."""
    state = Served(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Answers, state))
    server.daemon_threads = True
    state.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def __init__(self, state: Served, *arguments: object) -> None:
        self.state = state
        super().__init__(*arguments)

    def do_GET(self) -> None:
        path, asked = self.path.lstrip("/"), self.headers.get("Range", "")
        self.state.asked.append((path, asked))
        fault, file = self.state.fault(path), self.state.folder / path
        if fault in ("404", "503") or not file.is_file():
            self.send_error(int(fault or 404))
            return
        content = file.read_bytes()
        if fault in ("wrong", "changed"):
            content = bytes(255 - byte for byte in content[:100]) + content[100:]
        tag = f'"{hashlib.sha256(content).hexdigest()[:12]}"'
        begin = self._begin(asked, tag, fault)
        if begin >= len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.end_headers()
            return
        part = content[begin:]
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        if fault != "cut without length":
            self.send_header("Content-Length", str(len(part)))
        if self.state.tags:
            self.send_header("ETag", tag)
        self.end_headers()
        self.wfile.write(part[: max(1, len(part) // 2)] if fault.startswith("cut") else part)

    def _begin(self, asked: str, tag: str, fault: str) -> int:
        match = re.match(r"bytes=(\d+)-$", asked)
        same = self.headers.get("If-Range", tag) == tag
        return int(match[1]) if match and same and fault != "no range" else 0

    def log_message(self, *_: object) -> None:
        pass


def describe(
    data: Path, name: str, urls: dict[str, list[str]], sources: Path, digests: bool = True, more: str = ""
) -> None:
    """Write ``data/raw/NAME/metadata.toml`` for files that lie in `sources`, with their addresses."""
    folder = data / "raw" / name
    folder.mkdir(parents=True, exist_ok=True)
    parts = [f'title = "{name} of the test"\nlicence = "free"\ncitation = "nobody"\norigin = "here"\n{more}']
    for file, addresses in urls.items():
        digest = hashlib.sha256((sources / file).read_bytes()).hexdigest()
        parts.append(f'[files."{file}"]\nurls = {addresses!r}\n' + (f'sha256 = "{digest}"\n' if digests else ""))
    (folder / "metadata.toml").write_text("\n".join(parts))
