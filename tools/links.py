"""Asks every address of the data sets and the documents whether it still answers: python3 tools/links.py

A file has several addresses; it is lost when none of them answers. That the page it once came from has gone is told and
no error, since nothing is fetched from there. Standard library only.
"""

import argparse
import re
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import site_files

LINK = re.compile(r"\]\((https?://[^)\s]+)\)")
TOLD = ("origin",)
"""Keys whose address may be gone."""

HEADERS = {"Range": "bytes=0-0", "User-Agent": "text-recognizer-lab (checks links)"}


class Wanted(NamedTuple):
    """What somebody is sent to.

    Attributes:
        place: the file, and in it the table or the key, that names it.
        urls: any of these will do.
        fatal: whether it is an error that none answers.
    """

    place: str
    urls: tuple[str, ...]
    fatal: bool = True


def wanted(root: Path) -> list[Wanted]:
    """Return what data/raw/*/metadata.toml and the documents send to."""
    found: list[Wanted] = []
    for path in sorted(root.glob("data/raw/*/metadata.toml")):
        place = path.relative_to(root).as_posix()
        found += _in_table(tomllib.loads(path.read_text(encoding="utf-8")), place)
    for name in site_files.documents(root):
        for url in LINK.findall((root / name).read_text(encoding="utf-8")):
            found.append(Wanted(name, (url,)))
    return found


def _in_table(table: dict[str, Any], place: str) -> Iterator[Wanted]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _in_table(value, f"{place}: {key}")
        elif key == "urls":
            yield Wanted(place, tuple(value))
        elif isinstance(value, str) and value.startswith(("http://", "https://")):
            yield Wanted(f"{place}: {key}", (value,), key not in TOLD)


def said(url: str, patience: float) -> str:
    """Return "" if an address gives its first byte within `patience` seconds, else why it does not."""
    try:
        with urlopen(Request(url, headers=HEADERS), timeout=patience) as answer:
            return "" if answer.read(1) else "is empty"
    except HTTPError as error:
        return f"answers {error.code}"
    except (OSError, ValueError) as error:  # URLError and timeouts among them
        return str(getattr(error, "reason", error)) or type(error).__name__


def main(root: Path, arguments: list[str] | None = None) -> int:
    """Print what does not answer; 1 if something cannot be had any more."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--patience", type=float, default=30.0, help="seconds without a byte (default: 30)")
    options = parser.parse_args(arguments)
    things = wanted(root)
    urls = sorted({url for thing in things for url in thing.urls})
    with ThreadPoolExecutor(8) as pool:
        why = dict(zip(urls, pool.map(lambda url: said(url, options.patience), urls), strict=True))
    lost = 0
    for thing in things:
        gone = [url for url in thing.urls if why[url]]
        is_lost = thing.fatal and len(gone) == len(thing.urls)
        lost += is_lost
        for url in gone:
            print(f"{'error' if is_lost else 'gone'}: {thing.place}: {url} {why[url]}")
    print(f"links: {len(urls)} addresses, {sum(map(bool, why.values()))} do not answer; {lost} things cannot be had")
    return int(lost > 0)


if __name__ == "__main__":
    raise SystemExit(main(Path(__file__).resolve().parent.parent))
