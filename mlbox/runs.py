"""Runs that were started, by whichever mlbox: how they stand, and settling how they ended."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from mlbox.cache import STATE, Digests, Stamps, read_json, write_json
from mlbox.faults import LOST, OTHER, OUTPUT, Fault
from mlbox.model import Platform
from mlbox.places import launch
from mlbox.places.clearml import Queue
from mlbox.places.hosts import SSH_FAILED, host_of

RESULTS = ("rc", "fault", "facts", "stdout.log", "stderr.log", "pid", "job")
REACHED = ("name", "place", "host", "user", "port", "ssh_config", "queue")
"""What of a platform a run's record keeps: how to reach it, and no variable's value."""


def say(sentence: str) -> None:
    """Tell people what happens; standard output belongs to the tasks."""
    print(f"mlbox: {sentence}", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Run:
    """A run that was started, maybe by another mlbox.

    Args:
        root: folder of the box.
        name: of the run's folder.
    """

    root: Path
    name: str

    @property
    def path(self) -> Path:
        return self.root / STATE / "runs" / self.name

    @property
    def journal(self) -> dict[str, Any]:
        return read_json(self.path / "run.json")

    @property
    def platform(self) -> Platform:
        known = {field.name for field in fields(Platform)}
        return Platform(**{name: value for name, value in self.journal["platform"].items() if name in known})

    def _ask(self, script: Callable[[str, str, str], str]) -> tuple[int, str]:
        text = script(launch.kind_of(self.platform), self.journal["folder"], f"{STATE}/runs/{self.name}")
        return host_of(self.platform).ask(text)

    def state(self) -> str:
        """Return `done CODE`, `running`, Slurm's word for it, `lost`, `unreachable` or `not started`."""
        if not self.journal:
            return "not started"
        if isinstance(queue := host_of(self.platform), Queue):
            return queue.state(self.root, self.journal["folder"])
        code, text = self._ask(launch.asking)
        return "unreachable" if code == SSH_FAILED else text.strip() or "lost"

    def cancel(self) -> None:
        """End the run."""
        if isinstance(queue := host_of(self.platform), Queue):
            return queue.end(self.root, self.journal["folder"])
        if self._ask(launch.ending)[0] == SSH_FAILED:
            raise Fault(f"{self.name}: {self.platform.host} cannot be reached; try again", LOST)

    def logs(self, follow: bool) -> int:
        """Print what the run has written."""
        if follow and isinstance(queue := host_of(self.platform), Queue):
            return queue.follow(self.root, self.journal["folder"])
        if follow:
            text = launch.following(launch.kind_of(self.platform), self.journal["folder"], f"{STATE}/runs/{self.name}")
            return host_of(self.platform).run(text)
        self.bring(RESULTS)
        for name, stream in (("stdout.log", sys.stdout), ("stderr.log", sys.stderr)):
            if (self.path / name).exists():
                stream.write((self.path / name).read_text(encoding="utf-8", errors="replace"))
        return 0

    def bring(self, names: Sequence[str]) -> None:
        """Bring files of the run's folder here.

        Raises:
            Fault: the host cannot be reached.
        """
        paths = [f"{STATE}/runs/{self.name}/{name}" for name in names]
        if not host_of(self.platform).get(self.root, paths, self.journal["folder"]):
            raise Fault(f"{self.platform.host}: cannot be reached (see above); mlbox fetch {self.name} later", LOST)

    def fetch(self) -> int:
        """Take in the results of a run that has ended; return the task's exit code.

        Raises:
            Fault: it has not ended, or its host cannot be reached.
        """
        state = self.state()
        if not state.startswith("done"):
            raise Fault(f"{self.name}: {state}; fetch it when it is done", LOST if state == "unreachable" else OTHER)
        return settle(self.root, self.name, int(state.split()[1]))


