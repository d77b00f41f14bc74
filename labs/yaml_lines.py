"""YAML whose every value knows its line, so that a mistake in it can be shown where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from labs.faults import Fault
from text_recognizer.errors import nearest

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Word:
    """A text of the file and the place where it stands."""

    text: str
    where: str


class Table:
    """A mapping of a YAML file.

    Args:
        file: as messages name it.
        node: the mapping, None for an empty one.
        line: where it begins, counted from 1.
    """

    def __init__(self, file: str, node: yaml.Node | None, line: int = 1) -> None:
        self.file, self.where = file, f"{file}:{line}"
        self.entries: dict[str, tuple[int, yaml.Node]] = {}
        if node is None or (isinstance(node, yaml.ScalarNode) and node.value in ("", "null", "~")):
            return
        if not isinstance(node, yaml.MappingNode):
            raise Fault(f"{file}:{node.start_mark.line + 1}: expected `name: value` lines here")
        for key, value in node.value:
            number = key.start_mark.line + 1
            if key.value in self.entries:
                raise Fault(f"{file}:{number}: {key.value!r} stands here for the second time; remove one of the two")
            self.entries[key.value] = (number, value)

    def expect(self, *names: str) -> None:
        """Refuse keys that are none of `names`."""
        for name, (line, _) in self.entries.items():
            if name not in names:
                raise Fault(f"{self.file}:{line}: key {name!r} is not known; {nearest(name, names)}")

    def at(self, name: str) -> str:
        """Return the place of a key, that of the mapping where it is absent."""
        return f"{self.file}:{self.entries[name][0]}" if name in self.entries else self.where

    def text(self, name: str, default: str = "") -> str:
        """Return a scalar as it is written."""
        if name not in self.entries:
            return default
        node = self.entries[name][1]
        if not isinstance(node, yaml.ScalarNode):
            raise Fault(f"{self.at(name)}: {name} must be one value, not a list or mapping")
        return node.value

    def words(self, name: str) -> tuple[Word, ...]:
        """Return a list of texts, each with its line."""
        if name not in self.entries:
            return ()
        node = self.entries[name][1]
        if not isinstance(node, yaml.SequenceNode) or not all(isinstance(item, yaml.ScalarNode) for item in node.value):
            raise Fault(f"{self.at(name)}: {name} must be a list of texts")
        return tuple(Word(item.value, f"{self.file}:{item.start_mark.line + 1}") for item in node.value)

    def table(self, name: str) -> Table:
        """Return the mapping that a key holds, an empty one where it is absent."""
        line, node = self.entries.get(name, (0, None))
        return Table(self.file, node, line or int(self.where.rsplit(":", 1)[1]))


def read_table(path: Path, shown: str) -> Table:
    """Read a YAML file whose top is a mapping.

    Raises:
        Fault: it cannot be read or is no YAML.
    """
    try:
        return Table(shown, yaml.compose(path.read_text(encoding="utf-8"), Loader=LOADER))
    except OSError as error:
        raise Fault(f"{shown}: cannot be read ({error.strerror}); the course is described in it") from None
    except UnicodeDecodeError:
        raise Fault(f"{shown}: is not UTF-8 text; save it as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Fault(f"{shown}:{line}: not YAML: {error.problem}; correct the line") from None
