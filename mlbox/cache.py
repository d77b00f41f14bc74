"""What was done with which content: digests of files, stamps of finished tasks, and the reason to run one again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mlbox.faults import OTHER, Fault

STATE = ".mlbox"


def digest_of(value: object) -> str:
    """Return the SHA-256 of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def write_json(path: Path, value: object) -> None:
    """Write a file whole or not at all.

    Raises:
        Fault: the disk is full, or the folder is not ours.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8") as stream:
            json.dump(value, stream, indent=1, sort_keys=True)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise Fault(
            f"{path}: cannot be written ({error.strerror}); make room or correct the rights, then run again", OTHER
        ) from None


def read_json(path: Path) -> dict[str, Any]:
    """Return what a file holds, {} where it is absent or damaged."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


class Digests:
    """SHA-256 of files and folders; a file whose size, time and inode are as before is not read again.

    Args:
        root: folder of the box; what is known is kept in its .mlbox/hashes.json.
    """

    def __init__(self, root: Path) -> None:
        self._path = root / STATE / "hashes.json"
        self._known: dict[str, list[Any]] = read_json(self._path)
        self._changed = False

    def of(self, path: Path) -> str:
        """Return the digest of a file, or of a folder's names and contents; empty where there is nothing."""
        if path.is_dir():
            files = {str(file.relative_to(path)): self.of_file(file) for file in _files_below(path)}
            return "folder:" + digest_of(files) if files else "folder:"
        return self.of_file(path) if path.exists() else ""

    def of_file(self, path: Path) -> str:
        """Return the digest of a file."""
        try:
            stat = path.stat()
            mark = [stat.st_size, stat.st_mtime_ns, stat.st_ino]
            known = self._known.get(str(path))
            if known and known[:3] == mark:
                return str(known[3])
            with path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise Fault(f"{path}: cannot be read ({error.strerror}); correct its rights or remove it", OTHER) from None
        self._known[str(path)], self._changed = [*mark, digest], True
        return digest

    def save(self) -> None:
        """Keep what was learnt for the next time."""
        if self._changed:
            write_json(self._path, self._known)
            self._changed = False


def _files_below(folder: Path) -> Iterator[Path]:
    for base, folders, files in os.walk(folder):
        folders.sort()
        yield from (Path(base, name) for name in sorted(files))


class Stamps:
    """What is known of each task's last run.

    Args:
        root: folder of the box.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / STATE / "stamps"

    def read(self, task: str, set_name: str) -> dict[str, Any]:
        """Return the stamp of a task and set, {} where there is none."""
        return read_json(self._folder / task / f"{set_name}.json")

    def write(self, task: str, set_name: str, stamp: Mapping[str, Any]) -> None:
        """Write the stamp."""
        write_json(self._folder / task / f"{set_name}.json", dict(stamp))


def reason(stamp: Mapping[str, Any], record: Mapping[str, Any], outputs: Mapping[str, str]) -> str:
    """Return why a task must run, empty when it need not.

    Args:
        stamp: of the last run.
        record: of what would run now: command, params, env, code, inputs.
        outputs: digests of what is there now.
    """
    if not stamp:
        return "never run"
    if stamp.get("state") != "done":
        return f"the last run {stamp.get('state', 'did not finish')}"
    old = stamp["record"]
    for key, called in (("inputs", "input"), ("params", "parameter"), ("code", "code")):
        changed = list(_differing(old[key], record[key]))
        if changed:
            more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            return f"{called} {changed[0]} changed{more}"
    if old["env"] != record["env"]:
        before, now = old["env"].split(":")[0], record["env"].split(":")[0]
        return f"environment changed: {before} -> {now}" if before != now else f"environment {now} changed"
    if old["command"] != record["command"]:
        return "command changed"
    for name, digest in stamp["outputs"].items():
        if not outputs.get(name):
            return f"output {name} is missing"
        if outputs[name] != digest:
            return f"output {name} was changed since"
    return ""


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> Iterable[str]:
    return (name for name in sorted({*old, *new}) if old.get(name) != new.get(name))
