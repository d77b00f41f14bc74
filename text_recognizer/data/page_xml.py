"""Pages with transcribed lines, as ALTO and PAGE XML describe them.

Source: the Library of Congress' ALTO 2 to 4, and PRImA's PAGE 2010 to 2019, as eScriptorium, Transkribus and the
repositories of HTR-United write them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from PIL import Image

from text_recognizer.errors import UserError
from text_recognizer.page_markup import (
    alto_image,
    alto_lines,
    descendants,
    kind_of,
    page_lines,
    region_labels,
    root_of,
)

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp")


@dataclass(frozen=True)
class TextLine:
    """One line as its page's XML describes it, in pixels of the image file.

    Attributes:
        text: in NFC, as it was transcribed.
        baseline_N2: float64, x and y of its points from left to right.
        polygon_M2: float64, the outline of its ink.
        region: label of the text block that it stands in; empty where none is given.
        identity: as the XML has it.
    """

    text: str
    baseline_N2: np.ndarray
    polygon_M2: np.ndarray
    region: str
    identity: str


@dataclass(frozen=True)
class Page:
    """One transcribed page.

    Attributes:
        image: its picture.
        size: width and height of the picture in pixels.
        lines: in the order of the XML.
    """

    image: Path
    size: tuple[int, int]
    lines: list[TextLine]


def read_pages(folder: Path) -> list[Page]:
    """Return the pages of all ALTO and PAGE files below `folder`, in the order of their names.

    Raises:
        UserError: the folder is missing or holds no such file, or one is damaged or lacks its image.
    """
    paths = sorted(folder.rglob("*.xml")) if folder.is_dir() else []
    roots = [(path, _root(path)) for path in paths]
    pages = [read_page(path, root) for path, root in roots if kind_of(root) in ("alto", "PcGts")]
    if not pages:
        raise UserError(f"{folder}: holds no ALTO or PAGE file ({len(paths)} .xml files); name a folder of pages")
    return pages


def read_page(path: Path, root: Element | None = None) -> Page:
    """Return the page that an ALTO or PAGE file describes.

    Raises:
        UserError: the file is damaged, of another kind, states no page size, or its image is missing.
    """
    root = _root(path) if root is None else root
    kind = kind_of(root)
    if kind not in ("alto", "PcGts"):
        raise UserError(f"{path}: its root is <{kind}>, neither ALTO nor PAGE; give a file of one of the two")
    page = next(descendants(root, "Page"), None)
    if page is None:
        raise UserError(f"{path}: describes no page; export it again")
    image = _image(path, alto_image(root) if kind == "alto" else page.get("imageFilename", ""))
    with Image.open(image) as picture:
        size = picture.size
    names = ("WIDTH", "HEIGHT") if kind == "alto" else ("imageWidth", "imageHeight")
    try:
        stated = [float(page.get(name) or 0) for name in names]
        scale = np.array([size[0] / stated[0], size[1] / stated[1]])
        if not 0.97 < scale[0] / scale[1] < 1.03:
            raise UserError(
                f"{path}: describes a page of {stated[0]:.0f} x {stated[1]:.0f}, {image.name} is {size[0]} x {size[1]},"
                " of another shape; put the image beside it that it was made for"
            )
        found = alto_lines(page, region_labels(root)) if kind == "alto" else page_lines(page)
        lines = [
            TextLine(line.text, line.baseline_N2 * scale, line.polygon_M2 * scale, line.region, line.identity)
            for line in found
        ]
    except (ValueError, ZeroDivisionError, TypeError) as error:
        raise UserError(f"{path}: a size or a point in it is not a number ({error}); export it again") from error
    return Page(image, size, lines)


def _image(path: Path, stated: str) -> Path:
    """Return the page's image: the stated file beside the XML, else one that is called as the XML is."""
    candidates = [path.parent / Path(stated.replace("\\", "/")).name] if stated else []
    stems = {path.with_suffix("")} | {candidate.with_suffix("") for candidate in candidates}
    candidates += [stem.parent / (stem.name + suffix) for stem in sorted(stems) for suffix in IMAGE_SUFFIXES]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise UserError(f"{path}: its image {stated or path.stem} is not beside it; put it there or remove the XML")


def _root(path: Path) -> Element:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: not readable XML ({error}); export it again or remove it") from error
    return root_of(str(path), content)
