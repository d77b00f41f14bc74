"""Words that give a later lab away: its files, folders, modules, make targets and options."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from labs.make_targets import targets_of
from labs.plan import Plan
from labs.sources import Chunk, Source
from labs.spans import LAST, NEVER

WORD = re.compile(r"[\w./*-]+")
MAKE = re.compile(r"\bmake((?: +(?:[a-z][a-z0-9-]*|[A-Z]+=\S+))+)")
PROGRAM = re.compile(r"-m (\w[\w.]*\w)")
IMPORT_ROOTS = ("", "tools/", "benchmarks/")


@dataclass(frozen=True)
class Tokens:
    """By kind, the words that name something, with the lab that adds it."""

    files: dict[str, int]
    folders: dict[str, int]
    modules: dict[str, int]
    targets: dict[str, int]
    options: dict[str, int]

    def found(self, chunk: Chunk) -> Iterator[tuple[int, str, int]]:
        """Yield the place, the word and the lab of what a text names of labs after the first."""
        text = chunk.text
        hits = {word: hit for word in set(WORD.findall(text)) if (hit := self._named(word))}
        for match in WORD.finditer(text) if hits else ():
            if hit := hits.get(match[0]):
                yield match.start(), *hit
        for match in MAKE.finditer(text) if not chunk.where(1).endswith(".txt:1") else ():  # prose: "make words"
            for word in match[1].split():
                if self.targets.get(word, 1) > 1:
                    yield match.start(), f"make {word}", self.targets[word]
        for match in PROGRAM.finditer(text):
            name = match[1].replace(".", "/")
            if self.folders.get(name, 1) > 1 and f"{name}/__main__.py" in self.files:
                yield match.start(), f"-m {match[1]}", self.files[f"{name}/__main__.py"]
        for option, lab in self.options.items():
            for match in re.finditer(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text):
                yield match.start(), option, lab

    def _named(self, word: str) -> tuple[str, int] | None:
        word = word.rstrip(".,-")
        if "/" in word or word in self.files:
            return self._path(word)
        return self._module(word) if "." in word else None

    def _path(self, word: str) -> tuple[str, int] | None:
        parts = word.rstrip("/").split("/")
        for first in range(len(parts)):
            rest = "/".join(parts[first:])
            alone = all(part in ("", ".", "..") for part in parts[:first])
            if rest in self.files and ("/" in rest or alone):
                return (rest, self.files[rest]) if self.files[rest] > 1 else None
            if rest in self.folders and ("/" in rest or (alone and word.endswith("/"))):
                return (f"{rest}/", self.folders[rest]) if self.folders[rest] > 1 else None
        return None

    def _module(self, word: str) -> tuple[str, int] | None:
        parts = word.split(".")
        for last in range(len(parts), 1, -1):
            module = ".".join(parts[:last])
            if module in self.modules:
                return (module, self.modules[module]) if self.modules[module] > 1 else None
        return None


def tokens_of(plan: Plan, owner: dict[str, int]) -> Tokens:
    """Return the words of a course whose files belong to the labs of `owner`."""
    folders: dict[str, int] = {}
    modules: dict[str, int] = {}
    for path, lab in owner.items():
        for parent in PurePosixPath(path).parents:
            name = str(parent)
            folders[name] = min(lab, folders.get(name, LAST))
        if path.endswith(".py") and not path.endswith("__init__.py"):
            module = path.removesuffix(".py").replace("/", ".")
            if "." in module:
                modules[module] = lab
    for name, lab in folders.items():
        if "/" in name and any(path.startswith(f"{name}/") and path.endswith(".py") for path in owner):
            modules.setdefault(name.replace("/", "."), lab)
    options = {word.text: part.number for part in plan.labs for word in part.options}
    return Tokens(dict(owner), folders, modules, targets_of(plan), options)


def leaks(sources: Iterable[Source], tokens: Tokens) -> list[str]:
    """Return a line for each word that stands in a lab before its own."""
    found = []
    for source in sources:
        for chunk in source.chunks:
            for place, word, lab in tokens.found(chunk):
                seen = chunk.seen_from(place)
                if lab > seen and seen != NEVER:
                    found.append(
                        f"{_where(chunk, place)}: {word!r} is of {_name(lab)}, this text of lab {seen:02}; {MEND}"
                    )
    return found


MEND = "move one of the two, or name the passage in labs/labs.yaml"


def _where(chunk: Chunk, place: int) -> str:
    return chunk.where(chunk.text.count("\n", 0, place) + 1)


def _name(lab: int) -> str:
    return "the machinery" if lab == LAST else f"lab {lab:02}"


def wrong_imports(sources: Iterable[Source], owner: dict[str, int]) -> list[str]:
    """Return a line for each import of a later lab's module."""
    found = []
    for source in sources:
        for chunk in source.chunks:
            if not chunk.is_code:
                continue
            for line, module in _imports(chunk.text, source.path):
                path = _file_of(module, owner)
                if path is None:
                    continue
                place = sum(len(text) for text in chunk.text.splitlines(keepends=True)[: line - 1])
                seen = chunk.seen_from(place)
                if owner[path] > seen:
                    found.append(
                        f"{chunk.where(line)}: imports {path} of {_name(owner[path])} in lab {seen:02}; {MEND}"
                    )
    return found


def _imports(text: str, path: str) -> Iterator[tuple[int, str]]:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):  # a cell with IPython's own words
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = path.split("/")[: -node.level] if node.level else []
            module = ".".join([*package, *filter(None, [node.module])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)
            yield node.lineno, module


def _file_of(module: str, owner: dict[str, int]) -> str | None:
    path = module.replace(".", "/")
    for root in IMPORT_ROOTS:
        for name in (f"{root}{path}.py", f"{root}{path}/__init__.py"):
            if name in owner:
                return name
    return None
