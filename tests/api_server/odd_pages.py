"""Pictures of all sorts, for tests that every front end reads them alike."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageOps

from tests.inference.drawn_pages import draw_page
from tests.inference.tiny_model import draw_flag_page, draw_flags

FORMATS = {
    "png": ("L", "PNG", {}),
    "jpg": ("RGB", "JPEG", {"quality": 80}),
    "webp": ("RGB", "WEBP", {}),
    "bmp": ("RGB", "BMP", {}),
    "gif": ("P", "GIF", {}),
    "tif": ("1", "TIFF", {"compression": "group4"}),
    "jp2": ("L", "JPEG2000", {}),
    "pdf": ("RGB", "PDF", {"resolution": 150}),
    "ppm": ("RGB", "PPM", {}),
}


def odd_pages(count: int) -> Iterator[tuple[str, bytes]]:
    """Yield names and bytes of pages and lines in all formats, turned, inverted, transparent, large and empty."""
    for number in range(count):
        suffix, (mode, kind, options) = list(FORMATS.items())[number % len(FORMATS)]
        picture = _picture(number).convert(mode)
        stream = io.BytesIO()
        if number % 5 == 3 and kind in ("JPEG", "PNG", "TIFF"):
            exif = picture.getexif()
            exif[0x0112] = 6  # the camera was turned
            options = {**options, "exif": exif} if kind == "JPEG" else options
        if number % 7 == 2 and kind in ("TIFF", "PDF"):
            options = {**options, "save_all": True, "append_images": [_picture(number + 1).convert(mode)]}
        picture.save(stream, kind, **options)
        yield f"{number:03}.{suffix}", stream.getvalue()


def _picture(number: int) -> Image.Image:
    kind = number % 6
    if kind == 0:
        return Image.fromarray(draw_flag_page(["abc", "dead", "bee"]))
    if kind == 1:
        return Image.fromarray(draw_page(number, 4, angle=2.0, noise=5).grey_HW)
    if kind == 2:
        return Image.fromarray(draw_flags("abcde" * (1 + number % 9)))
    if kind == 3:
        return ImageOps.invert(Image.fromarray(draw_page(number, 5, size=(500, 400)).grey_HW))
    if kind == 4:
        clear = Image.fromarray(draw_page(number, 3).grey_HW).convert("RGBA")
        clear.putalpha(200)
        return clear
    return Image.fromarray(np.full((40 + number, 60), 200, np.uint8))
