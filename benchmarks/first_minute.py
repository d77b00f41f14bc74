"""From a clone to the text of a page: seconds on an empty environment, ours and a peer's, and the wheel's size.

    .venv/bin/python benchmarks/first_minute.py

Ours is the README's first command in a fresh clone. The peer is RapidOCR as its own page says: a new environment, pip
install, one call. Both take their packages from the same index; pip's cache is not used.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
IMAGE = "instructions/pictures/page.jpg"
PEER = "import sys; from rapidocr import RapidOCR; print('\\n'.join(RapidOCR()(sys.argv[1]).txts))"


def run(command: list[str], folder: Path) -> str:
    """Return what a command prints, in an environment without a project's variables; SystemExit when it fails."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH", "LANG") if name in os.environ}
    done = subprocess.run(command, cwd=folder, env={**kept, "PIP_NO_CACHE_DIR": "1"}, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"first_minute: `{' '.join(command)}` ended with {done.returncode}: {done.stderr[-800:]}")
    return done.stdout


def ours(folder: Path, python: str) -> tuple[float, int]:
    """Return the seconds from the clone to the text, and the lines of the text."""
    begun = time.monotonic()
    run(["git", "clone", "--quiet", "--depth", "1", f"file://{ROOT}", "lab"], folder)
    said = run(["make", "read", f"IMAGE={IMAGE}", f"PYTHON={python}"], folder / "lab")
    seconds = time.monotonic() - begun
    return seconds, len(said.split("text-recognizer read", 1)[1].splitlines()) - 1


def peers(folder: Path, python: str) -> tuple[float, int]:
    """Return the same for the peer."""
    begun = time.monotonic()
    run([python, "-m", "venv", "peer"], folder)
    run([str(folder / "peer/bin/pip"), "install", "--quiet", "rapidocr==3.10.*", "onnxruntime"], folder)
    said = run([str(folder / "peer/bin/python"), "-c", PEER, str(ROOT / IMAGE)], folder)
    return time.monotonic() - begun, len(said.splitlines())


def wheel_megabytes(folder: Path) -> float:
    """Return the size of the wheel in MB (10^6 bytes)."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    run([*command, str(folder / "lab")], folder)
    return next(folder.glob("*.whl")).stat().st_size / 1e6


def main() -> int:
    """Print the table and return 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", default="python3", help="that makes the environments")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds, lines = ours(folder, options.python)
        peer_s, peer_lines = peers(folder, options.python)
        megabytes = wheel_megabytes(folder)
    print("| reader | from nothing to the text, s | lines of text |\n|---|---:|---:|")
    print(f"| ours, `make read` | {seconds:.0f} | {lines} |\n| RapidOCR 3.10, pip | {peer_s:.0f} | {peer_lines} |")
    print(f"\nratio {peer_s / seconds:.2f}; load {os.getloadavg()[0]:.1f}; our wheel: {megabytes:.1f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
