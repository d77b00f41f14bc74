"""Prepared data: a folder that is absent or whole, whenever and however the process that writes it ends."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from text_recognizer.data.download import digest_of
from text_recognizer.errors import UserError

MANIFEST = "manifest.json"
"""Written last: what was prepared from what, and the size and digest of every file."""


def prepared(folder: Path, recipe: Mapping[str, Any], write: Callable[[Path], None]) -> Path:
    """Return `folder`, written by `write` unless it is there and whole.

    The files are written beside it, brought to the disk and listed in a manifest, then the folder is renamed into
    place. One process writes, others wait for it; what an earlier one left behind is removed.

    Args:
        folder: of the prepared files.
        recipe: what they are made from and how, as JSON; a folder of another recipe is replaced.
        write: puts the files into the empty folder that it is given.

    Raises:
        UserError: the disk is full or forbidden, or something else lies at `folder`.
    """
    if is_whole(folder, recipe):
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(_beside(folder, "lock")):
            if not is_whole(folder, recipe):
                _prepare(folder, recipe, write)
    except OSError as error:
        raise UserError(f"{folder}: it cannot be written ({error.strerror or error}); make room or allow it") from error
    return folder


def is_whole(folder: Path, recipe: Mapping[str, Any]) -> bool:
    """Return whether a folder was prepared by this recipe and its files have their sizes."""
    told = _manifest(folder)
    if told is None or told.get("recipe") != json.loads(json.dumps(recipe)):
        return False
    files = told["files"]
    return all((folder / name).exists() and (folder / name).stat().st_size == files[name]["bytes"] for name in files)


def check_digests(folder: Path) -> int:
    """Return the number of a prepared folder's files after reading all of them.

    Raises:
        UserError: it was not prepared, or a file has changed since.
    """
    told = _manifest(folder)
    if told is None:
        raise UserError(f"{folder}: it holds no {MANIFEST}; remove it and prepare it again")
    for name, file in told["files"].items():
        if not (folder / name).exists() or digest_of(folder / name) != file["sha256"]:
            raise UserError(
                f"{folder / name}: it has changed since it was prepared; remove {folder} to prepare it again"
            )
    return len(told["files"])


def _prepare(folder: Path, recipe: Mapping[str, Any], write: Callable[[Path], None]) -> None:
    if folder.exists() and not (folder / MANIFEST).exists():
        raise UserError(f"{folder}: something lies there that was not prepared here; move it away")
    new, old = _beside(folder, "new"), _beside(folder, "old")
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
    new.mkdir()
    write(new)
    _seal(new, recipe)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    _sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)


def _seal(folder: Path, recipe: Mapping[str, Any]) -> None:
    """Bring every file to the disk and write the manifest."""
    files = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        _sync(path)
        files[path.relative_to(folder).as_posix()] = {"bytes": path.stat().st_size, "sha256": digest_of(path)}
    manifest = folder / MANIFEST
    manifest.write_text(json.dumps({"recipe": recipe, "files": files}, indent=1) + "\n", encoding="utf-8")
    _sync(manifest)
    _sync(folder)


def _manifest(folder: Path) -> dict[str, Any] | None:
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) and isinstance(told.get("files"), dict) else None


def _beside(folder: Path, what: str) -> Path:
    return folder.with_name(f".{folder.name}.{what}")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
