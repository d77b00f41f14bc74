"""Reading what others wrote down: encodings, endless rows, JSON, XML with entities; always with a clear sentence."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO
from unicodedata import category, normalize
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat

from text_recognizer.errors import UserError

Form = Literal["NFC", "NFKC"]
"""Unicode forms of texts; NFKC also turns ligatures, long s and wide letters into plain ones."""

LONGEST_ROW = 65_536
"""Characters of a row of a table; a longer one holds no line of text."""

LONGEST_TEXT = 2_000
"""Characters of a line."""

LARGEST_TEXT_FILE = 1_000_000
LARGEST_JSON = 512_000_000
LARGEST_XML = 64_000_000

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class Row:
    """A row of a text file: its number from 1, its text without the end of line, and what is wrong with it."""

    number: int
    text: str
    wrong: str = ""


def cleaned(text: str, form: Form = "NFC") -> str:
    """Return a line's text in one Unicode form, its white space reduced to single spaces between words.

    Raises:
        UserError: there is no text, or it cannot be one line's; the message has no name in front.
    """
    kept = " ".join(normalize(form, text.removeprefix("\ufeff")).split())
    control = next((letter for letter in kept if category(letter) in ("Cc", "Cs")), None)
    if control is not None:
        raise UserError(f"its text holds the control character U+{ord(control):04X}; remove it")
    if not kept:
        raise UserError("it has no text; transcribe it or remove it")
    if len(kept) > LONGEST_TEXT:
        raise UserError(f"its text has {len(kept):,} characters, at most {LONGEST_TEXT:,} are one line; split it")
    return kept


def encoding_of(path: Path, name: str) -> str:
    """Return the encoding that the first bytes of a file state, UTF-8 where they state none."""
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
    except OSError as error:
        raise UserError(f"{name}: it cannot be read ({error.strerror}); check its rights") from error
    return next((encoding for mark, encoding in _MARKS if start.startswith(mark)), "utf-8")


def begins_with(path: Path, mark: bytes) -> bool:
    """Return whether the first byte of a JSON file that is no white space is `mark`."""
    with path.open("rb") as stream:
        return stream.read(256).removeprefix(codecs.BOM_UTF8).lstrip()[:1] == mark


def read_text(path: Path, name: str, limit: int = LARGEST_TEXT_FILE) -> str:
    """Return a whole text file.

    Raises:
        UserError: it is too large, or neither UTF-8 nor marked as UTF-16 or UTF-32.
    """
    encoding = encoding_of(path, name)
    with path.open("rb") as stream:
        content = stream.read(limit + 1)
    if len(content) > limit:
        raise UserError(f"{name}: it is larger than {limit:,} bytes; give the right file or split it")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UserError(f"{name}: {_not_utf8(content[error.start], encoding)}") from None
    if "\0" in text[:1000]:
        raise UserError(f"{name}: it holds zero bytes, as UTF-16 without its mark does; save it as UTF-8")
    return text


def rows(path: Path, name: str) -> Iterator[Row]:
    """Yield the rows of a text file that are not empty, whatever ends them; no row is held that is too long."""
    encoding = encoding_of(path, name)
    escape = "surrogateescape" if encoding.startswith("utf-8") else "replace"
    with path.open(encoding=encoding, errors=escape) as stream:
        number = 0
        while text := stream.readline(LONGEST_ROW):
            number += 1
            if len(text) == LONGEST_ROW and not text.endswith("\n"):
                _pass_over(stream)
                yield Row(number, "", f"the row is longer than {LONGEST_ROW:,} characters; give one line per row")
            elif text.strip():
                yield Row(number, text.rstrip("\n"), _wrong_in(text, encoding))


def _pass_over(stream: TextIO) -> None:
    while (more := stream.readline(LONGEST_ROW)) and not more.endswith("\n"):
        pass


def _wrong_in(text: str, encoding: str) -> str:
    foreign = next((letter for letter in text if "\udc80" <= letter <= "\udcff"), None)
    if foreign is not None:
        return _not_utf8(ord(foreign) - 0xDC00, encoding)
    if "\0" in text:
        return "it holds zero bytes, as UTF-16 without its mark does; save the file as UTF-8"
    return f"it is not valid {encoding}; save the file as UTF-8" if encoding != "utf-8" and "\ufffd" in text else ""


def _not_utf8(byte: int, encoding: str) -> str:
    if encoding != "utf-8":
        return f"it is marked as {encoding} but is not (byte 0x{byte:02X}); save it as UTF-8"
    return (
        f"it is not UTF-8 (byte 0x{byte:02X}), perhaps Latin-1 or Windows-1252; convert it with"
        " iconv -f WINDOWS-1252 -t UTF-8"
    )


def read_json(path: Path, name: str) -> Any:
    """Return what a JSON file holds; an object becomes a list of its pairs where a key occurs twice.

    Raises:
        UserError: it is too large or no JSON.
    """
    try:
        return json.loads(read_text(path, name, LARGEST_JSON).removeprefix("\ufeff"), object_pairs_hook=_pairs)
    except RecursionError:
        raise UserError(f"{name}: it is nested too deeply to be a list of lines; give the right file") from None
    except ValueError as error:
        raise UserError(f"{name}: it is not JSON ({error}); export it again") from None


class Pairs(list):
    """The pairs of a JSON object that has a key twice, which a dict would hide."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Pairs:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Pairs(pairs)


def read_xml(path: Path, name: str) -> Element:
    """Return the root of an XML file that declares no entities of its own.

    Raises:
        UserError: it is damaged, too large, or declares entities, which can grow without end.
    """
    if path.stat().st_size > LARGEST_XML:
        raise UserError(f"{name}: it is larger than {LARGEST_XML:,} bytes; split it into pages")
    try:
        return xml_of(path.read_bytes(), name)
    except OSError as error:
        raise UserError(f"{name}: not readable XML ({error}); export it again or remove it") from None


def xml_of(content: bytes, name: str) -> Element:
    """Return the root of an XML text that declares no entities of its own; see `read_xml`."""
    try:
        check = expat.ParserCreate()
        check.EntityDeclHandler = _refuse_entity
        check.Parse(content, True)
        return ElementTree.fromstring(content)
    except _EntityDeclared as error:
        raise UserError(f"{name}: it declares the entity {error}, which pages have no need of; remove it") from None
    except (expat.ExpatError, ElementTree.ParseError, ValueError, LookupError) as error:
        raise UserError(f"{name}: not readable XML ({error}); export it again or remove it") from None


class _EntityDeclared(Exception):
    pass


def _refuse_entity(name: str, *_: object) -> None:
    raise _EntityDeclared(name)
