"""Opening pictures: files, bytes and streams as pages in grey levels, refused unread where they are too large."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image

from text_recognizer.errors import UserError
from text_recognizer.page_ranges import ALL_PAGES, PageRanges
from text_recognizer.pdf import DPI, WITHIN, draw_page, is_pdf, opened_pdf, page_size
from text_recognizer.picture_frame import decoded, reason_of, reporting_damage

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "PPM", "JPEG2000", "MPO", "AVIF")
SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".gif", ".webp"}
    | {".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".avif", ".mpo", ".pdf"}
)


@dataclass(frozen=True)
class Limits:
    """What a picture may cost; checked before any pixel is decoded.

    Args:
        max_bytes: size of the file.
        max_pixels: width times height of one frame (80 million: an A3 page at 600 dpi).
        max_side: the longer of width and height.
        max_frames: pages of a TIFF or PDF that are read.
    """

    max_bytes: int = 64_000_000
    max_pixels: int = 80_000_000
    max_side: int = 32_768
    max_frames: int = 2_000


def open_images(source: Path | bytes | BinaryIO, limits: Limits | None = None) -> Iterator[np.ndarray]:
    """Yield every page of a picture as uint8 grey levels [H, W]; see `numbered_images`."""
    return (grey_HW for _, grey_HW in numbered_images(source, limits))


def numbered_images(
    source: Path | bytes | BinaryIO, limits: Limits | None = None, wanted: PageRanges = ALL_PAGES, dpi: float = DPI
) -> Iterator[tuple[int, np.ndarray]]:
    """Yield the numbers, from 1, and the uint8 grey levels [H, W] of pages, upright, transparent parts white.

    Only a TIFF or PDF has more than one page; of an animation the first frame is taken. 16 bit levels are scaled to 8.

    Args:
        source: a file's path, its bytes, or a binary stream.
        limits: what is refused unread.
        wanted: pages; the others are not decoded.
        dpi: dots per inch at which the pages of a PDF are drawn.

    Raises:
        UserError: no such file, a folder, not a picture, damaged, beyond the limits, or without any wanted page.
    """
    with opened_pages(source, limits, dpi) as pages:
        for number in pages.numbers(wanted):
            yield number, pages.page(number)


@contextmanager
def opened_pages(
    source: Path | bytes | BinaryIO, limits: Limits | None = None, dpi: float = DPI, name: str | None = None
) -> Iterator[OpenedPages]:
    """Open a picture and keep it open, so that its pages can be had in any order.

    Args:
        source, limits, dpi: see `numbered_images`.
        name: what errors call it; its path if left out.

    Raises:
        UserError: no such file, a folder, not a picture, damaged, or beyond the limits.
    """
    limits, name = limits or Limits(), name or _name(source)
    content = source if isinstance(source, Path) and is_pdf(_beginning(source)) else _bytes(name, source, limits)
    if isinstance(content, Path) or is_pdf(content):
        with opened_pdf(name, content) as document:
            yield _PdfPages(name, limits, document, dpi)
        return
    image = _opened(name, content)
    del content
    if image.format == "TIFF":
        with image:
            yield _TiffPages(name, limits, image)
        return
    _check_size(name, image.size, limits)
    pages = _OnePage(name, limits, image)
    del image  # whoever asked for the page works on it then: the file is no longer needed
    with closing(pages):
        yield pages


class OpenedPages(ABC):
    """A picture that is open.

    Args:
        name: what errors call it.
        limits: what is refused unread.

    Attributes:
        is_spent: its pages have been had, and it must be opened again to have them again.
    """

    def __init__(self, name: str, limits: Limits) -> None:
        self.name, self.limits, self.is_spent = name, limits, False

    def numbers(self, wanted: PageRanges = ALL_PAGES) -> Iterator[int]:
        """Yield the numbers, from 1, of those wanted pages that there are; nothing is decoded.

        Raises:
            UserError: there is none or more than the limit; or the file is damaged behind the last one yielded.
        """
        found = 0
        for number in self._all_numbers():
            if number in wanted:
                found += 1
                if found > self.limits.max_frames:
                    raise UserError(
                        f"{self.name}: it has more than {self.limits.max_frames:,} pages; name some with --pages, or"
                        " split it into several files"
                    )
                yield number
            if wanted.is_over(number + 1):
                break
        if not found:
            raise UserError(f"{self.name}: it has none of the pages {wanted.text}; name others, or leave out --pages")

    @abstractmethod
    def page(self, number: int) -> np.ndarray:
        """Return page `number`, from 1, as uint8 grey levels [H, W].

        Raises:
            UserError: the page is damaged or beyond the limits.
        """

    @abstractmethod
    def _all_numbers(self) -> Iterator[int]: ...


class _PdfPages(OpenedPages):
    def __init__(self, name: str, limits: Limits, document: PdfDocument, dpi: float) -> None:
        super().__init__(name, limits)
        self.document, self.dpi = document, dpi

    def _all_numbers(self) -> Iterator[int]:
        yield from range(1, len(self.document) + 1)

    def page(self, number: int) -> np.ndarray:
        item = f"{self.name}, page {number}"
        size = page_size(item, self.document, number - 1, self.dpi)
        _check_size(item, size, self.limits, "give a lower --dpi")
        return draw_page(item, self.document, number - 1, self.dpi)


class _TiffPages(OpenedPages):
    def __init__(self, name: str, limits: Limits, image: Image.Image) -> None:
        super().__init__(name, limits)
        self.image = image

    def _all_numbers(self) -> Iterator[int]:
        for number in count(1):
            try:
                self._seek(self.name, number)
            except EOFError:
                return
            yield number

    def page(self, number: int) -> np.ndarray:
        item = self.name if number == 1 else f"{self.name}, page {number}"
        try:
            self._seek(item, number)
        except EOFError:
            raise UserError(f"{item}: there is no such page; was the file changed just now?") from None
        _check_size(item, self.image.size, self.limits)
        return decoded(item, self.image)

    def _seek(self, item: str, number: int) -> None:
        with reporting_damage(item, but=EOFError):
            self.image.seek(number - 1)


class _OnePage(OpenedPages):
    def __init__(self, name: str, limits: Limits, image: Image.Image) -> None:
        super().__init__(name, limits)
        self.image: Image.Image | None = image

    def _all_numbers(self) -> Iterator[int]:
        yield 1

    def page(self, number: int) -> np.ndarray:
        if self.image is None:
            raise ValueError(f"{self.name}: its only page can be had once")
        try:
            return decoded(self.name, self.image)
        finally:
            self.close()

    def close(self) -> None:
        if self.image is not None:
            self.image.close()
        self.image, self.is_spent = None, True


def _beginning(path: Path) -> bytes:
    """Return the first bytes of a file; none of what cannot be read, or only once, as a pipe."""
    with suppress(OSError, ValueError):
        if path.is_file():
            with path.open("rb") as stream:
                return stream.read(WITHIN)
    return b""


def open_image(source: Path | bytes | BinaryIO, limits: Limits | None = None) -> np.ndarray:
    """Return the first page of a picture as uint8 grey levels [H, W]; see `open_images`."""
    return next(open_images(source, limits))


def _name(source: Path | bytes | BinaryIO) -> str:
    if isinstance(source, bytes):
        return "picture"
    return str(source) if isinstance(source, Path) else str(getattr(source, "name", "picture"))


def _bytes(name: str, source: Path | bytes | BinaryIO, limits: Limits) -> bytes:
    """Return the file's content, reading no more than one byte beyond the limit."""
    if isinstance(source, bytes):
        content = source
    elif isinstance(source, Path):
        try:
            with source.open("rb") as stream:
                content = stream.read(limits.max_bytes + 1)
        except IsADirectoryError:
            raise UserError(f"{name}: this is a folder; name a picture in it") from None
        except FileNotFoundError:
            raise UserError(f"{name}: there is no such file; check the path") from None
        except (OSError, ValueError) as error:
            raise UserError(f"{name}: it cannot be read ({reason_of(error)}); check its rights and the disk") from None
    else:
        content = source.read(limits.max_bytes + 1)
    if len(content) > limits.max_bytes:
        raise UserError(f"{name}: the file is larger than {limits.max_bytes:,} bytes; save it smaller")
    if not content:
        raise UserError(f"{name}: the file is empty (0 bytes); save it again")
    return content


def _opened(name: str, content: bytes) -> Image.Image:
    """Read the header only."""
    Image.preinit()  # the usual formats; loading the rarer ones takes longer than most pictures
    with suppress(Image.UnidentifiedImageError), reporting_damage(name, but=Image.UnidentifiedImageError):
        return Image.open(io.BytesIO(content), formats=_loaded_formats())
    Image.init()
    with reporting_damage(name):
        return Image.open(io.BytesIO(content), formats=_loaded_formats())


def _loaded_formats() -> list[str]:
    return [known for known in FORMATS if known in Image.OPEN]


def _check_size(item: str, size: tuple[int, int], limits: Limits, remedy: str = "scale it down") -> None:
    width, height = size
    if width < 1 or height < 1:
        raise UserError(f"{item}: it is {width} x {height} px; give a picture with pixels")
    if max(size) > limits.max_side:
        raise UserError(f"{item}: it is {width} x {height} px, the longest side may have {limits.max_side}; {remedy}")
    if width * height > limits.max_pixels:
        raise UserError(
            f"{item}: it is {width} x {height} = {width * height:,} px, at most {limits.max_pixels:,} are read;"
            f" {remedy}"
        )
