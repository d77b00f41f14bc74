"""PyLaia: tables of picture names and tokens, ``syms.txt`` with the tokens, the pictures in ``images``."""

from __future__ import annotations

from itertools import islice
from pathlib import PurePosixPath

from text_recognizer.data.own_layouts.folder import Folder
from text_recognizer.data.own_layouts.items import Collected, Item, split_of_file
from text_recognizer.data.own_layouts.pictures import FilePicture
from text_recognizer.data.own_layouts.texts import rows
from text_recognizer.errors import UserError

SPACES = ("<space>", "{space}")
NO_TEXT = ("<ctc>", "<unk>", "<dummy>")


def evidence(folder: Folder) -> str:
    """Return the tokenised tables; ``syms.txt`` need not be there where they write spaces as PyLaia does."""
    tables = _tables(folder)
    symbols = _symbols(folder)
    return f"{', '.join(tables[:3])}{' and syms.txt' if symbols else ''}" if tables else ""


def read(folder: Folder, found: Collected) -> None:
    symbols = _symbols(folder)
    listed: dict[str, str] = {}
    for name in _tables(folder):
        for row in rows(folder.path(name), name):
            with found.reporting():
                called = f"{name} row {row.number}"
                if row.wrong:
                    raise UserError(f"{called}: {row.wrong}")
                identity, *tokens = row.text.split()
                listed[identity] = name
                picture = _picture(folder, identity, called)
                text = _text(tokens, symbols, f"{called} ({identity})")
                place = FilePicture(folder.path(picture), picture)
                found.add(Item(f"{called} ({picture})", text, place, picture, split=split_of_file(name)))
    _compare_lists(folder, listed, found)


def _text(tokens: list[str], symbols: set[str], called: str) -> str:
    foreign = [token for token in tokens if token in NO_TEXT or (symbols and token not in symbols)]
    if foreign:
        where = "stands for no character" if foreign[0] in NO_TEXT else "is not in syms.txt"
        raise UserError(f"{called}: the token {foreign[0]!r} {where}; correct the row")
    return "".join(" " if token in SPACES else token for token in tokens)


def _picture(folder: Folder, identity: str, called: str) -> str:
    """Return the picture of an identity, which is its path with or without the suffix, below any folder."""
    if ".." in identity.replace("\\", "/").split("/"):
        raise UserError(f"{called}: the path {identity!r} leaves the folder; move the picture into it")
    wanted = PurePosixPath(identity.replace("\\", "/"))
    stems = [*folder.by_stem.get(wanted.name, []), *folder.by_stem.get(wanted.stem, [])]
    there = [name for name in dict.fromkeys(stems) if _is_called(name, wanted)]
    if len(there) != 1:
        many = f"{len(there)} pictures are called {identity!r}" if there else f"there is no picture {identity!r}"
        raise UserError(f"{called}: {many}; let one be called so")
    return there[0]


def _is_called(name: str, wanted: PurePosixPath) -> bool:
    return any(
        f"/{path}".endswith(f"/{str(wanted).lstrip('/')}") for path in (name, PurePosixPath(name).with_suffix(""))
    )


def _compare_lists(folder: Folder, listed: dict[str, str], found: Collected) -> None:
    """Report pictures that an image list names and no table transcribes."""
    for name in folder.ending(".txt", ".lst"):
        if name not in listed.values() and PurePosixPath(name).stem.endswith(("_ids", "_list")):
            for row in rows(folder.path(name), name):
                if row.text.strip() not in listed:
                    found.faults.append(
                        f"{name} row {row.number}: {row.text.strip()[:60]} is in no table of texts; add it"
                    )


def _tables(folder: Folder) -> list[str]:
    symbols = _symbols(folder)
    return [name for name in folder.ending(".txt") if _is_tokenised(folder, name, symbols)]


def _is_tokenised(folder: Folder, name: str, symbols: set[str]) -> bool:
    """Return whether most rows of a file are an identity and symbols, of which some are spaces."""
    if name in folder.by_stem or PurePosixPath(name).name == "syms.txt":
        return False
    some = [row.text.split()[1:] for row in islice(rows(folder.path(name), name), 20)]
    full = [tokens for tokens in some if tokens]
    if len(full) * 2 < len(some) or not full:
        return False
    spaced = any(token in SPACES for tokens in full for token in tokens)
    known = sum(all(len(token) == 1 or token in SPACES or token in symbols for token in tokens) for tokens in full)
    return known * 2 > len(full) and (spaced or bool(symbols))


def _symbols(folder: Folder) -> set[str]:
    """Return the tokens of ``syms.txt``, each before its number."""
    found: set[str] = set()
    for name in folder.by_name.get("syms.txt", []):
        for row in rows(folder.path(name), name):
            fields = row.text.split()
            if len(fields) == 2 and fields[1].isdigit():
                found.add(fields[0])
    return found
