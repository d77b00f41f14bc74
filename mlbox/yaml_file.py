"""YAML mappings that are read key by key, so that every mistake has a file and a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from mlbox.faults import Fault, hint

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Section:
    """A mapping of a YAML file; `close` refuses the keys that nobody asked for.

    Args:
        file: as messages name it.
        node: the mapping's node, or None for an empty mapping.
        loader: that made the node.
        line: where the mapping begins, counted from 1.
    """

    def __init__(self, file: Path, node: yaml.Node | None, loader: Any, line: int = 1) -> None:
        self.file, self._loader, self.start = file, loader, line
        self._nodes: dict[str, yaml.Node] = {}
        self._lines: dict[str, int] = {}
        self._asked: set[str] = set()
        if node is None or (isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")):
            return
        if not isinstance(node, yaml.MappingNode):
            raise Fault(f"{file}:{node.start_mark.line + 1}: expected `name: value` lines here")
        for key, value in node.value:
            name, number = str(key.value), key.start_mark.line + 1
            if name in self._nodes:
                raise Fault(f"{file}:{number}: '{name}' stands here for the second time; remove one of the two")
            self._nodes[name], self._lines[name] = value, number

    def __contains__(self, key: str) -> bool:
        return key in self._nodes

    def names(self) -> list[str]:
        """Return the keys in the order of the file, as known."""
        self._asked.update(self._nodes)
        return list(self._nodes)

    def where(self, key: str = "") -> str:
        """Return `file:line` of a key, or of the mapping."""
        return f"{self.file}:{self._lines.get(key, self.start)}"

    def value(self, key: str, default: Any = None) -> Any:
        """Return what a key holds, `default` where it is absent or null."""
        self._asked.add(key)
        node = self._nodes.get(key)
        value = None if node is None else self._loader.construct_object(node, deep=True)
        return default if value is None else value

    def text(self, key: str, default: str = "") -> str:
        """Return a scalar as the text that stands in the file (so that 1.10 stays 1.10)."""
        value = self.value(key)
        if value is None:
            return default
        if not isinstance(self._nodes[key], yaml.ScalarNode):
            raise Fault(f"{self.where(key)}: {key} must be one value, not a list or mapping")
        return str(value).lower() if isinstance(value, bool) else str(self._nodes[key].value)

    def flag(self, key: str, default: bool = False) -> bool:
        """Return true or false; text like "true" counts, as the format of 2020 wrote it."""
        text = self.text(key, str(default)).lower()
        if text not in ("true", "false", "yes", "no"):
            raise Fault(f"{self.where(key)}: {key} is '{text}'; give true or false")
        return text in ("true", "yes")

    def one_of(self, key: str, allowed: tuple[str, ...], default: str) -> str:
        """Return a text out of `allowed`."""
        text = self.text(key, default)
        if text not in allowed:
            raise Fault(f"{self.where(key)}: {key} '{text}' not known; {hint(text, allowed, 'possible')}")
        return text

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list of texts; one text is split at blanks."""
        value = self.value(key, [])
        if isinstance(value, dict):
            raise Fault(f"{self.where(key)}: {key} must be a list")
        return tuple(str(item) for item in (value if isinstance(value, list) else str(value).split()))

    def section(self, key: str) -> Section:
        """Return the mapping that a key holds, an empty one where it is absent or null."""
        self._asked.add(key)
        return Section(self.file, self._nodes.get(key), self._loader, self._lines.get(key, self.start))

    def table(self, key: str) -> dict[str, str]:
        """Return a mapping of texts."""
        inner = self.section(key)
        return {name: inner.text(name) for name in inner.names()}

    def close(self, what: str) -> None:
        """Refuse the keys that were never asked for."""
        for name in self._nodes:
            if name not in self._asked:
                raise Fault(f"{self.where(name)}: key '{name}' not known; {hint(name, self._asked, what)}")


def read(path: Path) -> Section:
    """Read a YAML file whose top is a mapping.

    Raises:
        Fault: it cannot be read, is no UTF-8 or no YAML.
    """
    shown = as_shown(path)
    try:
        loader = Loader(path.read_text(encoding="utf-8"))
        return Section(shown, loader.get_single_node(), loader)
    except OSError as error:
        raise Fault(f"{shown}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise Fault(f"{shown}: is not UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise Fault(f"{shown}:{line}: not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise Fault(f"{shown}: not YAML: {str(error).splitlines()[0]}") from None


def as_shown(path: Path) -> Path:
    """Return a path as messages name it: relative where it lies below the current folder."""
    try:
        return path.resolve().relative_to(Path.cwd())
    except ValueError:
        return path
