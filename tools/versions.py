"""Keeps every version written once or written alike: python3 tools/versions.py check|sync|list

environment.yml decides Python and pip, the locks every package, torch-cuda.txt the CUDA and cuDNN that environment.yml
must name, pyproject.toml this repository's version and address. The spots that repeat one are declared in
tools/version_rules.txt. Standard library only.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import dropped_python
import lock_checks
import version_truth
from version_mentions import Mention, mentions, rewrite, rows


def main(root: Path, arguments: list[str] | None = None) -> int:
    """Return 0 when nothing drifted, 1 when something did; 2 when the truth itself cannot be read."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=["check", "sync", "list"], help="list prints every spot that is watched")
    parser.add_argument("--ask-torch", action="store_true", help="also compare with what .venv's torch was built for")
    parser.add_argument("--newest", action="store_true", help="also warn of packages that dropped our Python (network)")
    options = parser.parse_args(arguments)
    try:
        truth = version_truth.read(root)
    except version_truth.Unreadable as error:
        print(error, file=sys.stderr)
        return 2
    table = rows(Path(__file__).with_name("version_rules.txt"))
    found = mentions(root, table, truth)
    if options.command == "list":
        print("\n".join(f"{spot.path}:{spot.line}: {spot.what} {spot.found}" for spot in found))
        return 0
    if options.command == "sync":
        sync(root, [spot for spot in found if not spot.is_right])
        found = mentions(root, table, truth)
    wrong = [sentence(spot) for spot in found if not spot.is_right]
    wrong += lock_checks.findings(root, truth.values["python"])
    if options.ask_torch:
        wrong += lock_checks.ask_torch(root / ".venv/bin/python", truth.values["cuda"], truth.values["cudnn"])
    if options.newest:
        print("\n".join(dropped_python.warnings(root, truth.values["oldest"], truth.pins)) or "newest: none dropped us")
    print("\n".join([*wrong, summary(found, wrong)]))
    return 1 if wrong else 0


def sync(root: Path, wrong: list[Mention]) -> None:
    """Rewrite the spots that are wrong and say which."""
    for spot in wrong:
        if spot.wanted is not None:
            print(f"{spot.path}:{spot.line}: {spot.found} -> {spot.wanted}")
    rewrite(root, wrong)


def sentence(spot: Mention) -> str:
    """Return what is wrong with a spot."""
    here = f"{spot.path}:{spot.line}"
    if spot.wanted is None:
        return f"{here}: found {spot.found}, which no row of tools/version_rules.txt accounts for; add one there"
    return f"{here}: found {spot.found!r}, wanted {spot.wanted!r} ({spot.what}, {spot.source}); run make versions-sync"


def summary(found: list[Mention], wrong: list[str]) -> str:
    """Return the last line."""
    counted = f"{len(found)} mentions in {len({spot.path for spot in found})} files"
    said = f"{len(wrong)} wrong, of {counted} and the locks" if wrong else f"{counted} and the locks agree"
    return f"versions: {said}"


if __name__ == "__main__":
    raise SystemExit(main(Path(__file__).resolve().parent.parent))
