"""``make texts``: fetch the documents of ``data/raw/texts/metadata.toml`` as clean prose into ``data/texts/LANGUAGE``.

The documents come as Debian or npm packages, through those tools' own commands; nothing is installed. The files of a
language are believed when their sha256 is the recorded one; what cannot be had is named at the end, the rest is kept.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.progress import track

from text_recognizer.errors import UserError
from text_recognizer.synth.fetch import unpack
from text_recognizer.synth.prose import FORMS, clean, paragraphs_of

METADATA = Path("data/raw/texts/metadata.toml")


@dataclass(frozen=True)
class Document:
    """One document as the metadata lists it, in one or more languages.

    Attributes:
        name: of its files below the languages' folders; the split depends on it (synth/splits.py).
        package: name in its registry.
        version: of the package.
        registry: npm or debian.
        licence: SPDX name, or public domain.
        form: html, gettext, man or plain.
        files: language -> pattern of the files inside the package.
        sha256: language -> digest of these files, joined in the order of their names.
        limit: about the number of characters that are kept of each language, from the beginning.
    """

    name: str
    package: str
    version: str
    registry: str
    licence: str
    form: str
    files: dict[str, str]
    sha256: dict[str, str]
    limit: int = 1_000_000


def read_metadata(path: Path) -> list[Document]:
    """Return the documents that a metadata file lists.

    Raises:
        UserError: the file is missing or a document lacks a key.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        documents = [Document(name=name, **entry) for name, entry in table["document"].items()]
    except FileNotFoundError:
        raise UserError(
            f"{path}: there is no such file; run this from the repository or name it with --metadata"
        ) from None
    except (tomllib.TOMLDecodeError, AttributeError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not a list of documents ({error}); compare it with the one in git") from None
    for document in documents:
        if document.form not in FORMS or document.files.keys() != document.sha256.keys():
            raise UserError(
                f"{path}: {document.name} has the form {document.form!r} and a digest for {len(document.sha256)} of"
                f" {len(document.files)} languages; the forms are {', '.join(FORMS)}, and each language needs a digest"
            )
    return documents


def is_there(document: Document, folder: Path) -> bool:
    """Return whether `document` was fetched into `folder` before, in all its languages."""
    return all(_target(document, language, folder).exists() for language in document.files)


def fetch(document: Document, folder: Path) -> None:
    """Bring the prose of `document` into `folder`, each language wholly or not at all, one paragraph per line.

    Raises:
        UserError: the registry's command is missing or fails, or the files are not the recorded ones.
    """
    with tempfile.TemporaryDirectory() as scratch:
        unpacked = unpack(document, Path(scratch))
        original: list[str] = []
        for language in sorted(document.files, key=lambda name: name != "english"):
            raw = _believed(document, language, unpacked)
            text = _limited(clean(raw, language == "english", frozenset(original)), document.limit)
            original = original or text
            _write(_target(document, language, folder), text)


def _believed(document: Document, language: str, unpacked: Path) -> Iterator[str]:
    paths = sorted(path for path in unpacked.glob(document.files[language]) if path.is_file())
    found = digest(paths)
    if found != document.sha256[language]:
        raise UserError(
            f"{document.name}: the {len(paths)} files of {document.package} in {language} have sha256 {found[:12]},"
            f" recorded is {document.sha256[language][:12]}; the package changed: take version {document.version} or"
            f" update {METADATA}"
        )
    return (paragraph for path in paths for paragraph in paragraphs_of(path, document.form))


def _limited(paragraphs: Iterable[str], limit: int) -> list[str]:
    """Return the first of `paragraphs`, not many more than `limit` characters."""
    taken, size = [], 0
    for paragraph in paragraphs:
        taken.append(paragraph)
        size += len(paragraph) + 1
        if size >= limit:
            break
    return taken


def digest(paths: list[Path]) -> str:
    """Return the sha256 of files, joined in the given order."""
    state = hashlib.sha256()
    for path in paths:
        state.update(path.read_bytes())
    return state.hexdigest()


def _target(document: Document, language: str, folder: Path) -> Path:
    return folder / language / f"{document.name}.txt"


def _write(target: Path, paragraphs: list[str]) -> None:
    beside = target.with_suffix(".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text("\n".join(paragraphs) + "\n", encoding="utf-8")
        beside.replace(target)
    except OSError as error:
        raise UserError(f"{target}: cannot be written ({error.strerror}); name another folder with --out") from error


def main(arguments: list[str] | None = None) -> int:
    """Fetch what is not there yet; return 0 when all documents are there, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metadata", type=Path, default=METADATA)
    parser.add_argument("--out", type=Path, default=Path("data/texts"))
    options = parser.parse_args(arguments)
    try:
        documents = read_metadata(options.metadata)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    failed = []
    for document in track([d for d in documents if not is_there(d, options.out)], "fetching texts"):
        try:
            fetch(document, options.out)
        except UserError as error:
            failed.append(str(error))
    for sentence in failed:
        print(f"error: {sentence}", file=sys.stderr)
    print(f"{len(documents) - len(failed)} of {len(documents)} documents are in {options.out}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
