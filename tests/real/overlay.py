"""Programs of others in environments of their own, over the packages of this one: each is installed once and kept."""

from __future__ import annotations

import fcntl
import subprocess
import sysconfig
import venv
from pathlib import Path

CACHE = Path.home() / ".cache" / "text-recognizer-lab"


def overlay(name: str, versions: dict[str, str], *options: str) -> Path:
    """Return the folder of an environment's programs; it sees what this environment holds, and more.

    Args:
        name: of the environment.
        versions: the packages to install, with their versions.
        options: of pip.
    """
    folder = CACHE / f"{name}-{'-'.join(versions.values())}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        seen, ours = folder / "sees", sysconfig.get_path("purelib")
        if not seen.exists() or seen.read_text() != ours:
            venv.create(folder, with_pip=True, clear=True)
            packages = next(folder.glob("lib/python3*/site-packages"))
            (packages / "lab.pth").write_text(ours + "\n")
            wanted = [f"{package}=={version}" for package, version in versions.items()]
            pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", *options, *wanted]
            done = subprocess.run(pip, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            seen.write_text(ours)
    return folder / "bin"
