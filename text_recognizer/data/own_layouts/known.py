"""All layouts by name, and which of them a folder has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from text_recognizer.data.own_layouts import (
    doctr,
    iam,
    imagefolder,
    label_studio,
    lists,
    page_files,
    pairs,
    parquet,
    pylaia,
    table,
)
from text_recognizer.data.own_layouts.folder import Folder
from text_recognizer.data.own_layouts.items import Collected
from text_recognizer.errors import UsageError, UserError, nearest


@dataclass(frozen=True)
class Layout:
    """A way to lay out transcribed lines.

    Attributes:
        name: as ``--layout`` takes it.
        about: who uses it.
        evidence: what in a folder speaks for it, in words; empty if nothing does.
        read: collects the lines.
        over: layouts whose evidence is a part of this one.
        pages: its lines are cut out of pages.
    """

    name: str
    about: str
    evidence: Callable[[Folder], str]
    read: Callable[[Folder, Collected], None]
    over: tuple[str, ...] = ()
    pages: bool = False


LAYOUTS = (
    Layout("pairs", "x.png + x.gt.txt: ocropus, tesstrain, kraken, Calamari", pairs.evidence, pairs.read),
    Layout("doctr", "labels.json {file: text}: docTR", doctr.evidence, doctr.read),
    Layout("table", "path and text per row: PaddleOCR, DTRB, EasyOCR, TRDG", table.evidence, table.read),
    Layout("lists", "x.png + x.txt, train.ln: VAN, OrigamiNet, HTR-VT", lists.evidence, lists.read, ("table",)),
    Layout("pylaia", "tokenised tables and syms.txt: PyLaia", pylaia.evidence, pylaia.read, ("table", "lists")),
    Layout(
        "page",
        "PAGE XML and pictures: Transkribus, eScriptorium",
        page_files.page_evidence,
        page_files.read_page_xml,
        pages=True,
    ),
    Layout(
        "alto",
        "ALTO XML and pictures: kraken, eScriptorium",
        page_files.alto_evidence,
        page_files.read_alto,
        pages=True,
    ),
    Layout("imagefolder", "metadata.jsonl or .csv: datasets", imagefolder.evidence, imagefolder.read, ("table",)),
    Layout("parquet", "pictures within a table: datasets", parquet.evidence, parquet.read),
    Layout("iam", "lines.txt, xml, forms: the IAM database", iam.evidence, iam.read, ("table", "lists"), True),
    Layout("label_studio", "JSON export: Label Studio", label_studio.evidence, label_studio.read, pages=True),
)

BY_NAME = {layout.name: layout for layout in LAYOUTS}


def layout_of(folder: Folder, name: str | None = None) -> Layout:
    """Return the layout called `name`, or the one that the folder has.

    Raises:
        UsageError: there is no layout of that name.
        UserError: the folder has no layout that is known, or more than one.
    """
    if name is not None:
        if name not in BY_NAME:
            raise UsageError(
                f"--layout {name}: there is no such layout; {nearest(name, BY_NAME)} ({', '.join(BY_NAME)})"
            )
        return BY_NAME[name]
    found = {layout.name: words for layout in LAYOUTS if (words := layout.evidence(folder))}
    for layout in LAYOUTS:
        if layout.name in found:
            found = {other: words for other, words in found.items() if other not in layout.over}
    if not found:
        raise UserError(
            f"{folder.place}: no layout is recognised among its {len(folder.files)} files ({len(folder.pictures)}"
            f" pictures); give x.png + x.gt.txt pairs, or name one with --layout: {', '.join(BY_NAME)}"
        )
    if len(found) > 1:
        seen = "; ".join(f"{other} ({words})" for other, words in found.items())
        raise UserError(f"{folder.place}: could be read as {seen}; say which with --layout {' or '.join(found)}")
    return BY_NAME[next(iter(found))]
