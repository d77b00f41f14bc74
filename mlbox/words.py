"""Arguments of a task before its paths are known: the same argument means other paths in each environment."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlbox.faults import Fault, hint
from mlbox.graph import Bound
from mlbox.model import EnvSpec

PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_.-]+)\}")


@dataclass(frozen=True)
class At:
    """A path within an argument.

    Attributes:
        base: workspace, code, outside (an absolute path) or python (the interpreter itself).
        path: relative to the base; absolute for `outside`.
    """

    base: str
    path: str = ""


Word = tuple[str | At, ...]
quote = shlex.quote


def command(bound: Bound, spec: EnvSpec) -> list[Word]:
    """Return the words of a task's command.

    Raises:
        Fault: `run:` names something that the task does not have.
    """
    args = [(f"--{name}=", value) for name, value in _values(bound).items()]
    run = bound.task.run
    if "{entrypoint}" in run and not spec.entrypoint:
        if spec.kind == "python":
            raise Fault(
                f"{spec.where}: {spec.name} has no `entrypoint:`; name the script, or give {bound.task.name} a `run:`"
            )
        run = tuple(word for word in run if word not in ("{python}", "{entrypoint}"))  # the image's own entry point
    words: list[Word] = []
    for word in run:
        words += args if word == "{args}" else [filled(word, bound, spec)]
    return words


def _values(bound: Bound) -> dict[str, str | At]:
    paths = {name: place(path) for name, path in bound.paths.items()}
    both: dict[str, str | At] = {**paths, **bound.scalars}
    return {name: both[name] for name in bound.task.params if name in both}


def place(path: str) -> At:
    """Return a parameter's path as a piece of an argument."""
    return At("outside" if path.startswith("/") else "workspace", path)


def filled(word: str, bound: Bound, spec: EnvSpec) -> Word:
    known: dict[str, str | At] = {
        **_values(bound),
        "python": At("python"),
        "entrypoint": At("code", spec.entrypoint),
        "task": bound.task.name,
        "set": bound.set,
        "code": At("code"),
        "workspace": At("workspace"),
    }
    pieces = PLACEHOLDER.split(word)
    for name in pieces[1::2]:
        if name not in known and name not in bound.task.params:
            raise Fault(
                f"{bound.task.where}: run: '{{{name}}}' not known; {hint(name, {*known, *bound.task.params}, 'names')}"
            )
    filled = [known.get(piece, "") if index % 2 else piece for index, piece in enumerate(pieces)]
    return tuple(piece for piece in filled if piece != "")


def in_shell(word: Word, bases: Mapping[str, str]) -> str:
    """Return a word as sh reads it.

    Args:
        bases: base -> sh text that stands for it, already quoted.

    >>> in_shell(("--name=", At("workspace", "it's.txt")), {"workspace": '"$ws"'})
    '--name=\"$ws\"/\\'it\\'"\\'"\\'s.txt\\''
    """
    return "".join(quote(piece) if isinstance(piece, str) else _at(piece, bases) for piece in word) or "''"


def _at(piece: At, bases: Mapping[str, str]) -> str:
    if piece.base == "outside":
        return bases.get(piece.path) or quote(piece.path)
    path = "" if piece.path == "." else piece.path
    return bases[piece.base] + (f"/{quote(path)}" if path else "")


def line(words: Sequence[Word], bases: Mapping[str, str]) -> str:
    """Return words as one line of sh."""
    return " ".join(in_shell(word, bases) for word in words)
