"""Runs the fast tests with the newest of everything on one Python: python3 tools/newest.py [PYTHON]

One cell of the nightly matrix. The locks are not read: what the .in files ask for is installed in the newest versions
they allow, into build/newest-X.Y beside .venv. Standard library only.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch_build
from environment import OLDEST_PYTHON
from install_missing import wanted

FAST = "not network and not docker and not real and not course and not slow and not notebook"
SAY = "import sys; print(*sys.version_info[:3], sep='.')"


def version_of(program: str) -> str:
    """Return the version of a Python (SystemExit if it is none, or too old)."""
    if not shutil.which(program):
        raise SystemExit(f"PYTHON={program}: there is no such program; name a Python, as in PYTHON=/usr/bin/python3")
    result = subprocess.run([program, "-c", SAY], capture_output=True, text=True)
    if result.returncode:
        raise SystemExit(f"PYTHON={program}: it does not start; {result.stderr.strip().splitlines()[-1]}")
    found = result.stdout.strip()
    if tuple(map(int, found.split("."))) < OLDEST_PYTHON:
        raise SystemExit(f"PYTHON={program}: this is {found}; name {'.'.join(map(str, OLDEST_PYTHON))} or newer")
    return found


def install(root: Path, python: Path, build: str) -> None:
    """Install the newest of everything: torch in the build asked for ("auto", "cpu", "cuda"), then the layers."""
    tools = torch_build.pins(root / "requirements" / "build.txt")
    call([str(python), "-m", "pip", "install", "--quiet", "--upgrade", *tools], root)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("torch.txt", "torch\n"), ("prod.txt", ""), ("dev.txt", "")):
            (Path(folder) / name).write_text(text)
        if build == "cuda" or not torch_build.by_uv(python, Path(folder), build, dict(os.environ)):
            torch_build.by_pip(python, Path(folder), build)
    layers = [line for name in ("prod.in", "dev.in") for line in wanted(root / "requirements", name)]
    call([str(python), "-m", "pip", "install", "--quiet", "--upgrade", "torch", *layers], root)
    editable = ["--no-deps", "--no-build-isolation", "--editable", "."]
    call([str(python), "-m", "pip", "install", "--quiet", *editable], root)


def call(command: list[str], root: Path) -> None:
    """Run a command; SystemExit with its code when it fails."""
    code = subprocess.run(command, cwd=root).returncode
    if code:
        raise SystemExit(f"newest: `{' '.join(command[:6])} ...` ended with {code}; read its lines above")


def main(root: Path, arguments: list[str] | None = None) -> int:
    """Install, show how the versions differ from the locks, run the tests and return pytest's exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("python", nargs="?", default=sys.executable, help="a Python (default: this one)")
    parser.add_argument("--tests", default="", help="tests instead of all the fast ones, as tests/decoding")
    options = parser.parse_args(arguments)
    version = version_of(options.python)
    prefix = root / "build" / f"newest-{version.rpartition('.')[0]}"
    print(f"newest: Python {version}, into {prefix.relative_to(root)}", flush=True)
    call([options.python, "-m", "venv", "--clear", str(prefix)], root)
    python = prefix / "bin" / "python"
    install(root, python, os.environ.get("TORCH") or "auto")
    subprocess.run([str(python), str(root / "tools" / "compare_environment.py")], cwd=root)
    return subprocess.run([str(python), "-m", "pytest", "-m", FAST, *options.tests.split()], cwd=root).returncode


if __name__ == "__main__":
    raise SystemExit(main(Path(__file__).resolve().parent.parent))
