"""What people see of a reading: the page with numbered frames, its lines with how certain they are, and errors."""

from __future__ import annotations

import base64
import io
from html import escape

import numpy as np
from PIL import Image

from text_recognizer.inference.draw import LEAST_CONFIDENCE
from text_recognizer.inference.picture_reading import Reading
from text_recognizer.inference.result import Line, Page

LONGEST_SIDE = 1_600
"""Pixels to which a page is scaled down before it is sent to a browser."""

TOP = """<div class="top"><h1>Text recogniser</h1>
<p>Reads handwriting and print in photographs, scans and PDF files.</p></div>"""

EMPTY = """<div class="panel empty"><p><strong>Nothing to show yet</strong>
Choose a picture, take one with the camera, paste one, or try an example: its text appears here.</p></div>"""


def error(sentence: str) -> str:
    """Return what is shown where a picture cannot be read."""
    return f'<div class="panel error" role="alert"><strong>This was not read</strong><p>{escape(sentence)}</p></div>'


def note(sentence: str, good: bool = True) -> str:
    """Return a short answer to what someone did."""
    return f'<div class="note" role="status"><span class="{"good" if good else "bad"}">{escape(sentence)}</span></div>'


def result(grey_HW: np.ndarray, page: Page, reading: Reading) -> str:
    """Return the page with its frames, and its lines beside it.

    Args:
        grey_HW: the page as it was read, uint8.
        page: of the reading.
        reading: that it is of.
    """
    lines = [line for line in page.lines if line.text]
    if not lines:
        listed = '<p class="told">No text was found on this page.</p>'
    else:
        rows = "".join(_row(number, line) for number, line in enumerate(lines, start=1))
        listed = f'<ol class="lines" aria-label="Lines of text and how certain they are">{rows}</ol>'
    told = f'<p class="told">{_summary(lines, page, reading)}</p>'
    return f'{told}<div class="reading"><figure>{_picture(grey_HW, page, lines)}</figure><div>{listed}</div></div>'


def is_sure(line: Line) -> bool:
    """Return whether a line is certain enough not to be looked at."""
    return line.confidence >= LEAST_CONFIDENCE


def _summary(lines: list[Line], page: Page, reading: Reading) -> str:
    doubtful = sum(not is_sure(line) for line in lines)
    count = "1 line" if len(lines) == 1 else f"{len(lines)} lines"
    certain = f", {_percent(reading.confidence)} certain" if lines else ""
    check = f", {doubtful} to check" if doubtful else ""
    where = f"Page {page.frame + 1} of {len(reading.pages)}: " if len(reading.pages) > 1 else ""
    return f"{where}<b>{count}</b>{certain}{check} · {reading.seconds:.1f} s · {escape(reading.model)}"


def _percent(share: float) -> str:
    """Return a share in words; what is not wholly certain is not called so."""
    return f"{int(100 * share)} %"


def _row(number: int, line: Line) -> str:
    share = _percent(line.confidence)
    kind, word = ("share", "") if is_sure(line) else ("share unsure", "check, ")
    mark = f'<span class="{kind}">{word}{share}</span>'
    text = f'<span class="said">{escape(line.text)}</span>'
    return f'<li><span class="at" aria-hidden="true">{number}</span>{text}{mark}</li>'


def _picture(grey_HW: np.ndarray, page: Page, lines: list[Line]) -> str:
    """Return the page as SVG: the picture, a frame for each line, and its number."""
    width, height = page.width, page.height
    size = max(0.022 * width, 9.0)
    frames = "".join(_frame(number, line, size) for number, line in enumerate(lines, start=1))
    label = f"The page with {len(lines)} framed lines; dashed frames are uncertain"
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'
        f'<image href="{_data_url(grey_HW)}" width="{width}" height="{height}"/>{frames}</svg>'
    )


def _frame(number: int, line: Line, size: float) -> str:
    kind = "sure" if is_sure(line) else "unsure"
    points = " ".join(f"{x:.0f},{y:.0f}" for x, y in line.corners)
    (x, y), wide = line.corners[0], size * (0.5 + 0.62 * len(str(number)))
    left, top = max(0.0, x - wide), max(0.0, y)
    tag = f'<rect class="tag {kind}" x="{left:.0f}" y="{top:.0f}" width="{wide:.1f}" height="{1.3 * size:.1f}" rx="2"/>'
    at = f'x="{left + wide / 2:.1f}" y="{top + size:.1f}" font-size="{size:.1f}" text-anchor="middle"'
    return f'<polygon class="frame {kind}" points="{points}"/>{tag}<text class="number" {at}>{number}</text>'


def _data_url(grey_HW: np.ndarray) -> str:
    image = Image.fromarray(grey_HW)
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
