"""What the page does, without its widgets: read a picture, show one of its pages, keep what people say of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import numpy as np

from app_gradio.models import Model
from app_gradio.shown import result
from text_recognizer.errors import UserError
from text_recognizer.image import opened_pages
from text_recognizer.inference.picture_reading import AT_MOST, Reading
from text_recognizer.inference.requests import Picture
from text_recognizer.inference.sources import printable
from text_recognizer.monitoring.recorder import Recorder

FLAGS = ("wrong text", "lines missing", "wrong order", "not text at all", "other")


@dataclass(frozen=True)
class Current:
    """What someone looks at: the file, what was read of it, and its number in the records."""

    path: Path
    reading: Reading
    request_id: str


class Desk:
    """Reads and records.

    Args:
        model: who reads.
        recorder: of readings and feedback; None keeps nothing.
    """

    def __init__(self, model: Model, recorder: Recorder | None = None) -> None:
        self.model, self.recorder = model, recorder

    def read(self, path: Path, line: bool = False) -> Current:
        """Read a picture file.

        Raises:
            UserError: it cannot be read.
        """
        request_id = uuid4().hex
        name = printable(path.name)[-80:]
        reading = self.model.read(Picture(name, _content(path, name)), line, request_id)
        if not reading.pages:
            raise UserError(f"{name}: the reader gave no page; try another picture")
        current = Current(path, reading, request_id)
        if self.recorder is not None:
            grey_HW = grey_page(current, 0)
            self.recorder.record_reading(reading.pages, reading.seconds, grey_HW, reading.model, request_id)
        return current

    def shown(self, current: Current, number: int) -> str:
        """Return page `number`, from 0, as HTML."""
        return result(grey_page(current, number), current.reading.pages[number], current.reading)

    def feedback(self, current: Current, number: int, text: str | None, flag: str = "") -> str:
        """Record a correction of a page, or a flag, and return the answer to it."""
        if self.recorder is None:
            return "Nothing is kept here: the program was started without a store."
        picture = current.path.read_bytes() if self.recorder.keep_pictures and current.path.is_file() else None
        self.recorder.record_feedback(current.request_id, text, flag, picture, current.reading.pages[number])
        return "Thank you: your correction is kept." if text is not None else "Thank you: the flag is kept."


def grey_page(current: Current, number: int) -> np.ndarray:
    """Return page `number` of the reading as it was read, uint8 [H, W]."""
    name = current.reading.name
    with opened_pages(_content(current.path, name), AT_MOST, name=name) as pages:
        return pages.page(current.reading.pages[number].frame + 1)


def _content(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(AT_MOST.max_bytes + 1)
    except OSError:
        raise UserError(f"{name}: it is no longer here; choose it again") from None
