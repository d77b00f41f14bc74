"""Benchmark sets on disk: a folder of PNG pictures with a table of their texts, frozen by a digest."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from text_recognizer.data.frozen_lines import COLUMNS, TABLE
from text_recognizer.errors import UserError

ABOUT = "set.json"
DIGESTS = Path(__file__).with_name("digests.json")

Unit = Literal["line", "page"]
Script = Literal["handwriting", "print", "mixed"]


@dataclass(frozen=True)
class Item:
    """One picture of a set: its file, what it says, and whose hand, which typeface or which book it is."""

    path: Path
    text: str
    source: str


@dataclass(frozen=True)
class About:
    """What a reader may know of a set.

    Attributes:
        unit: whether a picture is a line or a page.
        script: what it is written in.
        languages: as Tesseract names them, as in "fra+eng".
        made_with: versions that decide what is drawn.
    """

    unit: Unit
    script: Script
    languages: str = "eng"
    made_with: str = ""


@dataclass(frozen=True)
class BenchmarkSet:
    """The pictures that every reader reads."""

    name: str
    about: About
    items: tuple[Item, ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256 of all names, texts, sources and decoded pixels."""
        total = hashlib.sha256(f"{self.about.unit} {self.about.script} {self.about.languages}".encode())
        for item in self.items:
            total.update(f"\n{item.path.name}\t{item.text}\t{item.source}\t".encode())
            with Image.open(item.path) as picture:
                total.update(f"{picture.mode} {picture.size}".encode() + picture.tobytes())
        return total.hexdigest()

    def sample(self, count: int) -> BenchmarkSet:
        """Return `count` of the items, evenly spaced, or all where there are fewer."""
        step = max(1.0, len(self.items) / max(1, count))
        chosen = tuple(self.items[int(i * step)] for i in range(min(count, len(self.items))))
        return BenchmarkSet(self.name, self.about, chosen)


Drawn = tuple[np.ndarray, str, str]
"""A picture (uint8 [H, W] or [H, W, 3]), its text, its source."""


def write_set(folder: Path, about: About, drawn: Iterable[Drawn]) -> None:
    """Write a set's pictures and table into `folder`, which is whole or absent.

    Raises:
        UserError: there is nothing to write.
    """
    beside = folder.with_name(f".{folder.name}.tmp")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    rows = []
    for number, (picture, text, source) in enumerate(drawn):
        Image.fromarray(picture).save(beside / f"{number:04d}.png")
        rows.append((f"{number:04d}.png", " ".join(text.split()), source))
    if not rows:
        raise UserError(f"{folder.name}: no picture was made for this set; check where its texts and fonts come from")
    with (beside / TABLE).open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n")
        table.writerows([COLUMNS, *rows])
    (beside / ABOUT).write_text(json.dumps(asdict(about), indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(folder, ignore_errors=True)
    beside.rename(folder)


def read_set(folder: Path, name: str, about: About | None = None) -> BenchmarkSet:
    """Return the set in a folder: ``truth.tsv`` (columns file, text, source) or pairs ``x.png`` + ``x.gt.txt``.

    Args:
        about: what is known of a folder that has no ``set.json``.

    Raises:
        UserError: the folder holds neither, or a row is not whole.
    """
    if (folder / ABOUT).exists():
        about = About(**json.loads((folder / ABOUT).read_text(encoding="utf-8")))
    items = _table(folder) if (folder / TABLE).exists() else _pairs(folder)
    return BenchmarkSet(name, about or About("line", "mixed"), tuple(items))


def _table(folder: Path) -> list[Item]:
    with (folder / TABLE).open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    whole = [row for row in rows if row.get("file") and row.get("text")]
    if len(whole) < len(rows) or not rows:
        raise UserError(f"{folder / TABLE}: {len(rows) - len(whole)} of {len(rows)} rows lack a file or text; add them")
    return [Item(_there(folder / row["file"]), row["text"], row.get("source") or row["file"]) for row in rows]


def _pairs(folder: Path) -> list[Item]:
    texts = sorted(folder.glob("*.gt.txt")) if folder.is_dir() else []
    if not texts:
        raise UserError(f"{folder}: holds neither {TABLE} nor any x.png with x.gt.txt; name a folder that has them")
    items = []
    for path in texts:
        stem = path.name.removesuffix(".gt.txt")
        picture = next((p for p in sorted(folder.glob(f"{stem}.*")) if p.suffix.lower() in (".png", ".jpg")), None)
        items.append(Item(_there(picture or folder / f"{stem}.png"), path.read_text(encoding="utf-8").strip(), stem))
    return items


def _there(path: Path) -> Path:
    if not path.exists():
        raise UserError(f"{path}: there is no such picture, but a text for it; add the picture or remove its text")
    return path


def frozen_set(folder: Path, name: str, make: Callable[[Path], None], digests: Path = DIGESTS) -> BenchmarkSet:
    """Return the set `name` below `folder`, made where it is missing, if it is the one that was frozen.

    A set that was never frozen is accepted as it is.

    Raises:
        UserError: it differs from the frozen one.
    """
    if not (folder / name / ABOUT).exists():
        make(folder / name)
    found = read_set(folder / name, name)
    frozen = _frozen(digests).get(name)
    if frozen and frozen["sha256"] != found.digest:
        raise UserError(
            f"{folder / name}: its digest is {found.digest[:12]}, that of the frozen set is {frozen['sha256'][:12]}"
            f" (made with {frozen['made_with']}; this one with {found.about.made_with}); remove the folder and make it"
            f" with those versions, or freeze it anew with --freeze {name}"
        )
    return found


def freeze(benchmark_set: BenchmarkSet, digests: Path = DIGESTS) -> None:
    """Write down that the set is from now on this one."""
    about = benchmark_set.about
    entry = {"sha256": benchmark_set.digest, "items": len(benchmark_set.items), "made_with": about.made_with}
    known = _frozen(digests) | {benchmark_set.name: entry}
    digests.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n", encoding="utf-8")


def is_frozen(name: str, digests: Path = DIGESTS) -> bool:
    """Whether a digest of the set is written down."""
    return name in _frozen(digests)


def _frozen(digests: Path) -> dict[str, dict[str, str]]:
    return json.loads(digests.read_text(encoding="utf-8")) if digests.exists() else {}
