"""How alike a page is read in other sizes, turns, colours and qualities.

    .venv/bin/python benchmarks/conditions.py --pages data/copiste/val --fonts data/fonts

One row per way of showing the pages: CER of printed, written and transcribed pages, and by how many points it differs
from that of the pages as they are. Lines are found and read as by `text-recognizer read`.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from text_recognizer.data.page_xml import read_pages
from text_recognizer.data.real_page_lines import labelled
from text_recognizer.data.transcription import without_marks
from text_recognizer.image import open_image
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.inference.page_reader import PageReader
from text_recognizer.inference.segmenter import Segmenter
from text_recognizer.metrics.error_rate import character_error_rate
from text_recognizer.synth.pages import PageSynthesiser

AS_IS = "1x"


@dataclass(frozen=True)
class Page:
    """A page and its lines' texts, one per row."""

    grey_HW: np.ndarray
    text: str


def scaled(grey_HW: np.ndarray, factor: float) -> np.ndarray:
    """Return the page `factor` times as large."""
    size = (round(grey_HW.shape[1] * factor), round(grey_HW.shape[0] * factor))
    return np.asarray(Image.fromarray(grey_HW).resize(size, Image.Resampling.LANCZOS))


def saved(grey_HW: np.ndarray, mode: str = "RGB", **options: object) -> np.ndarray:
    """Return the page as it is opened after it was saved in a mode of Pillow's."""
    stream = io.BytesIO()
    Image.fromarray(grey_HW).convert(mode).save(stream, **options)
    return open_image(stream.getvalue())


def skewed(grey_HW: np.ndarray, degrees: float) -> np.ndarray:
    """Return the page turned clockwise about its middle on a larger one of its own paper."""
    paper = int(np.median(grey_HW))
    how = {"resample": Image.Resampling.BICUBIC, "expand": True, "fillcolor": paper}
    return np.asarray(Image.fromarray(grey_HW).rotate(-degrees, **how))


def quarters(grey_HW: np.ndarray, count: int) -> np.ndarray:
    """Return the page with `count` quarter turns clockwise."""
    return np.ascontiguousarray(np.rot90(grey_HW, -count))


View = Callable[[np.ndarray], np.ndarray]

VIEWS: dict[str, View] = {
    AS_IS: lambda grey_HW: grey_HW,
    "0.5x": lambda grey_HW: scaled(grey_HW, 0.5),
    "2x": lambda grey_HW: scaled(grey_HW, 2.0),
    "4x": lambda grey_HW: scaled(grey_HW, 4.0),
    "inverted": lambda grey_HW: 255 - grey_HW,
    "RGB": lambda grey_HW: saved(grey_HW, "RGB", format="PNG"),
    "grey": lambda grey_HW: saved(grey_HW, "L", format="PNG"),
    "turned by 90": lambda grey_HW: quarters(grey_HW, 1),
    "turned by 180": lambda grey_HW: quarters(grey_HW, 2),
    "turned by 270": lambda grey_HW: quarters(grey_HW, 3),
}
"""The ways of showing a page that shall not matter: CER within 1 point of the page as it is."""

HARDER: dict[str, View] = {
    "skewed by 5": lambda grey_HW: skewed(grey_HW, 5.0),
    "skewed by 10": lambda grey_HW: skewed(grey_HW, 10.0),
    "skewed by 15": lambda grey_HW: skewed(grey_HW, 15.0),
    "JPEG quality 30": lambda grey_HW: saved(grey_HW, "RGB", format="JPEG", quality=30),
}
"""Ways that lose something."""


def drawn_pages(handwriting: float, count: int, fonts: Path | None) -> list[Page]:
    """Return synthetic pages of eight lines by writers, or in families, that no training has seen."""
    synthesiser = PageSynthesiser(seed=3, split="validation", handwriting=handwriting, fonts=fonts, lines=(8, 8))
    pages = (synthesiser.page(number) for number in range(count))
    return [Page(page.image_HW, page.text) for page in pages]


def real_pages(folder: Path, count: int) -> list[Page]:
    """Return transcribed pages, evenly spread over a folder, without what stands above the transcribed part."""
    known = [(page, places) for page in read_pages(folder) if (places := labelled(page, reduce=1)) is not None]
    some = [known[at] for at in np.linspace(0, len(known) - 1, min(count, len(known))).round().astype(int)]
    pages = []
    for page, places in some:
        texts = (without_marks(line.text, "drop") for line in page.lines)
        grey_HW = open_image(page.image)[int(places.known_from) :]
        pages.append(Page(grey_HW, "\n".join(text for text in texts if text)))
    return pages


def rate(reader: PageReader, pages: Sequence[Page], view: View) -> float:
    """Return the CER of pages that are shown in one way, in percent."""
    read = [reader.read(view(page.grey_HW)).text for page in pages]
    return 100 * character_error_rate(read, [page.text for page in pages]).rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, help="a folder of transcribed pages")
    parser.add_argument("--fonts", type=Path, help="a folder of font files, data/fonts after make fonts")
    parser.add_argument("--count", type=int, default=6, help="pages of each set")
    parser.add_argument("--views", nargs="*", default=[*VIEWS, *HARDER], choices=[*VIEWS, *HARDER], metavar="VIEW")
    parser.add_argument("--model", help="name or folder of the recogniser; the default one if left out")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    recognizer = LineRecognizer.load(options.model, options.threads)
    reader = PageReader(recognizer, segmenter=Segmenter.shipped(options.threads))
    sets = {
        "print": drawn_pages(0.0, options.count, options.fonts),
        "handwriting": drawn_pages(1.0, options.count, options.fonts),
    }
    if options.pages:
        sets[str(options.pages)] = real_pages(options.pages, options.count)
    print(f"| view | {' | '.join(f'{name}: CER %, points' for name in sets)} |")
    print("|---" * (len(sets) + 1) + "|")
    usual = {name: rate(reader, pages, VIEWS[AS_IS]) for name, pages in sets.items()}
    for name, view in ((name, {**VIEWS, **HARDER}[name]) for name in options.views):
        rates = [usual[key] if name == AS_IS else rate(reader, pages, view) for key, pages in sets.items()]
        cells = [f"{found:.2f}, {found - before:+.2f}" for found, before in zip(rates, usual.values(), strict=True)]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
