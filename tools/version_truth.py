"""What the versions of this repository are, read from the one place where each is decided. Standard library only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from torch_build import pins

COLAB = "https://colab.research.google.com/github/"
GITHUB = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+?)(?:\.git)?/?$")


class Unreadable(Exception):
    """A place that decides a version does not hold it; the message says which and what to write there."""


@dataclass(frozen=True)
class Truth:
    """The versions, and where each is decided.

    Attributes:
        values: {name: text}, as {"python": "3.11"}
        sources: {name: place}, as {"python": "environment.yml"}
        pins: {package: version} of every lock
    """

    values: dict[str, str]
    sources: dict[str, str]
    pins: dict[str, str]

    def wanted(self, what: str, package: str, path: str) -> tuple[str, str] | None:
        """Return what must stand at a mention and where that is decided, None where nothing decides it.

        Args:
            what: first column of tools/version_rules.txt
            package: what <name> matched, "" for rows without it
            path: the file of the mention; a badge names it
        """
        kind, _, form = what.partition(":")
        if kind == "pin":
            name = re.sub(r"[-_.]+", "-", package or form).lower()
            return (self.pins[name], "the locks") if name in self.pins else None
        if kind == "badge":
            return badge(self.values["address"], self.values["lab"], path), self.sources["address"]
        return written(self.values[kind], form), self.sources[kind]


def written(version: str, form: str) -> str:
    """Return a version in one of the forms of tools/version_rules.txt.

    >>> [written("3.11", "dense"), written("3.11.5", "tuple"), written("13.0", "major")]
    ['311', '3, 11, 5', '13']
    """
    parts = version.split(".")
    return {"": version, "dense": "".join(parts), "tuple": ", ".join(parts), "major": parts[0]}[form]


def badge(address: str, version: str, path: str) -> str:
    """Return the address that a notebook's Colab badge opens: the notebook at the tag, where the host is known.

    >>> badge("https://github.com/a/b.git", "0.1.0", "notebooks/x.ipynb")
    'https://colab.research.google.com/github/a/b/blob/v0.1.0/notebooks/x.ipynb'
    """
    found = GITHUB.match(address)
    return f"{COLAB}{found[1]}/blob/v{version}/{path}" if found else COLAB


def read(root: Path) -> Truth:
    """Return the versions of a repository (Unreadable names the line that is missing)."""
    listed = (root / "environment.yml").read_text(encoding="utf-8")
    settings = (root / "pyproject.toml").read_text(encoding="utf-8")
    python = entry(listed, r"^  - python=(\d+\.\d+)\b", "- python=3.11")
    cuda = pins(root / "requirements" / "torch-cuda.txt")
    values = {
        "python": python,
        "pythons": ", ".join(f'"{version}"' for version in [python, *successors(python, 2)]),
        "oldest": entry(listed, r"^  - python=\S+  # (\d+\.\d+\.\d+) or newer", "- python=3.11  # 3.11.5 or newer"),
        "pip": entry(listed, r"^  - pip=(\d+(?:\.\d+)+)", "- pip=26.3"),
        "cuda": ".".join(locked(cuda, "cuda-toolkit").split(".")[:2]),
        "cudnn": ".".join(locked(cuda, "nvidia-cudnn-cu").split(".")[:2]),
        "lab": setting(settings, "project", "version"),
        "address": setting(settings, "tool.lab", "repository"),
    }
    lock, project = "requirements/torch-cuda.txt", "pyproject.toml"
    sources = dict.fromkeys(values, "environment.yml")
    sources |= {"cuda": lock, "cudnn": lock, "lab": project, "address": project}
    every = [*sorted((root / "requirements").glob("*.txt"))]
    return Truth(values, sources, {name: version for path in every for name, version in pins(path).items()})


def setting(text: str, table: str, key: str) -> str:
    """Return a string of pyproject.toml's text, "" where it is not there; an old Python has no reader of TOML.

    >>> setting('[a]\\nx = "1"\\n[b.c]\\nx = "2"\\n', "b.c", "x")
    '2'
    """
    found = re.search(rf'^\[{re.escape(table)}\]\n(?:(?!\[).*\n)*?{key} = "(.*?)"', text, re.MULTILINE)
    return found[1] if found else ""


def entry(text: str, pattern: str, example: str) -> str:
    """Return the first group of `pattern` in environment.yml's text."""
    found = re.search(pattern, text, re.MULTILINE)
    if not found:
        raise Unreadable(f"environment.yml: no line like `{example}`; that line decides the version, write it again")
    return found[1]


def locked(versions: dict[str, str], name: str) -> str:
    """Return the version of the package whose name starts with `name`."""
    found = next((version for package, version in versions.items() if package.startswith(name)), None)
    if found is None:
        raise Unreadable(f"requirements/torch-cuda.txt: {name} is not pinned there; compile it with make pip-tools")
    return found


def successors(version: str, count: int) -> list[str]:
    """Return the minor versions after this one.

    >>> successors("3.11", 2)
    ['3.12', '3.13']
    """
    major, minor = map(int, version.split("."))
    return [f"{major}.{minor + step}" for step in range(1, count + 1)]
