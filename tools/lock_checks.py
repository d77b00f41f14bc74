"""What must hold between the .in files, the locks and torch. Standard library only: it runs before .venv exists."""

from __future__ import annotations

import operator
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from torch_build import REQUIREMENT, pins

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
CLAUSE = re.compile(r"(===|==|~=|!=|<=|>=|<|>)\s*([\w.*+!]+)")
LOCAL = re.compile(r"\w+://\S+|(?:^|[\s@=])\.{0,2}/\S+|\+c(?:pu|u\d+)\b|--(?:index-url|extra-index-url|find-links)\b")
HEADER = re.compile(r"pip-compile with Python (\d+\.\d+)")
HAND_KEPT = ("build.txt", "torch.txt")
COMPARE: dict[str, Callable] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
ASK = "import torch; print(torch.version.cuda, torch.backends.cudnn.version())"


def normal(name: str) -> str:
    """Return a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def release(version: str) -> tuple[int, ...]:
    """Return the numbers of a version, without what follows them.

    >>> release("2.13.0+cpu")
    (2, 13, 0)
    """
    found = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


def meets(version: str, specifier: str) -> bool:
    """Return whether a version meets a requirement's clauses; numbers only, which is all that the .in files use.

    >>> [meets("12.4", "<13,>=12"), meets("3.10.2", "==3.10.*"), meets("3.1", "~=3.0"), meets("2.0", "!=2")]
    [True, True, True, False]
    """
    for sign, text in CLAUSE.findall(specifier):
        wanted = release(text)
        width = max(len(wanted), len(release(version)))
        ours, theirs = (part + (0,) * (width - len(part)) for part in (release(version), wanted))
        head = ours[: len(wanted)] if text.endswith(".*") else ours
        same = head == (wanted if text.endswith(".*") else theirs)
        if sign in COMPARE:
            good = COMPARE[sign](ours, theirs)
        elif sign == "~=":
            good = ours >= theirs and ours[: len(wanted) - 1] == wanted[:-1]
        else:
            good = same != (sign == "!=")
        if not good:
            return False
    return True


def asked(folder: Path, name: str) -> Iterator[tuple[str, int, str, str]]:
    """Yield (file, line, package, clauses) of what a .in file and those that it includes ask for."""
    for number, line in enumerate((folder / name).read_text(encoding="utf-8").splitlines(), start=1):
        text = line.split(" #")[0].strip()
        if text.startswith("-r "):
            yield from asked(folder, text[3:].strip())
        elif found := NAME.match(text):
            yield name, number, normal(found[0]), text[found.end() :].split(";")[0]


def constraints(folder: Path, name: str) -> list[str]:
    """Return the files that a .in file is compiled with `-c`."""
    return re.findall(r"^-c (\S+)", (folder / name).read_text(encoding="utf-8"), re.MULTILINE)


def includes(folder: Path, name: str) -> list[str]:
    """Return the .in files that a .in file takes in with `-r`."""
    return re.findall(r"^-r (\S+)", (folder / name).read_text(encoding="utf-8"), re.MULTILINE)


def findings(root: Path, python: str) -> list[str]:
    """Return what is wrong with the locks, as `file:line: what; what to do`."""
    folder = root / "requirements"
    locks = {path.name: pins(path) for path in sorted(folder.glob("*.txt"))}
    found = [text for lock in locks for text in alone(folder / lock, python)]
    sources = sorted(path.name for path in folder.glob("*.in"))
    parts = {part for name in sources for part in includes(folder, name)}
    for name in sources:
        if name.replace(".in", ".txt") in locks:
            found += agree(folder, name, locks)
        elif name not in parts:
            found.append(f"requirements/{name}:1: was never compiled; run make pip-tools")
    return [*found, *between(folder, locks), *torch_pins(folder, locks)]


def alone(lock: Path, python: str) -> Iterator[str]:
    """Yield what is wrong with one lock by itself: local builds and paths, loose lines, another Python."""
    for number, line in enumerate(lock.read_text(encoding="utf-8").splitlines(), start=1):
        here = f"requirements/{lock.name}:{number}"
        compiled = HEADER.search(line)
        if compiled and compiled[1] != python:
            yield f"{here}: compiled with Python {compiled[1]}, wanted {python} (environment.yml); run make locks"
        requirement = line.split("#")[0].rstrip()
        if local := LOCAL.search(requirement):
            yield f"{here}: `{local[0].strip()}` is known to one machine only; compile without pip's own settings"
        elif requirement.strip() and requirement[0] != " " and not REQUIREMENT.match(requirement):
            yield f"{here}: `{requirement}` is no exact pin; run make pip-tools"


def agree(folder: Path, source: str, locks: dict[str, dict[str, str]]) -> Iterator[str]:
    """Yield where a .in file and its lock differ: a package missing, a clause broken, a package no longer asked for."""
    lock = source.replace(".in", ".txt")
    # a layer may ask for what a layer that it is constrained by holds already
    names = [lock, *(name for name in constraints(folder, source) if name in locks)]
    there = {name: version for part in reversed(names) for name, version in locks[part].items()}
    wanted = list(asked(folder, source))
    for path, number, package, clauses in wanted:
        here = f"requirements/{path}:{number}"
        if package not in there:
            yield f"{here}: {package} is not in {lock}; run make pip-tools"
        elif not meets(there[package], clauses):
            yield f"{here}: {package}{clauses} but {lock} has {there[package]}; run make pip-tools"
    yield from stale(folder, lock, {package for _, _, package, _ in wanted})


def stale(folder: Path, lock: str, wanted: set[str]) -> Iterator[str]:
    """Yield the pins that a lock holds for a .in file which no longer asks for them."""
    package, where = "", 0
    for number, line in enumerate((folder / lock).read_text(encoding="utf-8").splitlines(), start=1):
        if found := REQUIREMENT.match(line):
            package, where = normal(found[1]), number
        elif re.match(r"    #\s+(?:via )?-r ", line) and package and package not in wanted:
            yield f"requirements/{lock}:{where}: no .in file asks for {package} any more; run make pip-tools"


def between(folder: Path, locks: dict[str, dict[str, str]]) -> Iterator[str]:
    """Yield where two locks pin different versions, and a dev.in that prod.txt does not bind."""
    if "prod.txt" in locks and "dev.txt" in locks and "prod.txt" not in constraints(folder, "dev.in"):
        yield "requirements/dev.in:1: no `-c prod.txt`; without it dev may move away from what production runs"
    first: dict[str, tuple[str, str]] = {}
    for lock in sorted(locks, key=lambda name: (name not in HAND_KEPT, name != "prod.txt", name != "dev.txt", name)):
        for name, version in locks[lock].items():
            where, before = first.setdefault(name, (lock, version))
            if version != before:
                here = f"requirements/{lock}:{line_of(folder / lock, name)}"
                yield f"{here}: found {name}=={version}, wanted {before} ({where}); run make pip-tools"


def torch_pins(folder: Path, locks: dict[str, dict[str, str]]) -> Iterator[str]:
    """Yield where torch-cuda.txt is not the closure of the torch that torch.txt names."""
    runtime = locks.get("torch-cuda.txt", {}).get("nvidia-cuda-runtime", "")
    toolkit = locks.get("torch-cuda.txt", {}).get("cuda-toolkit", "")
    if release(runtime)[:2] != release(toolkit)[:2]:
        number = line_of(folder / "torch-cuda.txt", "nvidia-cuda-runtime")
        yield f"requirements/torch-cuda.txt:{number}: CUDA {runtime} beside toolkit {toolkit}; run make pip-tools"


def line_of(lock: Path, name: str) -> int:
    """Return the line on which a lock pins a package, 1 if nowhere."""
    lines = enumerate(lock.read_text(encoding="utf-8").splitlines(), start=1)
    return next((n for n, line in lines if (m := REQUIREMENT.match(line)) and normal(m[1]) == name), 1)


def ask_torch(python: Path, cuda: str, cudnn: str) -> list[str]:
    """Return where the torch that is installed was built for another CUDA or cuDNN; a CPU build has none."""
    if not python.exists():
        return [f"{python}: is not there; run make env"]
    result = subprocess.run([str(python), "-c", ASK], capture_output=True, text=True)
    if result.returncode:
        return [f"{python}: torch does not import there; run make env"]
    said_cuda, said_cudnn = result.stdout.split()[-2:]
    if said_cuda == "None":
        return []
    number = int(said_cudnn)
    base = 10000 if number >= 90000 else 1000  # cuDNN 9 counts 9.20.0 as 92000, cuDNN 8 counted 8.9.2 as 8902
    built = {"CUDA": (said_cuda, cuda), "cuDNN": (f"{number // base}.{number % base // 100}", cudnn)}
    return [
        f"{python}: torch was built for {name} {found}, wanted {wanted} (requirements/torch-cuda.txt); run make env"
        for name, (found, wanted) in built.items()
        if found != wanted
    ]
