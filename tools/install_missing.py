"""Installs what the notebooks need and this Python lacks; what is there stays as it is: tools/install_missing.py

For machines whose environment is not ours, as Colab's, where syncing with the locks would tear out what the machine
brought. In a checkout of one's own, make env is the way. Standard library only.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distributions, version
from importlib.util import find_spec
from pathlib import Path

from lock_checks import CLAUSE, meets, normal

LAYERS = ("prod.in", "dev.in", "torch.txt")
MODULES = {"opencv-python-headless": "cv2", "pip": "pip", "setuptools": "setuptools", "torch": "torch"}
"""What is there under whatever name, and in whatever version, it was installed."""

KEPT = ("numpy", "torch", "torchvision", "torchaudio", "ipykernel", "ipython", "pandas", "google-colab")
"""What a hosted notebook must keep, even where another package would rather have another version."""


def requirements(text: str) -> list[str]:
    """Return the requirements of an .in file, without comments and options.

    >>> requirements("-c prod.txt\\n\\n# export\\nonnx\\npillow<13  # why\\n")
    ['onnx', 'pillow<13']
    """
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("-")]


def wanted(folder: Path, name: str) -> Iterator[str]:
    """Yield the requirements of a file of requirements/ and of those that it includes."""
    text = (folder / name).read_text(encoding="utf-8")
    for included in re.findall(r"^-r (\S+)", text, re.MULTILINE):
        yield from wanted(folder, included)
    yield from requirements(text)


def is_there(requirement: str) -> bool:
    """Return whether a requirement is met; what MODULES names is taken in any version."""
    name = re.split(r"[\[<>=!~; ]", requirement)[0]
    if name in MODULES:
        return find_spec(MODULES[name]) is not None
    try:
        found = version(name)
    except PackageNotFoundError:
        return False
    return meets(found, "".join(sign + text for sign, text in CLAUSE.findall(requirement)))


def installed(names: tuple[str, ...] = ()) -> list[str]:
    """Return `name==version` of what is installed, of all or of the packages named."""
    there = {normal(found.metadata["Name"]): found.version for found in distributions() if found.metadata["Name"]}
    return [f"{name}=={version}" for name, version in sorted(there.items()) if not names or name in names]


def install(missing: list[str], constraints: list[str]) -> int:
    """Let pip install what is missing without moving what the constraints name; return its exit code."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(constraints) + "\n")
        file.flush()
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--constraint", file.name, *missing]
        return subprocess.run(command, check=False).returncode


def main(root: Path, arguments: list[str] | None = None) -> int:
    """Install what is missing and return pip's exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dry-run", action="store_true", help="only print what is missing")
    parser.add_argument("files", nargs="*", help="of requirements/ whose packages are wanted too, as build.txt")
    options = parser.parse_args(arguments)
    for name in options.files:
        if not (root / "requirements" / name).is_file():
            parser.error(f"{name}: requirements/ has no such file")
    lines = [line for name in (*LAYERS, *options.files) for line in wanted(root / "requirements", name)]
    missing = [line for line in lines if not is_there(line)]
    if not missing:
        return 0
    print("installing", *missing, flush=True)
    if options.dry_run:
        return 0
    moving = {normal(re.split(r"[\[<>=!~; ]", line)[0]) for line in missing}
    everything = [pin for pin in installed() if pin.partition("==")[0] not in moving]
    if install(missing, everything) == 0:
        return 0
    print(f"some of it does not go with what is here; again, keeping only {', '.join(KEPT)}", flush=True)
    return install(missing, installed(KEPT))


if __name__ == "__main__":
    raise SystemExit(main(Path(__file__).resolve().parent.parent))
