"""Users' corrections as lines to learn from, in the default layout of own data: x.png, x.gt.txt and a manifest."""

from __future__ import annotations

import hashlib
import io
import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from text_recognizer.errors import UserError
from text_recognizer.image import opened_pages
from text_recognizer.inference.output import check_writable, write_bytes, write_text
from text_recognizer.line_strip import sampled, strip_map
from text_recognizer.monitoring.matching import matched
from text_recognizer.monitoring.records import Feedback
from text_recognizer.monitoring.stores import Store

FORMAT = 1
MANIFEST = "manifest.json"
LEAST_SIDE = 4
"""Pixels; a smaller picture shows no line."""


@dataclass(frozen=True)
class CorrectedLine:
    """A line's picture, uint8 [H, W], its text, its name and that of its page."""

    image_HW: np.ndarray
    text: str
    name: str
    page: str


@dataclass(frozen=True)
class Exported:
    """What came of it: lines written, corrections they are from, and sentences about those that gave none."""

    lines: int
    corrections: int
    faults: tuple[str, ...]


def export(store: Store, folder: Path) -> Exported:
    """Write the lines of all corrections; of several corrections of one picture the last is taken.

    Args:
        store: with the corrections and the pictures.
        folder: is made where it is missing; may hold nothing but an earlier export, which is brought up to date.

    Raises:
        UserError: there is nothing to write, or the folder holds other files.
    """
    pages = _last_of_each_picture(store)
    if not pages:
        raise UserError(
            f"{store.name}: it holds no correction with its picture; let pictures be kept (--keep-pictures) where"
            " people correct"
        )
    earlier = _prepared(folder)
    lines: dict[str, dict[str, str]] = {}
    faults = []
    for feedback in (one for one in store.feedback() if one.id in pages):
        try:
            lines |= {line.name: _written(folder, line) for line in corrected_lines(feedback, pages[feedback.id])}
        except UserError as error:
            faults.append(f"feedback {feedback.id[:12]}: {error}")
    for name in earlier - {f"{name}.png" for name in lines}:
        for path in (folder / name, (folder / name).with_suffix(".gt.txt")):
            path.unlink(missing_ok=True)
    tree = {"format": FORMAT, "from_layout": "corrections", "unicode": "NFC", "white_space": "single spaces"}
    tree |= {"lines": {f"{name}.png": told for name, told in sorted(lines.items())}}
    write_text(folder / MANIFEST, [json.dumps(tree, indent=1, ensure_ascii=False), "\n"])
    return Exported(len(lines), len(pages), tuple(faults))


def corrected_lines(feedback: Feedback, page: str) -> Iterator[CorrectedLine]:
    """Yield the lines of a correction, cut out of its picture.

    Args:
        feedback: with picture and text.
        page: its name.

    Raises:
        UserError: the picture cannot be opened, the places of its lines are not known, or no row fits any of them.
    """
    grey_HW = _picture(feedback)
    rows = [row for row in map(_one_row, (feedback.corrected_text or "").splitlines()) if row]
    if not feedback.lines:
        if len(rows) != 1:
            raise UserError(f"it has {len(rows)} rows and no places of lines; record the page with the correction")
        yield CorrectedLine(grey_HW, rows[0], f"{page}-1", page)
        return
    pairs = matched(rows, [str(line["text"]) for line in feedback.lines])
    if not pairs:
        raise UserError(f"none of its {len(rows)} rows is like one of the page's {len(feedback.lines)} lines; left out")
    for row, line in pairs:
        image_HW = _strip(grey_HW, feedback.lines[line])
        if min(image_HW.shape) >= LEAST_SIDE:
            yield CorrectedLine(image_HW, rows[row], f"{page}-{line + 1}", page)


def _last_of_each_picture(store: Store) -> dict[str, str]:
    """Return the corrections to take, by their identities: the names of their pages, made of the picture's digest."""
    last = {}
    for feedback in store.feedback():
        if feedback.picture and feedback.corrected_text and feedback.corrected_text.strip():
            digest = hashlib.sha256(feedback.picture).hexdigest()[:12]
            last[f"c{digest}p{feedback.frame + 1}"] = feedback.id
    return {identity: page for page, identity in last.items()}


def _picture(feedback: Feedback) -> np.ndarray:
    with opened_pages(feedback.picture or b"") as pages:
        return pages.page(feedback.frame + 1)


def _strip(grey_HW: np.ndarray, line: dict[str, Any]) -> np.ndarray:
    """Return the strip of a page along a line's baseline, as high as its frame."""
    baseline_N2, corners_N2 = np.array(line["baseline"], np.float64), np.array(line["corners"], np.float64)
    along = baseline_N2[-1] - baseline_N2[0]
    length = float(np.hypot(*along))
    if length < LEAST_SIDE:
        return np.empty((0, 0), np.uint8)
    down = np.array([-along[1], along[0]]) / length
    depths = (corners_N2 - baseline_N2[0]) @ down
    return sampled(grey_HW, *strip_map(baseline_N2, max(1.0, -depths.min()), max(1.0, depths.max())))


def _one_row(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _prepared(folder: Path) -> set[str]:
    """Make the folder and return the pictures that an earlier export wrote into it.

    Raises:
        UserError: it holds other files.
    """
    check_writable(folder, create=True)
    earlier: set[str] = set()
    if (folder / MANIFEST).exists():
        try:
            tree = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            earlier = set(tree["lines"]) if tree["from_layout"] == "corrections" else set()
        except (ValueError, KeyError, TypeError):
            earlier = set()
    texts = {f"{name.removesuffix('.png')}.gt.txt" for name in earlier}
    for path in sorted(folder.iterdir()):
        is_left_over = path.name.startswith("c") and path.name.endswith((".png", ".gt.txt")) and not earlier
        if path.name not in {MANIFEST, *earlier, *texts} and not path.name.startswith(".") and not is_left_over:
            raise UserError(f"{folder}: it holds {path.name}, which is no exported line; name a new folder")
    return earlier


def _written(folder: Path, line: CorrectedLine) -> dict[str, str]:
    """Write picture and text, and return what the manifest tells of them."""
    stream = io.BytesIO()
    Image.fromarray(line.image_HW).save(stream, "PNG")
    picture, text = stream.getvalue(), f"{line.text}\n".encode()
    write_bytes(folder / f"{line.name}.png", picture)
    write_bytes(folder / f"{line.name}.gt.txt", text)
    digests = {"sha256": hashlib.sha256(picture).hexdigest(), "text_sha256": hashlib.sha256(text).hexdigest()}
    return {**digests, "group": line.page}
