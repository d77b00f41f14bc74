"""A throwaway sshd on loopback, the other machine of the tests; its home and keys lie in a temporary folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

KEPT = ("PATH", "LANG", "PIP_", "UV_", "SSL_")
"""How the names of this machine's variables begin that those who log in find set, so that pip and uv find packages."""


@dataclass(frozen=True)
class Sshd:
    """A running sshd.

    Attributes:
        name: of the host, as ssh_config has it.
        home: of those who log in.
    """

    name: str
    ssh_config: Path
    home: Path
    pid: int

    def connections(self) -> list[int]:
        """Return the processes that serve connections."""
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.pid)], capture_output=True, text=True).stdout
        return [int(pid) for pid in listed.split()]

    def drop(self) -> None:
        """Cut every connection, as a network does that goes away."""
        for pid in self.connections():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextmanager
def sshd(folder: Path, variables: Mapping[str, str] | None = None) -> Iterator[Sshd]:
    """Start an sshd and stop it at the end.

    Args:
        folder: for its settings and the home.
        variables: that those who log in find set.
    """
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "apt-get install openssh-server, or make test-real PART=ssh"
    home, etc = folder / "home", folder / "etc"
    home.mkdir(parents=True)
    etc.mkdir(mode=0o700)
    Path("/run/sshd").mkdir(exist_ok=True)
    for name in ("host_key", "id"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(etc / name)], check=True)
    shutil.copy(etc / "id.pub", etc / "authorized_keys")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {
        **{name: text for name, text in os.environ.items() if name.startswith(KEPT)},
        **(variables or {}),
        "HOME": str(home),
    }
    settings = " ".join(f'"{name}={value}"' for name, value in given.items())
    (etc / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {etc}/host_key\nPidFile {etc}/sshd.pid\n"
        f"AuthorizedKeysFile {etc}/authorized_keys\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"
        f"KbdInteractiveAuthentication no\nUsePAM no\nStrictModes no\nSetEnv {settings}\n"
    )
    (etc / "ssh_config").write_text(
        f"Host remote-box\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {etc}/id\n  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {etc}/known_hosts\n  StrictHostKeyChecking accept-new\n  BatchMode yes\n"
    )
    server = subprocess.Popen([program, "-D", "-f", str(etc / "sshd_config"), "-E", str(etc / "log")])
    try:
        _wait_for(port)
        yield Sshd("remote-box", etc / "ssh_config", home, server.pid)
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"sshd on port {port}")
