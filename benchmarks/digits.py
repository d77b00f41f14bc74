"""Real digits end to end: served on this machine in MNIST's format, downloaded, prepared, and a CNN trained on them.

    .venv/bin/python benchmarks/digits.py --steps 1500

It prints the share of test digits that the trained CNN names right. The digits are the 1,797 that scikit-learn bundles.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def main(arguments: list[str] | None = None) -> int:
    """Serve, train, score and print; return the exit code of training."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1500, help="batches of 128 digits to train on")
    parser.add_argument("--augment", type=float, default=1.0, help="how much training digits are changed")
    parser.add_argument("--out", type=Path, help="folder of the run; a temporary one if left out")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.out or Path(scratch)
        train, test = served_and_prepared(folder)
        begin = time.monotonic()
        code = trained(folder, options.steps, options.augment)
        if code:
            return code
        right, count = scored(folder)
        seconds = time.monotonic() - begin
    report = {"trained on": train, "tested on": test, "steps": options.steps, "seconds": round(seconds)}
    print(json.dumps(report))
    print(f"right: {right} of {count} test digits, {100 * right / count:.2f} %")
    return 0


def served_and_prepared(folder: Path) -> tuple[int, int]:
    """Write the digits, serve them, fetch and prepare them; return how many train and test."""
    digits, files = import_module("tests.data.served_digits"), import_module("tests.data.served_files")
    sets = import_module("tests.data.served_sets")
    with files.served(folder / "served") as site:
        counts = digits.write_digits(folder / "served")
        urls = {file: [site.url(file)] for file in sets.MNIST_FILES}
        files.describe(folder / "data", "mnist", urls, folder / "served")
        data = import_module("text_recognizer.data.mnist").MNIST(folder=folder / "data", validation=137)
        data.prepare_data()
    return counts


def trained(folder: Path, steps: int, augment: float) -> int:
    """Train the CNN as a user would and return the exit code."""
    command = [
        sys.executable,
        str(ROOT / "training" / "run_experiment.py"),
        "--name=digits",
        f"--runs={folder / 'runs'}",
    ]
    command += [
        "--data=MNIST",
        f"--data.folder={folder / 'data'}",
        "--data.validation=137",
        f"--data.augment={augment}",
    ]
    command += ["--model=CNN", f"--max_steps={steps}", "--precision=32-true", "--logger=none"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def scored(folder: Path) -> tuple[int, int]:
    """Return how many test digits the trained CNN names right, and of how many."""
    torch = import_module("torch")
    run = max((folder / "runs").iterdir(), key=lambda path: path.stat().st_mtime)
    model = import_module("training.readers").any_trained_model(run).eval()
    data = import_module("text_recognizer.data.mnist").MNIST(folder=folder / "data", validation=137)
    right = count = 0
    with torch.inference_mode():
        for batch in data.test_batches():
            right += int((model(batch.x_BCHW).argmax(1) == batch.y_B).sum())
            count += len(batch.y_B)
    return right, count


if __name__ == "__main__":
    raise SystemExit(main())
