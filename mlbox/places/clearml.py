"""A queue of ClearML: what a task needs goes up as an artifact, an agent runs its script, results come back as one."""

from __future__ import annotations

import importlib
import json
import os
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from mlbox.faults import ABSENT, INTERRUPTED, OTHER, Fault
from mlbox.model import Platform
from mlbox.places.hosts import Here
from mlbox.templates import FOLDER

RUNS = ".mlbox/runs"
ENTRY = "clearml_task.py"
OVER = ("completed", "failed", "stopped", "closed", "published")
PAUSE = 1.0
"""Seconds between two looks at a task."""


class Queue(Here):
    """Hosts whose agents listen to a queue; which of them takes a task is the queue's affair.

    Args:
        platform: with queue, project and image.
    """

    remote = True

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.name = f"queue {platform.queue} of ClearML"

    def put(self, root: Path, files: list[str], into: str) -> None:
        """Note which files of the box a run needs; `start` sends them."""
        (self._run(root, into) / "files.json").write_text(json.dumps(files), encoding="utf-8")

    def transfers(self, root: Path, files: list[str], into: str) -> list[str]:
        """Return what `start` sends, for --dry-run."""
        return [f"to {self.name}: {' '.join(files)}"]

    def start(self, root: Path, folder: str) -> None:
        """Make a task of a run, send what it needs and put it into the queue.

        Raises:
            Fault: ClearML is not installed or does not answer, or has no such queue.
        """
        run = self._run(root, folder)
        with _clearml(self.name) as clearml:
            task = clearml.Task.create(project_name=self.platform.project, task_name=run.name, task_type="custom")
            entry = (FOLDER / ENTRY).read_text(encoding="utf-8")
            task.set_script(repository="", branch="", commit="", diff=entry, working_dir=".", entry_point=ENTRY)
            task.set_packages([f"clearml=={clearml.__version__}"])
            if self.platform.image:
                task.set_base_docker(docker_image=self.platform.image)
            task.upload_artifact("box", _packed(root, run), wait_on_upload=True)
            (run / "box.tar.gz").unlink()
            (run / "job").write_text(task.id, encoding="utf-8")
            clearml.Task.enqueue(task, queue_name=self.platform.queue)
            page = task.get_output_log_web_page()
        print(f"mlbox: {self.name}: task {page}", file=sys.stderr, flush=True)

    def follow(self, root: Path, folder: str) -> int:
        """Wait for a run's end, show what it wrote and return its exit code; the browser shows it meanwhile."""
        while not (state := self.state(root, folder)).startswith("done"):
            time.sleep(PAUSE)
        for name, stream in (("stdout.log", sys.stdout), ("stderr.log", sys.stderr)):
            if (log := self._run(root, folder) / name).exists():
                stream.write(log.read_text(encoding="utf-8", errors="replace"))
                stream.flush()
        return int(state.split()[1])

    def state(self, root: Path, folder: str) -> str:
        """Return `done CODE`, or ClearML's word for how a run stands."""
        run = self._run(root, folder)
        if not (run / "job").exists():
            return "lost"
        with _clearml(self.name) as clearml:
            task = clearml.Task.get_task(task_id=(run / "job").read_text())
            status = str(task.get_status())
            if status not in OVER:
                return status
            if "results" in task.artifacts:
                self._take(task, root, [f"{RUNS}/{run.name}"])
            elif not (run / "rc").exists():
                _note_fault(run, task, status)
        return f"done {(run / 'rc').read_text().strip()}"

    def get(self, root: Path, paths: list[str], source: str) -> bool:
        """Bring paths of the box out of a run's results."""
        job = self._run(root, source) / "job"
        with _clearml(self.name) as clearml:
            task = clearml.Task.get_task(task_id=job.read_text())
            if "results" in task.artifacts:
                self._take(task, root, paths)
        return True

    def end(self, root: Path, folder: str) -> None:
        """Take a run out of the queue, or have its agent end it."""
        run = self._run(root, folder)
        with _clearml(self.name) as clearml:
            task = clearml.Task.get_task(task_id=(run / "job").read_text())
            if str(task.get_status()) == "queued":
                clearml.Task.dequeue(task)
            task.mark_stopped(force=True, status_message="cancelled by mlbox")
        (run / "cancelled").touch()
        (run / "rc").write_text(f"{INTERRUPTED}\n", encoding="utf-8")

    def _run(self, root: Path, folder: str) -> Path:
        return root / RUNS / Path(folder).name

    def _take(self, task: Any, root: Path, paths: list[str]) -> None:
        """Unpack those of a task's results that are, or lie below, one of the paths."""
        archive = task.artifacts["results"].get_local_copy(extract_archive=False, raise_on_error=True)
        with tarfile.open(archive) as tar:
            wanted = [one for one in tar if any(one.name == path or one.name.startswith(f"{path}/") for path in paths)]
            tar.extractall(root, wanted, filter="data")


def _packed(root: Path, run: Path) -> Path:
    """Write the archive of a run: its script, its record and the files that it needs."""
    path = run / "box.tar.gz"
    files = json.loads((run / "files.json").read_text(encoding="utf-8"))
    with tarfile.open(path, "w:gz", compresslevel=1, dereference=True) as tar:
        for file in [*files, f"{RUNS}/{run.name}/run.json"]:
            tar.add(root / file, arcname=file)
    return path


def _note_fault(run: Path, task: Any, status: str) -> None:
    """Write down that a task ended before the script could: its agent failed, or someone stopped it."""
    told = "\n".join(task.get_reported_console_output(number_of_reports=5))
    (run / "stderr.log").write_text(told + "\n", encoding="utf-8")
    sentence = f"the task was {status} before the script could end; {task.get_output_log_web_page()}"
    (run / "fault").write_text(f"{sentence}\n", encoding="utf-8")
    (run / "rc").write_text(f"{INTERRUPTED if status == 'stopped' else OTHER}\n", encoding="utf-8")
    print(f"mlbox: {sentence}", file=sys.stderr, flush=True)


@contextmanager
def _clearml(where: str) -> Iterator[Any]:
    """Give ClearML's library; what it prints is not the task's, so it goes to standard error."""
    os.environ.setdefault("CLEARML_LOG_LEVEL", "ERROR")
    try:
        library = importlib.import_module("clearml")
    except ImportError:
        remedy = f"{sys.executable} -m pip install clearml"
        raise Fault(f"{where}: ClearML is not installed for {sys.executable}; {remedy}", ABSENT) from None
    try:
        with redirect_stdout(sys.stderr):
            yield library
    except (Fault, OSError, KeyboardInterrupt):
        raise
    except Exception as error:  # its own errors, and those of its configuration, share no other base
        told = " ".join(str(error).split())
        raise Fault(f"{where}: {told}; are the queue's name and ClearML's settings right?", ABSENT) from error
