"""The teacher's own answers: trusted, so each runs in a plain process, forked from one that has torch loaded.

Loading torch and Lightning takes longer than most answers; a course has two hundred.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from contextlib import suppress
from multiprocessing import forkserver
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from labs.grading import child
from labs.grading.sandbox import Outcome
from labs.grading.slices import Question, names
from labs.lab_folder import START, environment

CONTEXT = multiprocessing.get_context("forkserver")
LOADED = ["torch", "pytorch_lightning", "matplotlib.figure", "IPython.core.interactiveshell"]
"""What no lab brings itself; a lab's own packages are loaded by each process anew."""


def ask(lab: Path, question: Question, answer: str, seconds: float = 300.0) -> Outcome:
    """Run an answer and its check in a lab's folder, with runs and a home of its own.

    Args:
        lab: the folder.
        question: the exercise.
        answer: the source of its cell.
        seconds: after which it is killed.
    """
    began = time.monotonic()
    with TemporaryDirectory(prefix="answer") as place:
        named = {"LAB_FAST": "1", "LAB_RUNS": f"{place}/runs", "HOME": place, "TMPDIR": place, "IPYTHONDIR": place}
        job = {
            "folder": str(lab),
            "environment": environment(lab, **named),
            "path": [str(START), str(lab), *_path_without(Path(__file__).parents[2])],
            "before": question.before,
            "answer": answer,
            "check": question.check,
            "defines": sorted(names(question.solution)[0]),
        }
        reading, writing = CONTEXT.Pipe(duplex=False)
        process = CONTEXT.Process(target=child.judge, args=(job, writing))
        with patch.dict(os.environ, MPLBACKEND="agg", OMP_NUM_THREADS="2", OMP_WAIT_POLICY="PASSIVE"):
            CONTEXT.set_forkserver_preload(LOADED)
            forkserver.ensure_running()
        process.start()
        assert process.pid is not None
        writing.close()
        try:
            verdict, message = reading.recv() if reading.poll(seconds) else ("timed out", f"more than {seconds:.0f} s")
        except EOFError:
            verdict, message = "broken", "the process ended before it was judged"
        finally:
            process.kill()
            with suppress(ProcessLookupError, PermissionError):  # what it has started
                os.killpg(process.pid, signal.SIGKILL)
            process.join()
            reading.close()
    return Outcome(verdict, message, time.monotonic() - began)


def _path_without(root: Path) -> list[str]:
    return [entry for entry in sys.path if Path(entry or ".").resolve() != root]
