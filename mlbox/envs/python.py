"""Python on the host that runs the task: which one, is decided there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from mlbox.cache import digest_of
from mlbox.faults import Fault
from mlbox.model import EnvSpec, Platform
from mlbox.templates import fill
from mlbox.words import quote

INCLUDE = re.compile(r"^(?:-r|-c|--requirement|--constraint)[ =]\s*(\S+)", re.MULTILINE)
CODE = '"$code"'


class PythonEnv:
    """A Python with what the requirement files ask for.

    Args:
        spec: of kind python.
        root: folder of the box.
        platform: where it will be.
    """

    bases = {"workspace": '"$ws"', "code": CODE, "python": '"$python"'}

    def __init__(self, spec: EnvSpec, root: Path, platform: Platform) -> None:
        self.spec, self.root, self.platform = spec, root, platform

    def files(self) -> tuple[str, ...]:
        """Return the files of the box that the environment is made of, those included by others too."""
        found: dict[str, None] = dict.fromkeys(filter(None, (self.spec.environment, self.spec.entrypoint)))
        waiting = list(self.spec.files)
        while waiting:
            name = waiting.pop()
            if name not in found:
                if not (self.root / name).is_file():
                    raise Fault(f"{self.spec.where}: requirement file {name} is missing; correct the path or add it")
                found[name] = None
                folder = Path(name).parent
                text = (self.root / name).read_text(encoding="utf-8")
                waiting += [(folder / other).as_posix() for other in INCLUDE.findall(text)]
        return tuple(found)

    def digest(self) -> str:
        """Return `python:` and the digest of everything that decides what is installed."""
        spec = self.spec
        texts = {name: (self.root / name).read_text("utf-8") for name in self.files() if name != spec.entrypoint}
        return "python:" + digest_of([texts, spec.packages, spec.python, spec.version])[:16]

    def prepare(self) -> str:
        """Return the lines that find or make the Python and set $python."""
        spec, digest = self.spec, self.digest().partition(":")[2]
        own = [sys.executable] if self.platform.place == "local" else []
        bases = [f"python{spec.version}"] if spec.version else []
        bases += [*own, "python3"]
        missing = f"Python {spec.version or '3'} is not on "
        remedy = "; install it there, correct version:, or take a container (BOX/docker)"
        files = [f'"$code"/{quote(name)}' for name in spec.files]
        packages = [quote(package) for package in spec.packages]
        needed, own_environment = bool(files or packages or spec.environment), spec.python in ("venv", "conda")
        values = {
            "digest": digest,
            "satisfies": quote(fill("satisfies.py")),
            "files": " ".join([*files, *packages]),
            "version": quote(spec.version),
            "active": " ".join(map(quote, own)),
            "bases": " ".join(map(quote, bases)),
            "no_python": quote(missing) + '"$here"' + quote(remedy),
            "has_requirements": quote("yes" if files or packages else ""),
            "requirements": " ".join([*(f"-r {file}" for file in files), *packages]),
            "conda": quote(spec.conda) if spec.conda else "",
            "conda_create": "env create" if spec.environment else "create",
            "conda_what": f'--file "$code"/{quote(spec.environment)}'
            if spec.environment
            else f"python={spec.version or '3.11'} pip",
            "choice": self._choice(needed),
            "say": 'printf \'mlbox: python %s (%s)\\n\' "$python" "$why" >&2' if needed or own_environment else "",
        }
        parts = ["python_base.sh", *(["python.sh"] if needed or own_environment else []), "python_end.sh"]
        return "\n".join(fill(part, **values) for part in parts)

    def _choice(self, needs_packages: bool) -> str:
        """Return the lines that choose: forced by `python:`, else the first that is there."""
        spec = self.spec
        there = 'if [ -x "$entry/bin/python" ]; then python=$entry/bin/python why="made before"'
        conda = 'find_conda || fail 122 "no conda, mamba or micromamba on $here; install one, or set python: venv"\n'
        if spec.python == "conda":
            return f"{there}\nelse\n  {conda}  make conda 'python: conda'\nfi"
        if spec.python == "venv":
            return f"{there}\nelse\n  base_python\n  make venv 'python: venv'\nfi"
        if spec.python == "system" or (spec.python == "auto" and not needs_packages):
            install = 'satisfies "$python" || install "$python" -m pip install --quiet' if needs_packages else ""
            return f"base_python\npython=$base why='nothing to install'\n{install}".rstrip()
        if spec.python != "auto":
            path = quote(spec.python)
            stop = f'has {path} || fail 122 {path}" is not on $here; correct python:"'
            return f"{stop}\npython={path} why='python: names it'"
        conda_first = "elif find_conda; then make conda 'there is an environment.yml'\n" if spec.environment else ""
        return (
            "if active; then why='the active environment has all that is needed'\n"
            f"el{there}\n"
            f"{conda_first}"
            "elif uv=$(command -v uv); then base_python; make uv 'uv is there'\n"
            "else base_python; make venv 'neither uv nor conda is needed'\nfi"
        )

    def launch(self, command: str, exports: dict[str, str]) -> tuple[str, str]:
        """Return the lines that set the task's variables, and the one that becomes the task."""
        lines = [f"export {name}={value}" for name, value in exports.items()]
        return "\n  ".join(lines), f"exec {command}"
