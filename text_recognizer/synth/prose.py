"""Clean prose out of HTML (and Mallard), gettext catalogues, manual pages and plain text."""

from __future__ import annotations

import gzip
import re
import struct
from collections.abc import Callable, Container, Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from unicodedata import normalize

from text_recognizer.charset import LATIN

SKIPPED = frozenset({"script", "style", "head", "info", "pre", "screen", "code", "table", "nav", "noscript"})
INLINE = frozenset({
    *("a", "abbr", "acronym", "app", "b", "cite", "cmd", "em", "emph", "file", "gui", "guiseq", "i", "img", "kbd"),
    *("key", "keyseq", "link", "output", "q", "small", "span", "strong", "sub", "sup", "tt", "u", "var", "wbr"),
})  # fmt: skip
ENGLISH = frozenset({
    *("the", "of", "and", "is", "are", "to", "that", "with", "for", "you", "this", "which", "be", "from", "it", "not"),
})  # fmt: skip
SPELLED = str.maketrans({
    **{"\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2007": " ", "\u200b": None, "\ufeff": None, "\u00ad": None},
    **{"\u2010": "-", "\u2011": "-", "\u2015": "—", "\u201f": "“", "\u201b": "‘", "\u2032": "’", "\u2033": "”"},
    **{"ş": "ș", "Ş": "Ș", "ţ": "ț", "Ţ": "Ț", "´": "'"},
})  # fmt: skip
"""Spaces of other widths, and letters that some documents write with the wrong code point."""

_NOT_PROSE = re.compile(r"://|www\.|[{}<>=_|\\^~$#@*%\[\]]|(?:^|\s)[/-]{1,2}\w|\w/\w|\w\(\)")
_GROFF = re.compile(r"\\f(?:\[\w*\]|\(..|.)|\\s[+-]?\d|\\[&,/|%:]")
_MARKUP = re.compile(r"<[^<>]*>")


def paragraphs_of(path: Path, form: str) -> Iterator[str]:
    """Yield the paragraphs of one file, as they stand.

    Args:
        path: of the file; a name that ends in .gz or .dz is decompressed.
        form: html, gettext, man or plain.
    """
    data = gzip.decompress(path.read_bytes()) if path.suffix in (".gz", ".dz") else path.read_bytes()
    return iter(FORMS[form](data))


def clean(paragraphs: Iterable[str], english: bool, untranslated: Container[str] = ()) -> Iterator[str]:
    """Yield those of `paragraphs` that are running text, composed (NFC), each once.

    Args:
        paragraphs: as they stand in the document.
        english: whether the document is English; in another one, what was left untranslated is dropped.
        untranslated: clean paragraphs of the English original.
    """
    seen: set[str] = set()
    for paragraph in paragraphs:
        text = " ".join(normalize("NFC", paragraph).translate(SPELLED).split())
        if text not in seen and is_prose(text) and (english or not (_is_english(text) or text in untranslated)):
            seen.add(text)
            yield text


def is_prose(text: str) -> bool:
    """Return whether a paragraph is running text: some words long, letters above all, no commands or paths.

    >>> is_prose("Le chat dort sur la chaise, près du feu."), is_prose("ls -l /usr/share/doc | grep chat; rm -r chat")
    (True, False)
    """
    if len(text) < 25 or text.count(" ") < 4 or _NOT_PROSE.search(text):
        return False
    letters = sum(character.isalpha() for character in text)
    strange = any(character.isalpha() and character not in LATIN for character in text)
    return not strange and letters > 0.75 * (len(text) - text.count(" "))


def _is_english(text: str) -> bool:
    words = text.lower().split()
    return sum(word in ENGLISH for word in words) > 0.12 * len(words)


def _html(data: bytes) -> list[str]:
    page = _Page()
    page.feed(data.decode("utf-8", "replace"))
    page.close()
    return "".join(page.parts).split("\0")


class _Page(HTMLParser):
    """Collects the text of a page; a zero byte parts its blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._skipped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipped:
            if tag == self._skipped[0]:
                self._skipped.append(tag)
        elif tag in SKIPPED or ("class", "MAC") in attrs:
            self._skipped.append(tag)
        elif tag not in INLINE:
            self.parts.append("\0")

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            if tag == self._skipped[0]:
                self._skipped.pop()
        elif tag not in INLINE:
            self.parts.append("\0")

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.parts.append(data)


def _gettext(data: bytes) -> list[str]:
    """Return the translations of a compiled catalogue, split where they break lines.

    Source: GNU gettext manual, "The Format of GNU MO Files".
    """
    order = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    count, originals, translations = struct.unpack_from(f"{order}3I", data, 8)
    texts = []
    for k in range(count):
        if not struct.unpack_from(f"{order}I", data, originals + 8 * k)[0]:
            continue  # the header
        length, start = struct.unpack_from(f"{order}2I", data, translations + 8 * k)
        text = data[start : start + length].split(b"\0")[0].decode("utf-8", "replace")
        texts += _MARKUP.sub("", text).split("\n")
    return texts


def _man(data: bytes) -> list[str]:
    """Return the running text of a manual page; the line after ``.TP`` names an option and is left out."""
    blocks: list[str] = []
    lines: list[str] = []
    tagged = False
    for line in data.decode("utf-8", "replace").splitlines():
        if line.startswith((".", "'")):
            blocks.append(" ".join(lines))
            lines, tagged = [], line.startswith(".TP")
        elif tagged:
            tagged = False
        else:
            lines.append(_GROFF.sub("", line).replace("\\-", "-").replace("\\ ", " ").replace("\\(aq", "'"))
    return [*blocks, " ".join(lines)]


def _plain(data: bytes) -> list[str]:
    """Return the paragraphs of a text; a blank line or a line of one % (fortune's rule) parts them."""
    return re.split(r"\n\s*%?\s*\n", data.decode("utf-8", "replace"))


FORMS: dict[str, Callable[[bytes], list[str]]] = {"html": _html, "gettext": _gettext, "man": _man, "plain": _plain}