def settle(root: Path, name: str, code: int) -> int:
    """Bring the results of an ended run, check its outputs and write its stamp; return the task's exit code.

    Raises:
        Fault: an output is missing, or the host cannot be reached.
    """
    run = Run(root, name)
    journal = run.journal
    if host_of(run.platform).remote:
        run.bring(RESULTS)
    facts = _facts(run.path / "facts")
    fault = (run.path / "fault").exists()
    missing: list[str] = []
    digests, base = Digests(root), root / journal["workspace"]
    outputs: dict[str, str] = {}
    if code == 0:
        _bring_outputs(run, journal)
        outputs = {output["name"]: digests.of(base / output["path"]) for output in journal["outputs"]}
        missing = [output["path"] for output in journal["outputs"] if outputs[output["name"]] in ("", "folder:")]
        digests.save()
    state = f"failed (exit code {code})" if code else "left outputs out" if missing else "done"
    ended = {"state": state, "rc": code, "facts": facts, "seconds": float(facts.get("seconds", 0))}
    write_json(run.path / "run.json", {**journal, **ended})
    stamp = {**ended, "record": journal["record"], "outputs": outputs, "started": journal["started"], "run": name}
    Stamps(root).write(journal["task"], journal["set"], {**stamp, "platform": journal["platform"]["name"]})
    if missing:
        title = f"{journal['task']}/{journal['set']}"
        raise Fault(f"{title}: ended well, but left out {', '.join(missing)}; see {run.path}/stderr.log", OUTPUT)
    if code and not fault:
        killed = "; killed, often for want of memory" if code == 137 else ""
        say(f"{journal['task']}/{journal['set']}: exit code {code}{killed}; {run.path}/stderr.log")
    return code


def _bring_outputs(run: Run, journal: dict[str, Any]) -> None:
    """Bring a remote run's outputs; what lay there before moves out of the way, as it did on the host."""
    host = host_of(run.platform)
    if not host.remote or not journal["outputs"]:
        return
    base = "" if journal["workspace"] == "." else f"{journal['workspace']}/"
    trash = run.root / STATE / "trash" / f"{journal['task']}-{journal['set']}"
    for output in journal["outputs"]:
        there = run.root / base / output["path"]
        if there.exists() and not output["keep"]:
            aside = trash / run.name / output["path"]
            aside.parent.mkdir(parents=True, exist_ok=True)
            there.rename(aside)
    if not host.get(run.root, [base + output["path"] for output in journal["outputs"]], journal["folder"]):
        raise Fault(f"{run.platform.host}: connection lost while fetching; mlbox fetch {run.name}", LOST)


def _facts(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


def state_folder() -> Path:
    """Return where it is remembered which run belongs to which box."""
    home = os.environ.get("XDG_STATE_HOME")
    return (Path(home) if home else Path.home() / ".local/state") / "mlbox/runs"


def remember(root: Path, run: str) -> None:
    """Note a run, so that its name is enough to find it; done without where the home is read-only."""
    try:
        state_folder().mkdir(parents=True, exist_ok=True)
        (state_folder() / run).write_text(str(root), encoding="utf-8")
    except OSError:
        pass


def find_run(name: str) -> Run:
    """Return the run that a name, or the path of its folder, means.

    Raises:
        Fault: no such run.
    """
    path = Path(name)
    if path.name and (path / "run.json").exists():
        return Run(path.resolve().parents[2], path.name)
    note_file = state_folder() / path.name
    root = Path(note_file.read_text(encoding="utf-8")) if path.name and note_file.is_file() else Path.cwd()
    run = Run(root, path.name)
    if not run.journal:
        raise Fault(f"{name}: no such run; give its name as `mlbox run` printed it, or the path of its folder")
    return run


def cache_here() -> Path:
    """Return where environments and images are kept on this machine."""
    scratch, home = os.environ.get("SCRATCH"), os.environ.get("XDG_CACHE_HOME")
    if own := os.environ.get("MLBOX_CACHE"):
        return Path(own)
    return Path(scratch) / "mlbox" if scratch else (Path(home) if home else Path.home() / ".cache") / "mlbox"


def unused(days: int) -> list[Path]:
    """Return the environments and images of this machine's cache that nothing has touched for some days."""
    found = [path for folder in ("envs", "sif", "oci") for path in (cache_here() / folder).glob("*")]
    limit = time.time() - days * 86400
    return [path for path in found if path.lstat().st_mtime < limit]
