"""Asks the package index which of our packages have dropped our Python in their newest release (needs the network)."""

from __future__ import annotations

import sys
from pathlib import Path

from lock_checks import asked, meets
from torch_build import taken

PIP = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps", "--ignore-installed"]


def warnings(root: Path, python: str, pins: dict[str, str]) -> list[str]:
    """Return a sentence per package whose newest release asks for a newer Python than ours, or why none was asked.

    Args:
        root: of the repository; the packages are those that its .in files name
        python: our oldest Python
        pins: {package: version} of the locks
    """
    folder = root / "requirements"
    named = {package for path in folder.glob("*.in") for _, _, package, _ in asked(folder, path.name)}
    return [sentence for package in sorted(named & set(pins)) for sentence in warning(package, python, pins[package])]


def warning(package: str, python: str, pinned: str) -> list[str]:
    """Return the warning about one package, [] when its newest release still runs on our Python."""
    metadata = taken([*PIP, "--ignore-requires-python", package])
    if metadata is None:
        return [f"newest: {package} could not be asked for; is a package index within reach?"]
    needs = metadata.get("requires_python", "")
    if meets(python, needs):
        return []
    return [f"newest: {package} {metadata['version']} needs Python {needs}, ours is {python}; we stay at {pinned}"]
