"""Opening pictures and bringing them into the one form that everything else expects: upright, grey, dark on light."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate, count
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image, ImageFilter

from text_recognizer.errors import UserError
from text_recognizer.page_ranges import ALL_PAGES, PageRanges
from text_recognizer.pdf import DPI, WITHIN, draw_page, is_pdf, opened_pdf, page_size

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "GIF", "WEBP", "PPM", "JPEG2000", "MPO", "AVIF")
SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".bmp", ".gif", ".webp"}
    | {".ppm", ".pgm", ".pbm", ".pnm", ".jp2", ".avif", ".mpo", ".pdf"}
)

MAX_LINE_WIDTH = 32_768
MIN_LINE_WIDTH = 16

_LEVELS = np.arange(256, dtype=np.float32)
_EXIF_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


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
        return _decoded(item, self.image)

    def _seek(self, item: str, number: int) -> None:
        with _reporting_damage(item, but=EOFError):
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
            return _decoded(self.name, self.image)
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


def dark_on_light(grey_HW: np.ndarray) -> np.ndarray:
    """Return the picture with its text darker than its paper, inverted where it is not.

    Text covers less than half of what is around it, so the deviations from the local mean are skewed towards the
    text: their third moment is negative for dark text. Shading moves the local mean along and does not count.
    """
    if min(grey_HW.shape) < 2:
        return grey_HW
    small = Image.fromarray(grey_HW).reduce(max(1, max(grey_HW.shape) // 1024))
    radius = max(4, min(256, min(small.size) // 3))
    paper = np.asarray(small.filter(ImageFilter.BoxBlur(radius)), dtype=np.float32)
    deviation = np.asarray(small, dtype=np.float32) - paper
    return 255 - grey_HW if float((deviation * deviation * deviation).mean()) > 0 else grey_HW


def line_input(grey_HW: np.ndarray, height: int) -> np.ndarray:
    """Return one text line as a model takes it: `height` px high, paper near 0, ink near 1.

    Training and reading call this same function. The aspect ratio is kept, up to a width of 32,768 px; a line
    narrower than 16 px is padded with paper on its right.

    Args:
        grey_HW: uint8, dark text on light paper.
        height: in px.

    Returns:
        float32 [height, W], clipped to [-0.5, 1.5].
    """
    width = line_width(grey_HW, height)
    line = Image.fromarray(grey_HW)
    if line.size != (width, height):
        line = line.resize((width, height), Image.Resampling.BILINEAR)
    normal_HW = _ink_of_level(line.histogram()).take(np.asarray(line), mode="clip")  # twice as fast as indexing
    if width >= MIN_LINE_WIDTH:
        return normal_HW
    return np.pad(normal_HW, ((0, 0), (0, MIN_LINE_WIDTH - width)))


def line_width(grey_HW: np.ndarray, height: int) -> int:
    """Return the width in px that `line_input` scales a line to, before any padding."""
    rows, columns = grey_HW.shape
    return min(MAX_LINE_WIDTH, max(1, round(columns * height / max(1, rows))))


def padded_width(width: int) -> int:
    """Return the width in px to which a line of `width` px is padded for a model, in training and in reading.

    There is paper behind every line, 16 px at least: what a convolution sees there is part of how it reads the end.
    """
    return (width + 31) // 16 * 16


def _ink_of_level(histogram: list[int]) -> np.ndarray:
    """Return the amount of ink that each of the 256 grey levels of a line stands for.

    Paper is the 70th percentile and full ink the 1st. The range between them is at least 32 levels and four times
    the spread of the paper, or the noise of a blank line would be taken for ink.
    """
    counts = list(accumulate(histogram))
    ink, paper, bright = (bisect_left(counts, share * counts[-1]) for share in (0.01, 0.70, 0.95))
    contrast = max(paper - ink, 4 * (bright - paper), 32)
    return ((paper - _LEVELS) / np.float32(contrast)).clip(-0.5, 1.5)


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
            raise UserError(f"{name}: it cannot be read ({_reason(error)}); check its rights and the disk") from None
    else:
        content = source.read(limits.max_bytes + 1)
    if len(content) > limits.max_bytes:
        raise UserError(f"{name}: the file is larger than {limits.max_bytes:,} bytes; save it smaller")
    if not content:
        raise UserError(f"{name}: the file is empty (0 bytes); save it again")
    return content


@contextmanager
def _reporting_damage(item: str, but: type[Exception] = UserError) -> Iterator[None]:
    """Turn whatever Pillow's plugins raise on a damaged file, any exception `but` one kind, into a UserError."""
    try:
        yield
    except (UserError, but):
        raise
    except Image.UnidentifiedImageError as error:
        known = "a PDF, PNG, JPEG, TIFF, WebP, BMP or GIF file"
        raise UserError(f"{item}: this is not a picture that can be opened; give {known}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UserError(f"{item}: it has too many pixels ({_reason(error)}); scale it down") from error
    except MemoryError as error:
        raise UserError(f"{item}: there is not enough memory to decode it; scale it down") from error
    except Exception as error:
        reason = _reason(error)
        raise UserError(f"{item}: the picture is damaged ({reason}); save or download it again") from error


def _opened(name: str, content: bytes) -> Image.Image:
    """Read the header only."""
    Image.preinit()  # the usual formats; loading the rarer ones takes longer than most pictures
    with suppress(Image.UnidentifiedImageError), _reporting_damage(name, but=Image.UnidentifiedImageError):
        return Image.open(io.BytesIO(content), formats=_loaded_formats())
    Image.init()
    with _reporting_damage(name):
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


def _decoded(item: str, frame: Image.Image) -> np.ndarray:
    with _reporting_damage(item):
        frame.draft("L", None)  # a JPEG file has its grey levels apart: no colour is decoded
        frame.load()
        turn = _UPRIGHT.get(_orientation(frame))
        grey = _grey(frame)
        return np.array(grey if turn is None else grey.transpose(turn))


def _orientation(frame: Image.Image) -> int:
    """Return the EXIF orientation, 1 (upright) where the EXIF block is damaged: the pixels can still be read."""
    with suppress(Exception):
        return int(frame.getexif().get(_EXIF_ORIENTATION, 1))
    return 1


def _grey(frame: Image.Image) -> Image.Image:
    if frame.mode in ("L", "1") and "transparency" not in frame.info:
        return frame.convert("L")
    if frame.mode.startswith("I;16"):
        return Image.fromarray(_upper_byte(np.asarray(frame, dtype=np.uint16)))
    if frame.mode in ("I", "F"):
        return Image.fromarray(_stretched(np.asarray(frame, dtype=np.float64)))
    if frame.mode == "LAB":
        return frame.getchannel("L")
    if frame.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in frame.info:
        colour = frame.convert("RGBA")
        white = Image.new("RGBA", colour.size, "white")
        return Image.alpha_composite(white, colour).convert("L")
    return (frame if frame.mode == "RGB" else frame.convert("RGB")).convert("L")


def _upper_byte(levels_HW: np.ndarray) -> np.ndarray:
    """Keep the 8 highest bits that are in use: cameras store 10 to 14 bit levels in 16 bits."""
    return (levels_HW >> max(0, int(levels_HW.max()).bit_length() - 8)).astype(np.uint8)


def _stretched(levels_HW: np.ndarray) -> np.ndarray:
    """Scale 32 bit levels to 8: 0-1, 0-255 and 0-65,535 are taken as full scales, anything else by its own range."""
    finite = np.nan_to_num(levels_HW, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    scales = (1.0, 255.0, 65_535.0) if np.any(finite % 1) else (255.0, 65_535.0)
    top = next((scale for scale in scales if high <= scale), high)
    if low < 0 or top == high:
        span = (high - low) or 1.0
        return (255 * (finite - low) / span).astype(np.uint8)
    return (finite * (255 / top)).astype(np.uint8)


def _reason(error: Exception) -> str:
    """Return the first line of an exception's text without the full stop, for use inside a sentence."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text.strip().splitlines()[0].rstrip(".").replace(";", ",")
