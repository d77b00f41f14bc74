"""Moves every lock to the newest versions, if the fast tests still pass with them: python3 tools/upgrade.py

All of it happens in a copy of the repository: compile, install, test. The locks here change only when that ended well;
else the package that breaks the tests is searched for by halving and named. Standard library only.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from torch_build import pins

BY_HAND = ("build.txt", "torch.txt")
LEFT_OUT = shutil.ignore_patterns(".venv", "runs", "__pycache__", ".*_cache", "node_modules", "_labs", "build", "wandb")
LOG_LINES = 15
FAILED_LOCK = re.compile(r"\*\*\* \[.*?(requirements/[\w-]+\.txt)\] Error")


class Change(NamedTuple):
    """A package whose pin differs: "" for a version that is not there."""

    name: str
    old: str
    new: str


class Trial:
    """A copy of a repository in which locks are compiled, installed and tested.

    Args:
        root: the repository; only `take` writes to it
        copy: folder of the copy, made here
        compile_locks: command that compiles every lock in the copy; UPGRADE says what may move
        test: command that installs what the locks say and runs the fast tests
    """

    def __init__(self, root: Path, copy: Path, compile_locks: Sequence[str], test: Sequence[str]) -> None:
        self.root, self.copy, self.compile_command, self.test_command = root, copy, compile_locks, test
        shutil.copytree(root, copy, ignore=without_data(root), symlinks=True)
        self.log = copy.with_name("log.txt")

    def compile(self, packages: Sequence[str] | None = None) -> bool:
        """Compile from the locks as they are now, moving `packages` (None: all that can move); False if that fails."""
        self.restore()
        flags = ["--upgrade"] if packages is None else [f"--upgrade-package={name}" for name in packages]
        return self.call([*self.compile_command, f"UPGRADE={' '.join(flags)}"])

    def passes(self) -> bool:
        """Whether the fast tests pass in the copy with the locks that lie there."""
        return self.call(self.test_command)

    def restore(self) -> None:
        """Put the root's locks back into the copy."""
        for lock in locks(self.root):
            shutil.copy2(lock, self.copy / "requirements" / lock.name)

    def changes(self) -> list[Change]:
        """Return what the copy's locks have changed."""
        old, new = versions(self.root), versions(self.copy)
        names = sorted(old.keys() | new.keys())
        return [Change(n, old.get(n, ""), new.get(n, "")) for n in names if old.get(n) != new.get(n)]

    def take(self) -> None:
        """Make the copy's locks the root's, each whole or not at all."""
        for lock in locks(self.copy):
            beside = self.root / "requirements" / f"{lock.name}.part"
            shutil.copyfile(lock, beside)
            os.replace(beside, self.root / "requirements" / lock.name)

    def call(self, command: Sequence[str]) -> bool:
        """Run a command in the copy, its output into the log; return whether it succeeded."""
        # not what an activated shell or an outer make would add, nor pip's cache of an environment that is not this one
        environ = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "VIRTUAL_ENV")}
        with self.log.open("wb") as log:
            return subprocess.run(command, cwd=self.copy, stdout=log, stderr=log, env=environ).returncode == 0

    def tail(self) -> str:
        """Return the last lines of the last command."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:])


def without_data(root: Path) -> Callable[[str, list[str]], set[str]]:
    """Return what copytree shall leave out: what runs, installs and fetches wrote."""

    def left_out(folder: str, names: list[str]) -> set[str]:
        fetched = set(names) - {"raw"} if Path(folder) == root / "data" else set()
        return set(LEFT_OUT(folder, names)) | fetched

    return left_out


def locks(root: Path) -> list[Path]:
    """Return the compiled locks of a repository."""
    return [path for path in sorted((root / "requirements").glob("*.txt")) if path.name not in BY_HAND]


def versions(root: Path) -> dict[str, str]:
    """Return {package: version} of all compiled locks."""
    return {name: version for lock in locks(root) for name, version in pins(lock).items()}


def culprits(names: list[str], breaks: Callable[[list[str]], bool]) -> list[str]:
    """Return the smallest group found by halving that breaks the tests; `names` as a whole is known to.

    >>> culprits(["a", "b", "c", "d", "e"], lambda group: "d" in group)
    ['d']
    >>> culprits(["a", "b", "c", "d"], lambda group: {"a", "d"} <= set(group))  # none alone, two together
    ['a', 'b', 'c', 'd']
    """
    while len(names) > 1:
        half = len(names) // 2
        first, second = names[:half], names[half:]
        if breaks(first):
            names = first
        elif breaks(second):
            names = second
        else:
            break
    return names


def table(changes: list[Change], result: Callable[[Change], str]) -> str:
    """Return the changes as lines: package, old -> new, result."""
    width = max((len(change.name) for change in changes), default=0)
    middle = max((len(f"{change.old or '-'} -> {change.new or '-'}") for change in changes), default=0)
    rows = [(change.name, f"{change.old or '-'} -> {change.new or '-'}", result(change)) for change in changes]
    return "\n".join(f"{name:{width}}  {versions:{middle}}  {said}" for name, versions, said in rows)


def upgrade(trial: Trial) -> int:
    """Compile, test, and take the locks or name what breaks the tests; return the exit code."""
    if not trial.compile():
        print(f"{trial.tail()}\n{unresolved(trial)}; the locks are as they were")
        return 1
    changes = trial.changes()
    if not changes:
        print("upgrade: every lock is at the newest versions allowed")
        return 0
    print(f"upgrade: {len(changes)} packages move; installing them beside and running the fast tests", flush=True)
    if trial.passes():
        trial.take()
        print(table(changes, lambda change: "tests pass"))
        print(f"upgrade: {len(changes)} packages moved in requirements/; make env installs them here")
        return 0
    said = trial.tail()
    guilty = search(trial, changes)
    if guilty is None:
        print(f"{trial.tail()}\nupgrade: the fast tests fail with the present locks too, see above; mend that first")
        return 1
    print(said)
    print(table(changes, lambda change: "BREAKS THE TESTS" if change.name in guilty else "held back"))
    moved = {change.name: change for change in changes}
    named = ", ".join(f"{name} {moved[name].new}" for name in guilty)
    together = " together" if len(guilty) > 1 else ""
    print(f"upgrade: {named} break{'' if together else 's'} the fast tests{together}; the locks are as they were")
    return 1


def unresolved(trial: Trial) -> str:
    """Return which lock does not resolve, and which packages have moved in the locks that it must agree with."""
    failed = FAILED_LOCK.findall(trial.log.read_text(encoding="utf-8", errors="replace"))
    pairs = [(pins(lock), pins(trial.copy / "requirements" / lock.name)) for lock in locks(trial.root)]
    moved = {name: new for old, now in pairs for name, new in now.items() if old.get(name) != new}
    if not failed or not moved:
        return "upgrade: the newest versions do not resolve, see above"
    named = ", ".join(f"{name} {version}" for name, version in sorted(moved.items()))
    return (
        f"upgrade: {failed[0]} does not resolve beside what has moved before it ({named}); see above, and keep the one"
        " that it refuses below a version in the .in file that asks for it"
    )


def search(trial: Trial, changes: list[Change]) -> list[str] | None:
    """Return the packages that break the tests, None when they fail with the present locks too."""
    trial.restore()
    if not trial.passes():
        return None

    def breaks(group: list[str]) -> bool:
        print(f"upgrade: trying {', '.join(group)}", flush=True)
        return trial.compile(group) and not trial.passes()

    return culprits([change.name for change in changes if change.new], breaks)


def main(root: Path, arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--compile", default="make locks", help="compiles every lock (default: %(default)s)")
    parser.add_argument("--test", default="make test-fast", help="installs and tests (default: %(default)s)")
    parser.add_argument("--scratch", type=Path, help="an empty folder for the copy, kept (default: removed)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="upgrade-") as folder:
        copy = (options.scratch or Path(folder)).resolve() / root.name
        if copy.exists():
            print(f"--scratch {options.scratch}: {copy.name} is there already; name an empty folder", file=sys.stderr)
            return 2
        copy.parent.mkdir(parents=True, exist_ok=True)
        return upgrade(Trial(root, copy, options.compile.split(), options.test.split()))


if __name__ == "__main__":
    raise SystemExit(main(Path(__file__).resolve().parent.parent))
