"""Label Studio's JSON and JSON-MIN exports: regions in per cent of the picture, each with its transcription."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from text_recognizer.data.own_layouts.folder import Folder
from text_recognizer.data.own_layouts.iam import boxed
from text_recognizer.data.own_layouts.items import Collected
from text_recognizer.data.own_layouts.page_files import add_lines, page_size
from text_recognizer.data.own_layouts.texts import begins_with
from text_recognizer.data.page_xml import TextLine
from text_recognizer.errors import UserError

PICTURE_KEYS = ("ocr", "image", "img", "picture", "captioning")


def evidence(folder: Folder) -> str:
    return ", ".join(_exports(folder)[:3])


def read(folder: Folder, found: Collected) -> None:
    for name in _exports(folder) or folder.ending(".json"):
        tasks = folder.json(name)
        if not isinstance(tasks, list):
            raise UserError(f"{name}: it is no list of tasks; export it as JSON or JSON-MIN")
        for number, task in enumerate(tasks, start=1):
            with found.reporting():
                _add_task(folder, name, number, task, found)


def _exports(folder: Folder) -> list[str]:
    return [name for name in folder.ending(".json") if _is_export(folder, name)]


def _is_export(folder: Folder, name: str) -> bool:
    if not begins_with(folder.path(name), b"["):
        return False
    try:
        told = folder.json(name)
    except UserError:
        return False
    return isinstance(told, list) and any(isinstance(task, dict) and _is_task(task) for task in told[:20])


def _is_task(task: dict[str, Any]) -> bool:
    return "annotations" in task or "completions" in task or ("transcription" in task and _stated(task) is not None)


def _add_task(folder: Folder, name: str, number: int, task: Any, found: Collected) -> None:
    called = f"{name} task {task.get('id', number) if isinstance(task, dict) else number}"
    if not isinstance(task, dict):
        raise UserError(f"{called}: it is {type(task).__name__}, no task; export it again")
    stated = _stated(task)
    if stated is None:
        raise UserError(f"{called}: it names no picture; export it with its data")
    try:
        picture = _picture(folder, name, stated)
        size = page_size(folder, picture)
    except UserError as error:
        raise UserError(f"{called}: {error}") from error
    try:
        lines = list(_lines(task, called, size, found))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{called}: it is not built as exports are ({error}); export it again") from error
    add_lines(folder, called, picture, lines, found)


def _stated(task: dict[str, Any]) -> str | None:
    inner = task.get("data")
    data = inner if isinstance(inner, dict) else task
    values = [data[key] for key in PICTURE_KEYS if isinstance(data.get(key), str)]
    return values[0] if values else None


def _picture(folder: Folder, name: str, stated: str) -> str:
    """Return the file that an address means: by its path, else by its name, with or without what an upload added."""
    try:
        address = urlsplit(stated)
    except ValueError:
        raise UserError(f"{stated[:60]!r} is no address of a picture; correct it") from None
    given = parse_qs(address.query).get("d", [unquote(address.path)])[0]
    file = PurePosixPath(given.replace("\\", "/")).name
    without = file.partition("-")[2] if len(file.partition("-")[0]) == 8 else file
    problem: UserError | None = None
    try:
        return folder.meant(given.lstrip("/"), name, ("images",))
    except UserError as error:
        problem = error
    for called in (file, without):
        if len(folder.by_name.get(called, [])) == 1:
            return folder.by_name[called][0]
    raise UserError(f"there is no picture {file!r} in the folder; put it there") from problem


def _lines(task: dict[str, Any], called: str, size: tuple[int, int], found: Collected) -> Iterator[TextLine]:
    if "transcription" in task:
        yield from _lines_of_minimum(task, called, size)
        return
    done = [one for one in task.get("annotations") or task.get("completions") or [] if not one.get("was_cancelled")]
    if not done:
        raise UserError(f"{called}: nobody has annotated it; annotate it or leave it out of the export")
    if len(done) > 1:
        found.notes.append(f"{called} has {len(done)} annotations, the last is read")
    regions: dict[str, dict[str, Any]] = {}
    for number, result in enumerate(done[-1].get("result") or []):
        value = result.get("value") if isinstance(result, dict) else None
        if isinstance(value, dict):
            region = regions.setdefault(str(result.get("id", number)), {})
            region.update({key: value[key] for key in value if value[key] not in (None, [])})
    for region in regions.values():
        if "points" in region or "width" in region:
            yield placed(region, size, _text_of(region.get("text")), called)


def _lines_of_minimum(task: dict[str, Any], called: str, size: tuple[int, int]) -> Iterator[TextLine]:
    boxes: list = next((task[key] for key in ("bbox", "rectangle", "poly", "polygon", "label") if task.get(key)), [])
    texts = task["transcription"]
    texts = [texts] if isinstance(texts, str) else texts
    if len(boxes) != len(texts):
        raise UserError(
            f"{called}: it has {len(boxes)} regions and {len(texts)} transcriptions, which belongs to which is not"
            " told; export it as JSON, not as JSON-MIN"
        )
    for box, text in zip(boxes, texts, strict=True):
        yield placed(box, size, _text_of(text), called)


def _text_of(text: Any) -> str:
    return " ".join(map(str, text)) if isinstance(text, list) else str(text or "")


def placed(region: dict[str, Any], size: tuple[int, int], text: str, called: str) -> TextLine:
    """Return a region in pixels; a rectangle is turned about its top left corner, clockwise."""
    share = np.array(size) / 100
    try:
        if "points" in region:
            return _of_polygon(np.array(region["points"], np.float64) * share, text)
        x, y, width, height = (float(region[key]) for key in ("x", "y", "width", "height"))
        angle = np.deg2rad(float(region.get("rotation") or 0))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{called}: a region's place is not told in numbers ({error}); export it again") from None
    line = boxed(text, 0, 0, width * share[0], height * share[1])
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    corner = np.array([x, y]) * share
    return TextLine(text, line.baseline_N2 @ turn + corner, line.polygon_M2 @ turn + corner, "", "")


def _of_polygon(polygon_M2: np.ndarray, text: str) -> TextLine:
    if polygon_M2.ndim != 2 or len(polygon_M2) < 3:
        raise ValueError(f"{len(polygon_M2)} points")
    (left, top), (right, bottom) = polygon_M2.min(0), polygon_M2.max(0)
    return TextLine(text, boxed("", left, top, right - left, bottom - top).baseline_N2, polygon_M2, "", "")
