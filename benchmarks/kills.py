"""Kill one training at random, again and again, and compare it with one that nobody disturbed.

``.venv/bin/python benchmarks/kills.py``: a small model is trained on a CPU, and exported. Then the same is done again
with ``--resume auto`` in a process that gets SIGKILL at a random moment, again and again: in the start, in
training, in validation, while a checkpoint is written, in the export. The tensors of the final weights, all numbers of
metrics.csv and the exported files must be the same bytes. Prints what was hit; returns 1 if a byte differs.

Each attempt is a process of its own, forked from one that has imported torch and read the fonts, which saves seconds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as training sets it

import cv2
import torch

from text_recognizer.data.synthetic_lines import SyntheticLines
from training import export, run_experiment
from training.command_line import mistakes_shown
from training.run_folder import is_finished, weights_digest, write_whole

EVERY = 4
"""Steps between two checkpoints."""

TINY = [
    *("--model.channels", "[8,8,8,8]", "--model.width", "16", "--model.layers", "1", "--lit_model.warmup", "5"),
    *("--model.dropout", "0.1", "--data.pixels", "300", "--data.widths", "[60,120]", "--data.validation_lines", "2"),
    *(
        "--logger",
        "none",
        "--precision",
        "32-true",
        "--threads",
        "1",
        "--checkpoint_every",
        str(EVERY),
        "--accumulate",
        "2",
    ),
]
"""Options of a small run with everything that has a state: dropout, gradients that are added up, an average."""


def read_ahead() -> None:
    """Read the fonts and texts in this process, so that those forked from it have them; without starting threads."""
    cv2.setNumThreads(1)
    lines = SyntheticLines(pixels=300, widths=(60, 120), validation_lines=2)
    lines.validation_batches()
    for number in range(20):
        lines.train_batches()[number]


def train(runs: Path, steps: int) -> int:
    """Do what ``training/run_experiment.py --resume auto`` does."""
    return run_experiment.main([*TINY, "--max_steps", str(steps), "--runs", str(runs), "--resume", "auto"])


def train_and_export(runs: Path, steps: int) -> int:
    """Train, then export the run; what is done already is not done again."""
    if not finished(runs) and (code := train(runs, steps)):
        return code
    return export.main([str(finished(runs)), "--name", "kills"])


def finished(runs: Path) -> Path | None:
    """Return the finished run below `runs`, None while there is none."""
    return next((path for path in sorted(runs.glob("*-*")) if is_finished(path)), None)


class Moment:
    """When an attempt is killed: some seconds after some checkpoints more, so that it may be anywhere.

    Args:
        runs: that are worked on.
        checkpoints: that are waited for; 0 lets the seconds begin with the attempt.
        seconds: that then pass.
    """

    def __init__(self, runs: Path, checkpoints: int, seconds: float) -> None:
        self.runs, self.checkpoints, self.seconds = runs, checkpoints, seconds
        self._saved, self._since = saved_at(runs), time.monotonic()

    def has_come(self) -> bool:
        """Return whether it is time; to be asked often."""
        if self.checkpoints and (saved := saved_at(self.runs)) != self._saved:
            self._saved, self._since, self.checkpoints = saved, time.monotonic(), self.checkpoints - 1
        return not self.checkpoints and time.monotonic() - self._since >= self.seconds


def saved_at(runs: Path) -> int:
    """Return when the newest checkpoint was written, 0 if there is none."""
    return max((path.stat().st_mtime_ns for path in runs.glob("*/last.ckpt")), default=0)


def attempt(work: Callable[[], int], said: Path, moment: Moment | None = None) -> int | None:
    """Do `work` in a process of its own; return its exit code, None if the moment to kill it came first.

    Args:
        said: the file that gets what it says.
        moment: when it is killed; never, if left out.
    """
    child = os.fork()
    if child == 0:
        code = 70
        try:
            stream = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(stream, 1)
            os.dup2(stream, 2)
            with mistakes_shown():
                code = work()
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    status = None
    try:
        while moment is None or not moment.has_come():
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            status = None
            time.sleep(0.002)
        return None
    finally:
        if status is None:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def state_of(runs: Path) -> str:
    """Return in a word how far the work below `runs` has come, as its files tell."""
    folders = sorted(runs.glob("*-*"))
    if not folders or not (folders[-1] / "plan.json").exists():
        return "before the first step"
    if is_finished(folders[-1]):
        return "in the export"
    if list(folders[-1].glob("*.part")):
        return "while a checkpoint was written"
    return "in training or validation" if (folders[-1] / "last.ckpt").exists() else "before the first checkpoint"


def digests(runs: Path) -> dict[str, str]:
    """Return what must be the same: the weights, the metrics, and the exported model."""
    run = finished(runs)
    assert run is not None, "the run has not come to its end"
    found = {
        f"tensors of {name}": weights_digest(torch.load(run / name, weights_only=False)["state_dict"])
        for name in ("last.ckpt", "best.ckpt")
    }
    for name in ("metrics.csv", "finished.json", "model/model.onnx", "model/recipe.json"):
        found[name] = hashlib.sha256((run / name).read_bytes()).hexdigest()
    return found


@dataclass(frozen=True)
class Pace:
    """How long the undisturbed work took, in seconds: to the first step, from checkpoint to checkpoint, the export."""

    begin: float
    checkpoint: float
    export: float


def undisturbed(runs: Path, steps: int) -> Pace:
    """Train and export with nobody disturbing, if that was not done before, and return how long it took."""
    noted = runs.with_suffix(".json")
    if not noted.exists():
        runs.parent.mkdir(parents=True, exist_ok=True)
        begun, said = time.time(), runs.with_suffix(".txt")
        if code := attempt(lambda: train(runs, steps), said):
            raise SystemExit(f"the training ended with {code}: {said.read_text()[-2000:]}")
        run = finished(runs)
        assert run is not None
        begin, trained = (run / "plan.json").stat().st_mtime - begun, time.time()
        if code := attempt(lambda: train_and_export(runs, steps), said):
            raise SystemExit(f"the export ended with {code}: {said.read_text()[-2000:]}")
        pace = Pace(begin, (trained - begun - begin) * EVERY / steps, time.time() - trained)
        write_whole(noted, json.dumps(asdict(pace)))
    return Pace(**json.loads(noted.read_text()))


def next_moment(runs: Path, steps: int, left: int, pace: Pace, choice: random.Random) -> Moment:
    """Return when the next attempt is killed, so that about `left` attempts are killed before the end."""
    if finished(runs):
        return Moment(runs, 0, choice.uniform(0, pace.export))
    waited = int(choice.uniform(0, 2 * (steps - step_of(runs)) / EVERY / max(1, left)))
    return Moment(runs, waited, choice.uniform(0, pace.checkpoint if waited else pace.begin + pace.checkpoint))


def step_of(runs: Path) -> int:
    """Return the last step that the newest run has written of."""
    tables = sorted(runs.glob("*/metrics.csv"))
    steps = [row.split(",")[0] for row in tables[-1].read_text().splitlines()] if tables else []
    return max((int(step) for step in steps if step.isdigit()), default=0)


def disturb(work: Callable[[], int], runs: Path, steps: int, kills: int, pace: Pace, choice: random.Random) -> Counter:
    """Kill `work` until it was killed `kills` times, then let it end; return what was hit, and how often."""
    noted, said = runs.with_suffix(".json"), runs.with_suffix(".txt")
    hit: Counter = Counter(json.loads(noted.read_text()) if noted.exists() else {})
    while (left := kills - sum(hit.values())) > 0:
        code = attempt(work, said, next_moment(runs, steps, left, pace, choice))
        if code:
            raise SystemExit(f"it ended with {code} after {sum(hit.values())} kills: {said.read_text()[-2000:]}")
        if code is None:
            hit[state_of(runs)] += 1
            write_whole(noted, json.dumps(hit))
    if code := attempt(work, said):
        raise SystemExit(f"the last attempt ended with {code}: {said.read_text()[-2000:]}")
    return hit


def main(arguments: list[str] | None = None) -> int:
    """Print what was hit and whether all is the same; return 1 if not."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--steps", type=int, default=150, help="of the run")
    parser.add_argument("--seed", type=int, default=0, help="of the times; 0 for others each time")
    parser.add_argument("--folder", type=Path, help="for the runs, kept, and gone on with; else a temporary one")
    options = parser.parse_args(arguments)
    read_ahead()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        whole, broken, begun = folder / "whole", folder / "broken", time.monotonic()
        pace = undisturbed(whole, options.steps)
        told = (
            f"{pace.begin:.1f} s to the first step, {pace.checkpoint:.1f} s per checkpoint, {pace.export:.1f} s export"
        )
        print(f"undisturbed: {told}", flush=True)
        choice, work = random.Random(options.seed or time.time_ns()), lambda: train_and_export(broken, options.steps)
        hit = disturb(work, broken, options.steps, options.kills, pace, choice)
        for state, times in hit.most_common():
            print(f"{times:4d} kills {state}")
        expected, found = digests(whole), digests(broken)
    for name, digest in expected.items():
        print(f"{'same' if found[name] == digest else 'OTHER'}  {digest[:16]}  {name}")
    print(f"{sum(hit.values())} kills, {time.monotonic() - begun:.0f} s")
    return int(expected != found)


if __name__ == "__main__":
    raise SystemExit(main())
