"""Sets of real pages: lines cut by the transcribers' baselines, and whole pages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.reading.sets import About, BenchmarkSet, Drawn, Script, frozen_set, write_set
from benchmarks.reading.synthetic_sets import made_with
from text_recognizer.data.alto_pages import page_samples, split_pages
from text_recognizer.data.page_xml import Page, read_pages
from text_recognizer.data.transcription import without_marks
from text_recognizer.data.writers import writer_of

STATEMENTS = Path(__file__).with_name("printed_statements.json")
"""Left, top, right, bottom of printed text that the transcription leaves out, by the picture's name."""

CUTTING = tuple(
    Path(str(files("text_recognizer"))) / name
    for name in ("data/line_cutting.py", "data/page_xml.py", "data/transcription.py", "line_strip.py")
)
LANGUAGES = {"copiste": "fra+eng"}
SCRIPTS: dict[str, Script] = {"copiste": "handwriting", "fondue-en-print": "print"}


def real_names(folder: Path) -> tuple[str, str]:
    """Return the names of the sets of a folder of pages: its lines and its pages."""
    return f"{folder.name}-lines", f"{folder.name}-pages"


def real_set(folder: Path, sets: Path, name: str) -> BenchmarkSet:
    """Return the lines or the pages of a folder of ALTO or PAGE files; of its validation writers where it has them.

    Args:
        folder: of the pages.
        sets: where the sets are kept.
        name: one of `real_names`.

    Raises:
        UserError: the folder holds no pages, or they are not those that were frozen.
    """
    script, languages = SCRIPTS.get(folder.name, "mixed"), LANGUAGES.get(folder.name, "eng")
    of_lines = name == real_names(folder)[0]
    drawn = _lines if of_lines else _whole_pages
    about = About("line" if of_lines else "page", script, languages, made_with(*CUTTING))
    return frozen_set(sets, name, lambda target: write_set(target, about, drawn(_pages(folder))))


def _pages(folder: Path) -> list[Page]:
    return split_pages(folder, "val") if (folder / "val").is_dir() else read_pages(folder)


def _lines(pages: list[Page]) -> Iterator[Drawn]:
    return ((sample.image_HW, sample.text, source_of(page)) for page in pages for sample in page_samples([page]))


def _whole_pages(pages: list[Page]) -> Iterator[Drawn]:
    untranscribed = json.loads(STATEMENTS.read_text(encoding="utf-8"))
    for page in pages:
        text = " ".join(filter(None, (without_marks(line.text) for line in page.lines)))
        with Image.open(page.image) as picture:
            pixels_HWC = np.array(picture.convert("RGB"))
        box = untranscribed.get(page.image.name)
        yield painted_out(pixels_HWC, box) if box else pixels_HWC, text, source_of(page)


def painted_out(pixels_HWC: np.ndarray, box: list[int], margin: int = 20) -> np.ndarray:
    """Return the page with a box in the colour of the paper round it.

    Args:
        box: left, top, right and bottom.
        margin: px above and below the box that tell the paper's colour.
    """
    left, top, right, bottom = box
    around = pixels_HWC[max(0, top - margin) : bottom + margin, left:right]
    painted_HWC = pixels_HWC.copy()
    painted_HWC[top:bottom, left:right] = np.median(around, axis=(0, 1)).astype(np.uint8)
    return painted_HWC


def source_of(page: Page) -> str:
    """Return the writer's number in a page's name, or the book that it is a page of."""
    writer = writer_of(page.image.stem)
    return writer if writer.isdigit() else page.image.stem.split(".pdf")[0]
