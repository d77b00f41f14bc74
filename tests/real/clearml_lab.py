"""ClearML for tests: its real programs in an environment of their own, an agent that listens to a queue, a home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real.clearml_api import State, clearml_api, variables
from tests.real.overlay import overlay

VERSIONS = {"clearml": "2.1.12", "clearml-agent": "3.0.3"}
QUEUE = "lab"
WHO = ("-c", "user.name=lab", "-c", "user.email=lab@example.org")


@dataclass(frozen=True)
class Lab:
    """ClearML running.

    Attributes:
        programs: folder of python, clearml-task, clearml-data and clearml-agent.
        variables: under which they find the server and a home.
        state: what the server knows.
        platforms: a file for mlbox with the platform `queue`, and `idle`, whose queue nobody listens to.
    """

    programs: Path
    variables: dict[str, str]
    state: State
    platforms: Path

    def call(self, *words: str | Path, cwd: Path, seconds: int = 240) -> subprocess.CompletedProcess[str]:
        """Run a program of ClearML's environment."""
        environ = {**os.environ, **self.variables}
        command = [str(self.programs / words[0]), *map(str, words[1:])]
        return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=seconds)

    def ended(self, task: str, seconds: int = 400) -> str:
        """Wait for a task's end and return its status."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            status = self.state.tasks[task]["status"]
            if status in ("completed", "failed", "stopped"):
                return str(status)
            time.sleep(0.5)
        raise AssertionError(f"{task} has not ended:\n{self.state.log_of(task)}")


def environment() -> Path:
    """Return the folder of ClearML's programs; they are installed once, over the packages of this environment."""
    return overlay("clearml", VERSIONS)


@contextmanager
def clearml_lab(folder: Path) -> Iterator[Lab]:
    """Start the server and an agent; both end with the tests.

    Args:
        folder: for the home, the agent's files and the platforms.
    """
    programs = environment()
    home = folder / "home"
    home.mkdir(parents=True)
    (home / ".gitconfig").write_text('[safe]\n\tdirectory = *\n[protocol "file"]\n\tallow = always\n')
    # What a task writes is reported by a process that is forked from it, which now and then stalls for five minutes.
    (home / "clearml.conf").write_text("sdk { development { report_use_subprocess: false } }\n")
    with clearml_api(QUEUE, "idle") as (address, state):
        found = {"HOME": str(home), "PATH": f"{programs}:{os.environ['PATH']}"}
        found |= {"GIT_TERMINAL_PROMPT": "0", "PYTHONDONTWRITEBYTECODE": "1", **variables(address)}
        text = "".join(f"{name}: {{place: clearml, queue: {queue}}}\n" for name, queue in _PLATFORMS.items())
        (folder / "platforms.yaml").write_text(text)
        lab = Lab(programs, found, state, folder / "platforms.yaml")
        agent = _agent(lab, folder / "agent.log")
        try:
            yield lab
        finally:
            os.killpg(agent.pid, signal.SIGTERM)
            try:
                agent.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(agent.pid, signal.SIGKILL)
                agent.wait()


_PLATFORMS = {"queue": QUEUE, "idle": "idle", "absent": "no-such-queue"}


def _agent(lab: Lab, log: Path) -> subprocess.Popen[bytes]:
    """Start an agent that runs tasks in its own environment: what is installed there need not be fetched for each."""
    command = [str(lab.programs / "clearml-agent"), "daemon", "--queue", QUEUE, "--foreground", "--cpu-only"]
    environ = {**os.environ, **lab.variables, "CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL": "1"}
    with log.open("wb") as stream:
        options = {"stdout": stream, "stderr": stream, "start_new_session": True, "cwd": log.parent}
        agent = subprocess.Popen(command, env=environ, **options)  # type: ignore[call-overload]
    deadline = time.monotonic() + 60
    while not lab.state.workers and agent.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    assert lab.state.workers, log.read_text()
    return agent


def repository(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Write files into a new git repository on the branch main whose origin has them too, and return its folder."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    origin = folder.with_name(folder.name + ".git")
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(origin)], check=True)
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        [*WHO, "commit", "-q", "-m", "all"],
        ["remote", "add", "origin", f"file://{origin}"],
        ["push", "-q", "-u", "origin", "main"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


if __name__ == "__main__":
    sys.stdout.write(f"{environment()}\n")
