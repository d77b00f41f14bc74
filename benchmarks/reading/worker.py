"""One reader in a process of its own: reads a list of pictures and writes what they say, how long it took, and memory.

The benchmark starts it with the Python that has the reader; it needs nothing of this repository unless the reader is
ours, or one that `text-recognizer label` has as a teacher, too. A job comes as JSON on the standard input, the answer
goes to the standard output as JSON; see `answer`.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Read = Callable[[str], str]
Options = dict[str, Any]
Piece = tuple[float, float, float, float, str]
"""Left, top, bottom and middle of a box, and its text."""

PROMPT = "Transcribe all text in this image exactly, line by line in reading order. Answer with the text alone."


def ours(options: Options) -> Read:
    """Return a reader of lines or pages by one of our models."""
    from text_recognizer.image import open_image
    from text_recognizer.inference.line_recognizer import LineRecognizer
    from text_recognizer.inference.page_reader import PageReader
    from text_recognizer.inference.segmenter import Segmenter

    folder = Path(options["folder"])
    segmenter = None if options["lines"] else Segmenter.load(folder, threads=1)
    helped = not options.get("greedy", False)
    recognizer = LineRecognizer.load(folder, threads=1, language_model=helped, second_look=helped)
    reader = PageReader(recognizer, options["lines"], segmenter)
    return lambda path: "\n".join(line.text for line in reader.read(open_image(Path(path))).lines)


def rapidocr(options: Options) -> Read:
    """Return RapidOCR 3: its recogniser alone for lines, its whole pipeline for pages."""
    from rapidocr import RapidOCR

    engine = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    reader = RapidOCR(params={"Global.log_level": "critical", **engine, **options.get("params", {})})

    def read(path: str) -> str:
        if options["lines"]:
            return "\n".join(reader(path, use_det=False, use_cls=False).txts or ())
        found = reader(path)
        return in_rows(found.boxes, found.txts) if found.txts else ""

    return read


def rapidocr_old(options: Options) -> Read:
    """Return RapidOCR 1: its recogniser alone for lines, its whole pipeline for pages."""
    from rapidocr_onnxruntime import RapidOCR

    reader = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)

    def read(path: str) -> str:
        if options["lines"]:
            return "\n".join(text for text, _ in reader(path, use_det=False, use_cls=False)[0] or ())
        found = reader(path)[0] or ()
        return in_rows([box for box, *_ in found], [text for _, text, *_ in found])

    return read


def vision_endpoint(options: Options) -> Read:
    """Return a reader that asks an OpenAI-compatible chat endpoint, one picture a question."""
    from text_recognizer.inference.labelling.endpoint import Endpoint

    timeout = options.get("timeout", 120)
    endpoint = Endpoint(options["url"], options["model"], options["key"], PROMPT, timeout, tries=1)

    def read(path: str) -> str:
        kind = path.rsplit(".", 1)[-1].lower()
        return endpoint.ask(Path(path).read_bytes(), {"jpg": "jpeg"}.get(kind, kind))

    return read


IN_PROCESS: dict[str, Callable[[Options], Read]] = {
    "ours": ours,
    "rapidocr": rapidocr,
    "rapidocr_old": rapidocr_old,
    "vision_endpoint": vision_endpoint,
}


def in_rows(boxes: Sequence[Any], texts: Sequence[str]) -> str:
    """Return the texts of boxes row by row: two stand in one row when the centre of each is within the other's height.

    Args:
        boxes: each four corners (x, y) from the top left clockwise.
        texts: of the boxes.
    """
    rows: list[list[Piece]] = []
    for box, text in zip(boxes, texts, strict=True):
        top, bottom = (box[0][1] + box[1][1]) / 2, (box[2][1] + box[3][1]) / 2
        piece = (float(box[0][0]), float(top), float(bottom), float(top + bottom) / 2, text)
        row = next((row for row in rows if all(_beside(piece, other) for other in row)), None)
        row.append(piece) if row else rows.append([piece])
    rows.sort(key=lambda row: sum(piece[3] for piece in row) / len(row))
    return "\n".join(" ".join(piece[4] for piece in sorted(row)) for row in rows)


def _beside(a: Piece, b: Piece) -> bool:
    return a[1] < b[3] < a[2] and b[1] < a[3] < b[2]


def tesseract(paths: Sequence[str], options: Options) -> list[str]:
    """Return the texts of pictures that one process of Tesseract reads."""
    from text_recognizer.inference.labelling.tesseract import texts_of_files

    return texts_of_files(paths, options["languages"], options["psm"])


def ocrad(paths: Sequence[str], options: Options) -> list[str]:
    """Return the texts of pictures that one process of ocrad each reads: it does not say where a picture ends."""
    from text_recognizer.inference.labelling.tesseract import output_of

    extra = options.get("arguments", [])
    return [output_of(["ocrad", "--format=utf8", *extra, path]) for path in paths]


PROGRAMS: dict[str, Callable[[Sequence[str], Options], list[str]]] = {"tesseract": tesseract, "ocrad": ocrad}


def prepared(paths: Sequence[str], folder: Path, border: int) -> list[str]:
    """Return PNG files for programs that read nothing else, with a border of paper where one is asked for."""
    if not border and all(path.lower().endswith(".png") for path in paths):
        return list(paths)
    from PIL import Image

    from text_recognizer.inference.labelling.border import with_border

    made = []
    for number, path in enumerate(paths):
        with Image.open(path) as picture:
            grey = picture.convert("L")
        made.append(str(folder / f"{number}.png"))
        with_border(grey, border).save(made[-1])
    return made


def peak_kb() -> int:
    """Return the most memory that this process has held since its program was loaded, in kB.

    ``ru_maxrss`` would count the process that it was forked from as well.
    """
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    found = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return found[0] if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def answer(job: dict[str, Any]) -> dict[str, Any]:
    """Return what a job's pictures say.

    Args:
        job: ``reader`` and ``options`` of it, ``paths`` of the pictures, ``began``, when this process was started, and
            ``timed``, whether one picture is to be read beforehand to warm up.

    Returns:
        ``texts`` of the pictures; ``seconds`` for all of them together, from their files to the texts; ``first_s``,
        seconds from the start of the process to the first answer, where it is timed; ``peak_kb``.
    """
    name, options = job["reader"], job["options"]
    return _program(PROGRAMS[name], options, job) if name in PROGRAMS else _in_process(IN_PROCESS[name](options), job)


def _program(
    run: Callable[[Sequence[str], Options], list[str]], options: Options, job: dict[str, Any]
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        files = prepared(job["paths"], Path(folder), options.get("border", 0))
        first_s = _timed(run, files[:1], options)[1] if job["timed"] else 0.0
        texts, seconds = _timed(run, files, options)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {"texts": texts, "seconds": seconds, "first_s": first_s, "peak_kb": peak}


def _in_process(read: Read, job: dict[str, Any]) -> dict[str, Any]:
    if job["timed"]:
        read(job["paths"][0])
    first_s = time.time() - job["began"]
    texts, seconds = _timed(lambda: [read(path) for path in job["paths"]])
    return {"texts": texts, "seconds": seconds, "first_s": first_s, "peak_kb": peak_kb()}


def _timed(act: Callable[..., list[str]], *arguments: Any) -> tuple[list[str], float]:
    before = time.perf_counter()
    texts = act(*arguments)
    return texts, time.perf_counter() - before


if __name__ == "__main__":
    out = os.fdopen(os.dup(1), "w")  # readers print as they like; the answer goes where the output was
    os.dup2(2, 1)
    json.dump(answer(json.load(sys.stdin)), out)
