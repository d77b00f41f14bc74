"""``make pages``: fetch the repositories of transcribed pages that ``data/raw/*/metadata.toml`` describe.

A repository is cloned from its public address; the pages that the metadata lists are believed when the sha256 of their
XML is the recorded one and their image has the shape that the XML states, and are sorted into folders by writer.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from text_recognizer.data.page_xml import read_page
from text_recognizer.data.writers import writer_of
from text_recognizer.errors import UserError

RAW = Path("data/raw")
DONE = "fetched.txt"
"""Written last into a folder: the names of its pages."""


@dataclass(frozen=True)
class Collection:
    """Pages of one repository, as its metadata describes them.

    Attributes:
        name: of the folder below ``data/raw``, and of the fetched pages' folder.
        title, licence, citation: as the repository states them.
        repository: address to clone.
        sha256: digest of each page's XML by file name.
        splits: writers of train, val and test; without it all pages go into one folder.
    """

    name: str
    title: str
    licence: str
    citation: str
    repository: str
    sha256: dict[str, str]
    splits: dict[str, list[str]] = field(default_factory=dict)


def read_collections(raw: Path) -> list[Collection]:
    """Return the collections of pages below `raw`.

    Raises:
        UserError: one of their files is damaged or lacks a key.
    """
    collections = []
    for path in sorted(raw.glob("*/metadata.toml")):
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
            if "repository" in table:
                collections.append(Collection(name=path.parent.name, **table))
        except (tomllib.TOMLDecodeError, TypeError) as error:
            raise UserError(f"{path}: not a collection of pages ({error}); compare it with the one in git") from None
    return collections


def fetch(collection: Collection, folder: Path) -> int:
    """Clone a collection and put its pages into `folder`; return their number.

    Raises:
        UserError: git is missing or fails, a page is not the recorded one, or its image is missing or misshapen.
    """
    with tempfile.TemporaryDirectory() as scratch:
        clone = Path(scratch) / "clone"
        _git(collection, "clone", "--quiet", "--depth", "1", collection.repository, str(clone))
        files: dict[str, Path] = {path.name: path for path in sorted(clone.rglob("*")) if ".git" not in path.parts}
        pages = []
        for name, digest in collection.sha256.items():
            xml = files.get(name)
            found = hashlib.sha256(xml.read_bytes()).hexdigest() if xml else "no such file"
            if xml is None or found != digest:
                raise UserError(
                    f"{collection.name}: {name} has sha256 {found[:12]}, recorded is {digest[:12]}; the repository"
                    f" changed: take the older version or update {RAW / collection.name / 'metadata.toml'}"
                )
            pages.append(_placed(xml, files, folder / _split(collection, name)))
    (folder / DONE).write_text("".join(f"{page}\n" for page in pages), encoding="utf-8")
    return len(pages)


def _split(collection: Collection, name: str) -> str:
    """Return the folder of a page: its writer's split, or none."""
    writer = writer_of(Path(name).stem)
    return next((split for split, writers in collection.splits.items() if writer in writers), "")


def _placed(xml: Path, files: dict[str, Path], folder: Path) -> str:
    """Copy a page's image and XML, the XML last, and check that they belong together."""
    folder.mkdir(parents=True, exist_ok=True)
    image = next(
        (files[xml.stem + suffix] for suffix in (".jpg", ".jpeg", ".png", ".tif") if xml.stem + suffix in files), None
    )
    if image is None:
        raise UserError(f"{xml.name}: the repository holds no image of that name; update the metadata")
    shutil.copyfile(image, folder / image.name)
    shutil.copyfile(xml, folder / xml.name)
    try:
        read_page(folder / xml.name)
    except UserError:
        (folder / xml.name).unlink()
        raise
    return xml.name


def _git(collection: Collection, *arguments: str) -> None:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UserError(f"{collection.name}: needs the command git, which is not installed; install it") from None
    if done.returncode:
        said = (done.stderr.strip() or "no message").splitlines()[-1]
        raise UserError(
            f"{collection.name}: git {arguments[0]} of {collection.repository} failed ({said}); check the network and"
            " run make pages again"
        )


def main(arguments: list[str] | None = None) -> int:
    """Fetch what is not there yet; return 0 when all collections are there, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raw", type=Path, default=RAW, help="folder of the metadata")
    parser.add_argument("--out", type=Path, default=Path("data"), help="folder of the fetched collections")
    options = parser.parse_args(arguments)
    failed = 0
    try:
        collections = read_collections(options.raw)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    for collection in collections:
        folder = options.out / collection.name
        try:
            if not (folder / DONE).exists() and not _is_copied(collection, folder):
                fetch(collection, folder)
            print(f"{folder}: {collection.title}, {collection.licence}")
        except UserError as error:
            failed += 1
            print(f"error: {error}", file=sys.stderr)
    return 1 if failed else 0


def _is_copied(collection: Collection, folder: Path) -> bool:
    """Return whether somebody has put the pages there by hand."""
    there = {path.name for path in folder.rglob("*.xml")}
    return collection.sha256.keys() <= there


if __name__ == "__main__":
    raise SystemExit(main())
