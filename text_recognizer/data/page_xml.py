"""Pages with transcribed lines, as ALTO and PAGE XML describe them.

Source: the Library of Congress' ALTO 2 to 4, and PRImA's PAGE 2010 to 2019, as eScriptorium, Transkribus and the
repositories of HTR-United write them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np
from PIL import Image

from text_recognizer.errors import UserError

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
    pages = [read_page(path, root) for path, root in roots if _name(root) in ("alto", "PcGts")]
    if not pages:
        raise UserError(f"{folder}: holds no ALTO or PAGE file ({len(paths)} .xml files); name a folder of pages")
    return pages


def read_page(path: Path, root: Element | None = None) -> Page:
    """Return the page that an ALTO or PAGE file describes.

    Raises:
        UserError: the file is damaged, of another kind, states no page size, or its image is missing.
    """
    root = _root(path) if root is None else root
    kind = _name(root)
    if kind not in ("alto", "PcGts"):
        raise UserError(f"{path}: its root is <{kind}>, neither ALTO nor PAGE; give a file of one of the two")
    page = next(_all(root, "Page"), None)
    if page is None:
        raise UserError(f"{path}: describes no page; export it again")
    image = _image(path, _alto_image(root) if kind == "alto" else page.get("imageFilename", ""))
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
        found = _alto_lines(root, page) if kind == "alto" else _page_lines(page)
        lines = [TextLine(text, base * scale, outline * scale, *labels) for text, base, outline, *labels in found]
    except (ValueError, ZeroDivisionError, TypeError) as error:
        raise UserError(f"{path}: a size or a point in it is not a number ({error}); export it again") from error
    return Page(image, size, lines)


def _alto_lines(root: Element, page: Element) -> Iterator[tuple]:
    labels = {tag.get("ID"): tag.get("LABEL", "") for tag in root.iter() if tag.get("LABEL")}
    blocks = list(_all(page, "TextBlock"))
    for block in blocks or [page]:
        region = _first(labels, block.get("TAGREFS", ""))
        for line in _all(block, "TextLine"):
            left, top, width, height = (float(line.get(n) or 0) for n in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))
            shape = next(_all(line, "Polygon"), None)
            polygon_M2 = _points(shape.get("POINTS", "")) if shape is not None else _box(left, top, width, height)
            baseline_N2 = _alto_baseline(line.get("BASELINE", ""), polygon_M2)
            yield _alto_text(line), baseline_N2, polygon_M2, region, line.get("ID", "")


def _alto_text(line: Element) -> str:
    """Return the line's words; a hyphen at its end belongs to the last of them."""
    words: list[str] = []
    for part in line:
        if _name(part) == "String":
            words.append(part.get("CONTENT", ""))
        elif _name(part) == "HYP" and words:
            words[-1] += part.get("CONTENT", "-")
    return normalize("NFC", " ".join(" ".join(words).split()))


def _alto_baseline(stated: str, polygon_M2: np.ndarray) -> np.ndarray:
    """Return the baseline; ALTO before 4.1 states one y only, and some files none."""
    numbers = _numbers(stated)
    if len(numbers) > 1:
        points = _points(stated)
        if len(points) < 2:
            raise ValueError(f"a baseline of one point: {stated!r}")
        return points
    (left, top), (right, bottom) = polygon_M2.min(0), polygon_M2.max(0)
    y = numbers[0] if numbers else top + 0.75 * (bottom - top)
    return np.array([[left, y], [right, y]])


def _alto_image(root: Element) -> str:
    name = next(_all(root, "fileName"), None)
    return (name.text or "").strip() if name is not None else ""


def _page_lines(page: Element) -> Iterator[tuple]:
    for region in _all(page, "TextRegion"):
        for line in region:
            if _name(line) != "TextLine":
                continue
            outline = next(_all(line, "Coords"), None)
            baseline = next((part for part in line if _name(part) == "Baseline"), None)
            polygon_M2 = _points(outline.get("points", "")) if outline is not None else np.zeros((0, 2))
            if len(polygon_M2) < 3:
                continue
            stated = baseline.get("points", "") if baseline is not None else ""
            yield (
                _page_text(line),
                _alto_baseline(stated, polygon_M2),
                polygon_M2,
                region.get("type", ""),
                line.get("id", ""),
            )


def _page_text(line: Element) -> str:
    """Return the first transcription of the line itself, not those of its words."""
    texts = [part for part in line if _name(part) == "TextEquiv"]
    texts.sort(key=lambda part: int(part.get("index") or 0))
    unicode = next(_all(texts[0], "Unicode"), None) if texts else None
    return normalize("NFC", " ".join((unicode.text or "").split())) if unicode is not None else ""


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
        return ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, OSError) as error:
        raise UserError(f"{path}: not readable XML ({error}); export it again or remove it") from error


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _all(element: Element, name: str) -> Iterator[Element]:
    return (part for part in element.iter() if _name(part) == name)


def _first(labels: dict[str | None, str], references: str) -> str:
    return next((labels[name] for name in references.split() if name in labels), "")


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.replace(",", " ").split()]


def _points(text: str) -> np.ndarray:
    numbers = _numbers(text)
    if len(numbers) % 2:
        raise ValueError(f"{len(numbers)} coordinates are not pairs: {text[:40]!r}")
    return np.array(numbers, np.float64).reshape(-1, 2)


def _box(left: float, top: float, width: float, height: float) -> np.ndarray:
    return np.array([[left, top], [left + width, top], [left + width, top + height], [left, top + height]])
