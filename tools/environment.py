"""Makes .venv what the locks say: python3 tools/environment.py env|tools|conda-update [--layer lint]

Standard library only, and readable by an old Python: the system's python3 runs it before .venv exists.
"""

import argparse
import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

import torch_build

OLDEST_PYTHON = (3, 11, 5)
SMALL = ("app", "docs", "jupyter", "monitor", "ocrmypdf", "ray", "real", "remote", "serverless")
LAYERS = {"prod": "prod.txt", "dev": "dev.txt", "lint": "dev-lint.txt", **{name: name + ".txt" for name in SMALL}}
SOURCES = ("environment.yml", "pyproject.toml", "tools/environment.py", "tools/torch_build.py")
CONDA_CREATE = {"conda": ["env", "create"], "mamba": ["env", "create"], "micromamba": ["create"]}
CONDA_SETTINGS = {"CONDA_SOLVER": "libmamba", "CONDA_ALWAYS_YES": "1", "MAMBA_ALWAYS_YES": "1"}


class Environment:
    """The prefix .venv of a repository, made by conda or by venv.

    Args:
        root: folder of the repository
        environ: environment variables; TORCH, LAB_MANAGER and conda's CONDA_EXE are read from it
    """

    def __init__(self, root: Path, environ: Dict[str, str]) -> None:
        self.root, self.environ = root, environ
        self.requirements, self.prefix = root / "requirements", root / ".venv"
        self.python, self.stamp = self.prefix / "bin" / "python", self.prefix / "lab.json"

    def digest(self, layers: Sequence[str]) -> str:
        """Return the SHA-256 of everything that decides what .venv holds."""
        names = ["build.txt", "torch.txt", "torch-cuda.txt", *(LAYERS[layer] for layer in layers)]
        paths = [self.requirements / name for name in names] + [self.root / name for name in SOURCES]
        content = hashlib.sha256(str(self.root).encode())
        for path in paths:
            content.update(path.name.encode() + b"\0" + path.read_bytes())
        return content.hexdigest()

    def written(self) -> Dict[str, object]:
        """Return what the last finished sync wrote down, {} when there was none."""
        try:
            return json.loads(self.stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def write(self, state: Dict[str, object]) -> None:
        """Write down how far a sync has come, and for which folder."""
        self.stamp.write_text(json.dumps({"root": str(self.root), **state}) + "\n", encoding="utf-8")

    def layers(self, wanted: Sequence[str]) -> List[str]:
        """Return the wanted layers and those already there, so that no target takes away what another one needs."""
        there = self.written().get("layers", [])
        return [layer for layer in LAYERS if layer in wanted or layer in there]

    def is_current(self, layers: Sequence[str]) -> bool:
        """Whether .venv already holds `layers` as the locks have them."""
        return self.is_prefix() and self.written().get("digest") == self.digest(layers)

    def is_prefix(self) -> bool:
        """Whether .venv is what venv or conda makes; without its mark its Python would install into the machine's."""
        marks = (self.prefix / "pyvenv.cfg", self.prefix / "conda-meta")
        return self.python.exists() and any(mark.exists() for mark in marks)

    def has_torch(self, layers: Sequence[str]) -> bool:
        """Whether the last sync left the build that TORCH asks for, if `layers` hold torch at all."""
        asked = self.environ.get("TORCH") or "auto"
        return asked == "auto" or "dev" not in layers or self.written().get("torch") == asked

    def manager(self) -> Tuple[str, str]:
        """Return (kind, program) of what makes the prefix: conda, mamba or micromamba where found, else venv."""
        if (self.prefix / "pyvenv.cfg").exists():
            return "venv", ""
        asked = self.environ.get("LAB_MANAGER")  # make hands it down empty where nobody has set it
        if asked and asked not in (*CONDA_CREATE, "venv"):
            raise SystemExit(f"LAB_MANAGER={asked}: no such manager; give {', '.join(CONDA_CREATE)} or venv")
        for name in [asked] if asked in CONDA_CREATE else [] if asked else CONDA_CREATE:
            program = shutil.which(name, path=self.environ.get("PATH"))
            if name == "conda" and not program:
                program = shutil.which(self.environ.get("CONDA_EXE", ""))
            if program:
                return name, program
        return "venv", ""

    def create(self) -> None:
        """Make the prefix, or repair a venv whose Python has gone."""
        kind, program = self.manager()
        is_here = self.written().get("root", str(self.root)) == str(self.root)  # its programs hold the folder's name
        if kind != "venv":
            if self.prefix.exists() and not (is_here and self.works()):
                place = self.prefix.resolve()
                shutil.rmtree(str(place))  # half made, or moved, or without its mark
                place.mkdir()  # conda takes an empty folder, and a link to none would lead nowhere
            if self.written().get("listing") != self.listing():
                self.conda(kind, program)
        elif not (is_here and self.works()):
            check_python(sys.version_info[:3], sys.executable)
            print(f"env: python3 -m venv .venv, Python {sys.version.split()[0]}", flush=True)
            place = self.prefix.resolve() if self.prefix.is_symlink() else self.prefix  # venv refuses a link
            self.call([sys.executable, "-m", "venv", "--clear", str(place)], "Debian calls its package python3-venv")

    def listing(self) -> str:
        """Return the SHA-256 of environment.yml as this machine takes it."""
        text = (self.root / "environment.yml").read_text(encoding="utf-8")
        return hashlib.sha256(conda_lines(text, torch_build.has_nvidia_driver()).encode()).hexdigest()

    def check_choice(self) -> None:
        """Refuse the PYTHON asked for where .venv holds another one (SystemExit names both)."""
        asked, mark = self.environ.get("PYTHON"), self.prefix / "pyvenv.cfg"
        found = re.search(
            r"^version = (\d+)\.(\d+)", mark.read_text(encoding="utf-8") if mark.exists() else "", re.MULTILINE
        )
        if asked and found and (int(found[1]), int(found[2])) != sys.version_info[:2]:
            mine = ".".join(map(str, sys.version_info[:2]))
            raise SystemExit(
                f".venv: it holds Python {found[1]}.{found[2]} and PYTHON={asked} is {mine}; "
                "run make clean before this, or leave PYTHON out"
            )

    def works(self) -> bool:
        """Whether the prefix has a Python that starts and has pip."""
        if not self.is_prefix():
            return False
        command = [str(self.python), "-c", "import pip"]
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

    def conda(self, kind: str, program: str) -> None:
        """Create or update the prefix from environment.yml, pruned; without its CUDA lines where there is no driver."""
        exists = (self.prefix / "conda-meta").exists()
        verb = ["env", "update", "--prune"] if exists else CONDA_CREATE[kind]
        text = (self.root / "environment.yml").read_text(encoding="utf-8")
        listing = self.root / ".environment.yml"
        listing.write_text(conda_lines(text, torch_build.has_nvidia_driver()), encoding="utf-8")
        print(f"env: {kind} {' '.join(verb)} into .venv", flush=True)
        try:
            self.call(
                [program, *verb, "--prefix", str(self.prefix), "--file", str(listing)], f"read what {kind} says above"
            )
        finally:
            listing.unlink()

    def conda_update(self) -> None:
        """Create or update the conda prefix; refuses where .venv is a venv or no conda is found."""
        kind, program = self.manager()
        if kind == "venv":
            reason = "it was made by venv" if self.prefix.exists() else "no conda, mamba or micromamba on PATH"
            raise SystemExit(f".venv: {reason}; install one of the three, run make clean, then make conda-update")
        self.conda(kind, program)

    def install_tools(self) -> None:
        """Install the pinned pip, setuptools, pip-tools and uv."""
        command = [str(self.python), "-m", "pip", "install", "--quiet", "--requirement", "requirements/build.txt"]
        self.call(command, "is a package index within reach?")

    def install_torch(self) -> torch_build.TorchBuild:
        """Install torch unless the version pinned is there, of the kind TORCH asks for; return what is there."""
        asked, wanted = self.environ.get("TORCH") or "auto", torch_build.pins(self.requirements / "torch.txt")["torch"]
        if asked not in ("auto", "cpu", "cuda"):
            raise SystemExit(f"TORCH={asked}: no such build; give auto, cpu or cuda")
        build = torch_build.installed(self.python)
        if build and build.version == wanted and build.cuda == {"cpu": False, "cuda": True}.get(asked, build.cuda):
            return build
        print(f"env: torch {wanted}, the build for this machine (TORCH={asked})", flush=True)
        backend = {"cuda": torch_build.cuda_tag(self.requirements / "torch-cuda.txt")}.get(asked, asked)
        if not torch_build.by_uv(self.python, self.requirements, backend, self.environ):
            torch_build.by_pip(self.python, self.requirements, asked)
        return torch_build.installed(self.python)

    def install_project(self) -> Path:
        """Install the repository editable; return a lock that names it, so that pip-sync leaves it alone."""
        command = [str(self.python), "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
        self.call([*command, "--editable", "."], "is pyproject.toml in order?", PYTHONWARNINGS="ignore")
        show = "import importlib.metadata as m; print('text-recognizer==' + m.version('text-recognizer'))"
        lock = self.prefix / "project.txt"
        lock.write_bytes(subprocess.run([str(self.python), "-c", show], stdout=subprocess.PIPE, check=True).stdout)
        return lock

    def sync(self, layers: Sequence[str], dry_run: bool = False) -> int:
        """Make .venv hold exactly `layers`, torch's own closure and this project; return pip-sync's exit code."""
        build = torch_build.installed(self.python)
        locks = [self.requirements / name for name in ["build.txt", *(LAYERS[layer] for layer in layers)]]
        if "dev" in layers:
            locks.append(torch_build.lock_for(build, self.requirements, self.prefix / "torch.txt"))
        locks.append(self.prefix / "project.txt")
        command = [str(self.python), "-m", "piptools", "sync", *(["--dry-run"] if dry_run else ["--quiet"])]
        return subprocess.run([*command, *map(str, locks)], cwd=str(self.root)).returncode

    def ensure(self, wanted: Sequence[str]) -> None:
        """Bring .venv to the locks; at once when nothing has changed since the last time."""
        self.check_choice()
        layers = self.layers(wanted)
        if self.is_current(layers) and self.has_torch(layers):
            return
        self.create()
        listing = self.listing() if (self.prefix / "conda-meta").exists() else ""
        self.write({"layers": layers, "listing": listing})  # no digest until all is done, but no layer is forgotten
        self.install_tools()
        build = self.install_torch() if "dev" in layers else None
        self.install_project()
        print(f"env: pip-sync of the layers {', '.join(layers)}", flush=True)
        if self.sync(layers):
            raise SystemExit("env: pip-sync failed; read pip's lines above, then run make env again")
        kind = ("cuda" if build.cuda else "cpu") if build else ""
        self.write({"digest": self.digest(layers), "layers": layers, "torch": kind, "listing": listing})

    def call(self, command: List[str], hint: str, **variables: str) -> None:
        """Run a command in the root; SystemExit with `hint` when it fails."""
        environ = {**CONDA_SETTINGS, **self.environ, **variables}
        code = subprocess.run(command, cwd=str(self.root), env=environ).returncode
        if code:
            raise SystemExit(f"env: `{' '.join(command)}` ended with {code}; {hint}")


def check_python(version: Sequence[int], program: str) -> None:
    """Refuse a Python that is too old for the locks (SystemExit names the version found)."""
    if tuple(version) < OLDEST_PYTHON:
        found, needed = ".".join(map(str, version)), ".".join(map(str, OLDEST_PYTHON))
        raise SystemExit(
            f"{program}: this is Python {found}, the lab needs {needed} or newer; "
            "name a newer one, as in `make env PYTHON=python3.12`, or install conda, mamba or micromamba"
        )


def conda_lines(text: str, driver: bool) -> str:
    """Return environment.yml's text, without the lines marked `# driver` where there is no NVIDIA driver."""
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if driver or not line.rstrip().endswith("# driver"))


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on an existing file: two targets started at once must not install into each other.

    NFS locks only what is open for writing; a file system that has no locks at all goes without.
    """
    with path.open("r+" if os.access(str(path), os.W_OK) else "r") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in (errno.EBADF, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP):
                raise
        yield


def main(root: Path, arguments: Optional[List[str]] = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=["env", "tools", "conda-update"])
    parser.add_argument(
        "--layer", choices=list(LAYERS), action="append", default=[], help="a layer beside prod and dev"
    )
    parser.add_argument("--lean", action="store_true", help="the prod layer, and dev only where it is already there")
    options = parser.parse_args(arguments)
    environment = Environment(root, dict(os.environ))
    with alone(root / "requirements" / "build.txt"):
        if options.command == "conda-update":
            environment.conda_update()
        if options.command == "tools":
            environment.create()
            environment.install_tools()
        else:
            environment.ensure(["prod", *([] if options.lean else ["dev"]), *options.layer])


if __name__ == "__main__":
    main(Path(__file__).resolve().parent.parent)
