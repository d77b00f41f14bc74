"""This machine and others: how a script gets there, and how files come and go. ssh and rsync are the system's own."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import tempfile
from pathlib import Path

from mlbox import programs
from mlbox.faults import ABSENT, LOST, Fault
from mlbox.model import Platform
from mlbox.plan import in_home
from mlbox.words import quote

SSH_FAILED = 255
WAIT = 10
"""Seconds that a task has to end after Ctrl-C."""


class Here:
    """This machine."""

    name = "this machine"
    remote = False

    def ask(self, script: str) -> tuple[int, str]:
        """Run a script and return its exit code and what it printed."""
        return programs.call(self.shell(), script.encode(), capture=True)

    def run(self, script: str) -> int:
        """Run a script whose output goes to ours; Ctrl-C ends it."""
        process = programs.start(self.shell(), stdin=programs.PIPE)
        assert process.stdin
        try:
            with process.stdin as stream:
                stream.write(script.encode())
        except BrokenPipeError:
            pass  # it has ended already, as ssh does where no host answers
        try:
            return process.wait()
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            raise

    def shell(self) -> list[str]:
        """Return the command that reads a script from its standard input."""
        return ["sh", "-s"]

    def put(self, root: Path, files: list[str], into: str) -> None:
        """Copy files of the box, named relative to its root, into a folder."""
        for file in files:
            target = Path(into, file)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / file, target)

    def get(self, root: Path, paths: list[str], source: str) -> bool:
        """Bring paths, relative to the box, back; return whether the host could be reached."""
        return True

    def transfers(self, root: Path, files: list[str], into: str) -> list[str]:
        """Return the commands that `put` runs, for --dry-run."""
        return []


class Ssh(Here):
    """A host reached by the system's ssh, over one connection that all calls share.

    Args:
        platform: with host, user, port and ssh_config.
    """

    remote = True

    def __init__(self, platform: Platform) -> None:
        self.name = f"{platform.user}@{platform.host}" if platform.user else platform.host
        self._options = ["-F", os.path.expanduser(platform.ssh_config)] if platform.ssh_config else []
        self._options += ["-p", platform.port] if platform.port else []
        shared = f"{_private_folder()}/%C"
        settings = {"ControlMaster": "auto", "ControlPath": shared, "ControlPersist": "60"}
        settings |= {"ConnectTimeout": "15", "ServerAliveInterval": "15", "ServerAliveCountMax": "3"}
        for name, value in settings.items():
            self._options += ["-o", f"{name}={value}"]

    def shell(self) -> list[str]:
        return ["ssh", *self._options, "--", self.name, "exec sh -s"]

    def _rsync(self, before: str, *arguments: str) -> list[str]:
        ssh = " ".join(map(quote, ["ssh", *self._options]))
        there = f'cd "$HOME" && {before}rsync'
        return [
            "rsync",
            "--archive",
            "--compress",
            "--secluded-args",
            f"--rsh={ssh}",
            f"--rsync-path={there}",
            *arguments,
        ]

    def _putting(self, root: Path, into: str) -> list[str]:
        make = f"mkdir -p -- {in_home(into)} && "
        listed = ["--recursive", "--copy-unsafe-links", "--from0", "--files-from=-"]
        return self._rsync(make, *listed, f"{root}/", f"{self.name}:{into}/")

    def put(self, root: Path, files: list[str], into: str) -> None:
        """Copy files of the box into a folder there, only what differs.

        Raises:
            Fault: the host cannot be reached, or its disk is full.
        """
        code, _ = programs.call(self._putting(root, into), "\0".join(files).encode())
        if code:
            cause = f"rsync ended with {code} (see above)"
            raise Fault(f"{self.name}: {cause}; is the host up, may you log in, has its disk room?", ABSENT)

    def get(self, root: Path, paths: list[str], source: str) -> bool:
        """Bring paths back; what is not there is passed over."""
        listed = ["--recursive", "--ignore-missing-args", "--from0", "--files-from=-"]
        argv = self._rsync("", *listed, f"{self.name}:{source}/", f"{root}/")
        return programs.call(argv, "\0".join(paths).encode())[0] == 0

    def send_layout(self, layout: Path, cache: str) -> None:
        """Copy an OCI layout into the cache there, of its blobs, which are named by content, only those that are new.

        Args:
            layout: the folder; its name stays.
            cache: folder there, as sh reads it.

        Raises:
            Fault: the connection broke, or the disk there is full.
        """
        enter = f'cache={cache}; mkdir -p -- "$cache/oci" && cd -- "$cache/oci" && '
        argv = self._rsync(enter, "--size-only", f"{layout}/", f"{self.name}:{layout.name}/")
        if programs.call(argv)[0]:
            raise Fault(f"{self.name}: the image could not be sent (see above); has its disk room?", LOST)

    def transfers(self, root: Path, files: list[str], into: str) -> list[str]:
        """Return the command that `put` runs, its list of files as a pipe."""
        listed = " ".join(map(quote, files))
        return [f"printf '%s\\0' {listed} | " + " ".join(map(quote, self._putting(root, into)))]


def host_of(platform: Platform) -> Here:
    """Return the host of a platform."""
    if platform.queue:
        from mlbox.places.clearml import Queue  # it is a host itself

        return Queue(platform)
    return Ssh(platform) if platform.host else Here()


def _private_folder() -> str:
    """Return a short folder of ours alone for the sockets of shared connections."""
    folder = os.path.join(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir(), f"mlbox-{os.getuid()}")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise Fault(
            f"{folder}: belongs to someone else or is open to others; remove it, or set XDG_RUNTIME_DIR", ABSENT
        )
    return folder
