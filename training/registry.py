"""A folder of staged models: NAME/vN holds one that can be read with, its digests, and where it came from."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from text_recognizer.errors import UsageError, UserError, nearest
from text_recognizer.inference.recipe import sha256_of
from training.run_folder import write_whole

STAGED = "staged.json"
"""Written last into a version; it vouches for all other files."""


@dataclass(frozen=True)
class Staged:
    """One version of a model.

    Attributes:
        name: of the model.
        version: v1, v2 and so on.
        files: the sha256 of each.
        origin: the run, checkpoint, commit and locks it was made from.
    """

    name: str
    version: str
    files: Mapping[str, str]
    origin: Mapping[str, Any]

    @classmethod
    def load(cls, folder: Path) -> Staged:
        """Read and verify a version.

        Raises:
            UserError: it is not one, or a file is missing or not what was staged.
        """
        try:
            staged = cls(**json.loads((folder / STAGED).read_text(encoding="utf-8")))
        except (OSError, TypeError, ValueError) as error:
            raise UserError(
                f"{folder}: holds no staged model ({error}); stage one with training/stage_model.py"
            ) from error
        for file, digest in staged.files.items():
            path = folder / file
            if not path.is_file() or sha256_of(path) != digest:
                raise UserError(f"{path}: is {'not what was staged' if path.exists() else 'missing'}; stage it anew")
        return staged


def versions(registry: Path, name: str) -> dict[int, Path]:
    """Return the folders of a model's versions by their numbers, the oldest first."""
    found = ((re.fullmatch(r"v(\d+)", path.name), path) for path in (registry / name).glob("v*"))
    return dict(sorted((int(match[1]), path) for match, path in found if match))


def names(registry: Path) -> list[str]:
    """Return the names of all staged models."""
    return sorted(path.name for path in registry.glob("*") if versions(registry, path.name))


def add(registry: Path, name: str, model: Path, origin: Mapping[str, Any]) -> tuple[Path, bool]:
    """Copy an exported model into the registry, wholly or not at all.

    Returns:
        The version's folder, and whether it is new: the newest version may hold the same files.

    Raises:
        UserError: the name or the folder cannot be used.
    """
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise UsageError(f"--name {name!r}: is not the name of a folder; use letters, digits and - _ . only")
    files = {path.name: sha256_of(path) for path in sorted(model.iterdir()) if path.is_file() and path.name != STAGED}
    before = versions(registry, name)
    if before and dict(Staged.load(newest := list(before.values())[-1]).files) == files:
        return newest, False
    try:
        (registry / name).mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".new-", dir=registry / name))
    except OSError as error:
        raise UserError(f"{registry / name}: cannot be made ({error.strerror}); name another --registry") from error
    try:
        for file in files:
            shutil.copyfile(model / file, beside / file)
        number = max(before, default=0) + 1
        while (folder := registry / name / f"v{number}").exists():
            number += 1
        write_whole(
            beside / STAGED, json.dumps(asdict(Staged(name, folder.name, files, dict(origin))), indent=2) + "\n"
        )
        Staged.load(beside)
        beside.chmod(0o755)
        os.rename(beside, folder)
        return folder, True
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def find(registry: Path, wanted: str) -> Path:
    """Return the folder that ``NAME`` or ``NAME:vN`` or ``NAME:latest`` means.

    Raises:
        UserError: there is no such model or version.
    """
    name, _, version = wanted.partition(":")
    known = versions(registry, name)
    if not known:
        raise UserError(
            f"{wanted}: {registry} holds no model of this name; {nearest(name, names(registry) or ['none'])}"
        )
    if version in ("", "latest"):
        return list(known.values())[-1]
    number = int(version.removeprefix("v")) if version.removeprefix("v").isdigit() else -1
    if number not in known:
        raise UserError(f"{wanted}: there is no such version; {name} has {', '.join(f'v{each}' for each in known)}")
    return known[number]


def bring(staged: Path, out: Path) -> Staged:
    """Copy a verified version to `out`, wholly or not at all.

    Raises:
        UserError: it is damaged, or something else is at `out`.
    """
    found = Staged.load(staged)
    if out.exists():
        if (out / STAGED).exists() and Staged.load(out) == found:
            return found
        raise UserError(
            f"{out}: is there already and is not {found.name}:{found.version}; name another folder with --out"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        for file in (*found.files, STAGED):
            shutil.copyfile(staged / file, beside / file)
        Staged.load(beside)
        beside.chmod(0o755)
        os.rename(beside, out)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return found
