"""Compares this Python's packages with our locks, in a table: python3 tools/compare_environment.py

For Colab and every other place where the environment is not ours: what differs is where to look first when a test fails
there. Standard library only.
"""

import argparse
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import version_truth
from lock_checks import asked, normal, release

LAYERS = ("prod.in", "dev.in")
INSTEAD = {"opencv-python-headless": ("opencv-python", "opencv-contrib-python")}
"""Packages that bring the same module."""


def installed(package: str) -> str:
    """Return the version that is installed, "" if none is."""
    for name in (package, *INSTEAD.get(package, ())):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ""


def state(ours: str, here: str) -> str:
    """Return how the version here stands to ours.

    >>> [state("2.13.0", "2.13.0+cpu"), state("2.13.0", "2.15.0"), state("2.13.0", "1.9"), state("2.13.0", "")]
    ['same', 'newer', 'older', 'MISSING']
    """
    if not here:
        return "MISSING"
    found, wanted = release(here), release(ours)
    return "same" if found == wanted else "newer" if found > wanted else "older"


def rows(root: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield (name, ours, here, state) of Python, torch and every package that prod.in and dev.in ask for."""
    truth = version_truth.read(root)
    oldest, here = truth.values["oldest"], platform.python_version()
    yield "python", f">={oldest}", here, "good" if release(here) >= release(oldest) else "OLDER"
    names = {package for layer in LAYERS for _, _, package, _ in asked(root / "requirements", layer)}
    for name in ["torch", *sorted(names)]:
        ours = truth.pins.get(normal(name), "")
        yield name, ours, installed(name), state(ours, installed(name))


def main(root: Path, arguments: list[str] | None = None) -> int:
    """Print the table; return 1 when something is missing or Python is too old."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--all", action="store_true", help="print the packages that are the same, too")
    options = parser.parse_args(arguments)
    found = list(rows(root))
    shown = [row for row in found if options.all or row[3] != "same"]
    table = [("package", "ours", "here", ""), *shown]
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    for row in table:
        print("  ".join(f"{text:{width}}" for text, width in zip(row[:3], widths, strict=True)), row[3], sep="  ")
    same = sum(row[3] == "same" for row in found)
    wrong = [row[0] for row in found if row[3].isupper()]
    print(
        f"{len(found)} compared, {same} the same; "
        + (f"run tools/install_missing.py for {', '.join(wrong)}" if wrong else "none is missing")
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(Path(__file__).resolve().parent.parent))
