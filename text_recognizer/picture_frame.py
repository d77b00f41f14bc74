"""One frame of a picture as grey levels, whatever mode and orientation it is stored in, and what damage is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import numpy as np
from PIL import Image

from text_recognizer.errors import UserError

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


@contextmanager
def reporting_damage(item: str, but: type[Exception] = UserError) -> Iterator[None]:
    """Turn whatever Pillow's plugins raise on a damaged file, any exception `but` one kind, into a UserError."""
    try:
        yield
    except (UserError, but):
        raise
    except Image.UnidentifiedImageError as error:
        known = "a PDF, PNG, JPEG, TIFF, WebP, BMP or GIF file"
        raise UserError(f"{item}: this is not a picture that can be opened; give {known}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UserError(f"{item}: it has too many pixels ({reason_of(error)}); scale it down") from error
    except MemoryError as error:
        raise UserError(f"{item}: there is not enough memory to decode it; scale it down") from error
    except Exception as error:
        reason = reason_of(error)
        raise UserError(f"{item}: the picture is damaged ({reason}); save or download it again") from error


def decoded(item: str, frame: Image.Image) -> np.ndarray:
    """Return the frame as uint8 grey levels [H, W], turned upright by its EXIF block, transparent parts white.

    Args:
        item: what errors call it.
        frame: whose header has been read.

    Raises:
        UserError: it is damaged.
    """
    with reporting_damage(item):
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


def reason_of(error: Exception) -> str:
    """Return the first line of an exception's text without the full stop, for use inside a sentence."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return text.strip().splitlines()[0].rstrip(".").replace(";", ",")
