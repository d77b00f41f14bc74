"""``make fonts``: fetch the handwriting and print families of ``data/raw/fonts/metadata.toml`` into ``data/fonts``.

The families come as packages of the npm registry or of Debian, through those tools' own commands. A file is believed
when its sha256 is the recorded one; a family that cannot be had is named at the end and the others are kept.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

from fontTools.ttLib import TTFont
from rich.progress import track

from text_recognizer.errors import UserError
from text_recognizer.synth.fetch import unpack

METADATA = Path("data/raw/fonts/metadata.toml")


@dataclass(frozen=True)
class Family:
    """One family as the metadata lists it.

    Attributes:
        name: folder of its files below ``handwriting`` or ``print``.
        kind: handwriting or print.
        package: name in its registry.
        version: of the package.
        registry: npm or debian.
        licence: SPDX name.
        files: path inside the package -> sha256.
    """

    name: str
    kind: str
    package: str
    version: str
    registry: str
    licence: str
    files: dict[str, str]


def read_metadata(path: Path) -> list[Family]:
    """Return the families that a metadata file lists.

    Raises:
        UserError: the file is missing or a family lacks a key.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return [Family(name=name, **entry) for name, entry in table["family"].items()]
    except FileNotFoundError:
        raise UserError(
            f"{path}: there is no such file; run this from the repository or name it with --metadata"
        ) from None
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not a list of families ({error}); compare it with the one in git") from None


def is_there(family: Family, folder: Path) -> bool:
    """Return whether all files of `family` were fetched into `folder` before."""
    return all(_target(family, file, folder).exists() for file in family.files)


def fetch(family: Family, folder: Path) -> None:
    """Bring the files of `family` into `folder`, converted to TrueType or OpenType, each wholly or not at all.

    Raises:
        UserError: the registry's command is missing or fails, or a file is not the recorded one.
    """
    with tempfile.TemporaryDirectory() as scratch:
        unpacked = unpack(family, Path(scratch))
        for file, sha256 in family.files.items():
            source = unpacked / file
            found = hashlib.sha256(source.read_bytes()).hexdigest() if source.exists() else "no such file"
            if found != sha256:
                raise UserError(
                    f"{family.name}: {file} of {family.package} has sha256 {found[:12]}, recorded is {sha256[:12]};"
                    f" the package changed: take version {family.version} or update {METADATA}"
                )
            _place(source, _target(family, file, folder))


def _target(family: Family, file: str, folder: Path) -> Path:
    source = Path(file)
    suffix = ".ttf" if source.suffix == ".woff2" else source.suffix
    return folder / family.kind / family.name / (source.stem + suffix)


def _place(source: Path, target: Path) -> None:
    beside = target.with_suffix(".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _convert(source, beside)
        beside.replace(target)
    except OSError as error:
        if target.parent.is_dir():
            beside.unlink(missing_ok=True)
        raise UserError(f"{target}: cannot be written ({error.strerror}); name another folder with --out") from error


def _convert(source: Path, target: Path) -> None:
    if source.suffix != ".woff2":
        shutil.copyfile(source, target)
        return
    with TTFont(source) as font:
        font.flavor = None
        font.save(target)


def main(arguments: list[str] | None = None) -> int:
    """Fetch what is not there yet; return 0 when all families are there, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metadata", type=Path, default=METADATA)
    parser.add_argument("--out", type=Path, default=Path("data/fonts"))
    options = parser.parse_args(arguments)
    try:
        families = read_metadata(options.metadata)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    failed = []
    for family in track([f for f in families if not is_there(f, options.out)], "fetching fonts"):
        try:
            fetch(family, options.out)
        except UserError as error:
            failed.append(str(error))
    for sentence in failed:
        print(f"error: {sentence}", file=sys.stderr)
    print(f"{len(families) - len(failed)} of {len(families)} families are in {options.out}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
