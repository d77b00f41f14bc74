"""Small sets in exactly the formats of the real ones, to be served and prepared in tests."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np
from PIL import Image
from scipy.io import savemat

from text_recognizer.data.emnist import EMNIST_CHARACTERS
from text_recognizer.data.frozen_lines import read_lines

FROZEN = Path(__file__).parent / "lines" / "handwriting"
MNIST_FILES = [f"{part}-{what}.gz" for part in ("train", "t10k") for what in ("images-idx3-ubyte", "labels-idx1-ubyte")]

TASK = {
    "trainset.txt": ["a01-000u", "a01-003", "a01-007"],
    "validationset1.txt": ["b01-000"],
    "validationset2.txt": ["b02-001"],
    "testset.txt": ["c01-010", "c01-011"],
}
WRITERS = {
    "a01-000u": "000",
    "a01-003": "001",
    "a01-007": "002",
    "b01-000": "010",
    "b02-001": "011",
    "c01-010": "020",
    "c01-011": "021",
    "d01-001": "030",
    "d01-002": "030",
}
"""Forms and their writers; those of d01 are in no list of the task."""


def write_idx(path: Path, array: np.ndarray) -> None:
    """Write an array of bytes as a gzipped idx file."""
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(header + array.astype(np.uint8).tobytes(), mtime=0))


def write_mnist(folder: Path, train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]) -> None:
    """Write pictures, uint8 [N, 28, 28] with 255 in full ink, and labels as the four files of MNIST."""
    for part, (ink_NHW, labels_N) in {"train": train, "t10k": test}.items():
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", ink_NHW)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels_N)


def small_mnist(folder: Path, train: int = 200, test: int = 40) -> Path:
    """Write a set of blocks of ink, one place for each digit."""
    write_mnist(folder, _blocks(train, 10, 0), _blocks(test, 10, 1))
    return folder


def _blocks(count: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    dice = np.random.default_rng(seed)
    labels_N = np.arange(count) % classes
    ink_NHW = dice.integers(0, 60, (count, 28, 28)).astype(np.uint8)
    for ink_HW, label in zip(ink_NHW, labels_N, strict=True):
        row, column = divmod(int(label), 8)
        ink_HW[3 * row + 1 : 3 * row + 4, 3 * column + 1 : 3 * column + 4] = 255
    return ink_NHW, labels_N


def small_emnist(folder: Path, train: int = 1240, test: int = 310) -> Path:
    """Write matlab.zip with ByClass; zeros are ten times as frequent as the others, pictures lie on their side."""
    labels = list(range(10)) + [ord(c) - 55 for c in EMNIST_CHARACTERS[10:36]] + list(range(36, 62))
    table = np.array([[label, ord(character)] for label, character in zip(labels, EMNIST_CHARACTERS, strict=True)])

    def part(count: int, seed: int) -> dict:
        ink_NHW, labels_N = _blocks(count, 62, seed)
        ink_NHW, labels_N = (
            np.concatenate([a, np.repeat(a[:1], 10 * count // 62, axis=0)]) for a in (ink_NHW, labels_N)
        )
        turned = ink_NHW.swapaxes(1, 2).reshape(len(ink_NHW), -1)
        return {
            "images": turned,
            "labels": labels_N[:, None],
            "writers": (np.arange(len(labels_N)) // 40 + 100 * seed)[:, None],
        }

    stream = BytesIO()
    savemat(
        stream, {"dataset": {"train": part(train, 0), "test": part(test, 1), "mapping": table}}, do_compression=True
    )
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "matlab.zip", "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("matlab/emnist-byclass.mat", stream.getvalue())
        files.writestr("matlab/emnist-letters.mat", b"another set")
    return folder


@cache
def known_texts() -> list[tuple[np.ndarray, str]]:
    """Return frozen lines and their texts, each text once and in ASCII only."""
    found = {sample.text: sample.image_HW for sample in read_lines(FROZEN)[:120] if sample.text.isascii()}
    return [(image_HW, text) for text, image_HW in found.items()]


def drawn_page(lines: list[tuple[np.ndarray, str]]) -> tuple[Image.Image, list[tuple[int, int, int, int]]]:
    """Return a page with lines below each other and their boxes: x, y, width, height."""
    step = 30 + max(image.shape[0] for image, _ in lines)
    page = Image.new("L", (80 + max(image.shape[1] for image, _ in lines), 80 + step * len(lines)), 235)
    boxes = []
    for number, (image_HW, _) in enumerate(lines):
        at = (40, 40 + step * number)
        page.paste(Image.fromarray(image_HW), at)
        boxes.append((*at, image_HW.shape[1], image_HW.shape[0]))
    return page, boxes


def small_iam(folder: Path, writers: dict[str, str] | None = None, task: dict[str, list[str]] | None = None) -> Path:
    """Write iamdb.zip as the course hands it out: half-size JPEG forms, xml in the pixels of the whole ones, lists."""
    writers, task, known = writers or WRITERS, task or TASK, known_texts()
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "iamdb.zip", "w", zipfile.ZIP_DEFLATED) as files:
        for place, (form, writer) in enumerate(writers.items()):
            lines = known[2 * place : 2 * place + 2]
            page, boxes = drawn_page(lines)
            picture = BytesIO()
            page.save(picture, "JPEG", quality=92)
            files.writestr(f"iamdb/forms/{form}.jpg", picture.getvalue())
            told = _iam_xml(form, writer, [text for _, text in lines], boxes, page.size)
            files.writestr(f"iamdb/xml/{form}.xml", told.encode("latin-1"))
        for name, forms in task.items():
            rows = [f"{form}-{line:02}" for form in forms for line in range(2)]
            files.writestr(f"iamdb/task/{name}", "\n".join(rows) + "\n")
        files.writestr("iamdb/ascii/forms.txt", "# not read\n")
    return folder


def _iam_xml(form: str, writer: str, texts: list[str], boxes: list[tuple[int, ...]], size: tuple[int, int]) -> str:
    lines = "".join(
        f'<line id="{form}-{number:02}" segmentation="ok" text={quoteattr(text.replace(chr(34), "&quot;"))}'
        f' threshold="154"><word id="{form}-{number:02}-00" tag="AT" text="x">'
        f'<cmp x="{2 * x}" y="{2 * y}" width="{2 * width}" height="{2 * height}"/></word></line>'
        for number, (text, (x, y, width, height)) in enumerate(zip(texts, boxes, strict=True))
    )
    return (
        '<?xml version="1.0" encoding="ISO-8859-1"?>\n'
        '<!DOCTYPE form SYSTEM "http://www.iam.unibe.ch/~fki/iamdb/form-metadata.dtd">\n'
        f'<form created="2002-01-14 11:08:48" height="{2 * size[1]}" id="{form}" modified="2003-04-15 22:06:58"'
        f' skew="0.0" version="3.0" width="{2 * size[0]}" writer-id="{writer}"><machine-printed-part>'
        '<machine-print-line text="printed"/></machine-printed-part>'
        f"<handwritten-part>{lines}</handwritten-part></form>\n"
    )


def small_fsdl(folder: Path, address: str, pages: int = 5) -> Path:
    """Write the annotations, one record per row, and their pages below `folder`, to be served at `address`."""
    known, rows = known_texts(), []
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    for number in range(pages):
        lines = known[3 * number : 3 * number + 3]
        page, boxes = drawn_page(lines)
        name = f"85a46e90-8af1-48fe-9e75___page_{number:04}.jpg"
        page.save(folder / "pages" / name, quality=92)
        told = [
            {
                "label": ["line"],
                "shape": "rectangle",
                "points": _corners(box, page.size),
                "notes": text if place < 2 else "",
                "imageWidth": page.width,
                "imageHeight": page.height,
            }
            for place, (box, (_, text)) in enumerate(zip(boxes, lines, strict=True))
        ]
        rows.append({"content": f"{address}/pages/{name}", "annotation": told, "extras": None, "metadata": {}})
    rows.append({"content": f"{address}/pages/without___lines.jpg", "annotation": [], "extras": None, "metadata": {}})
    (folder / "fsdl_handwriting.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def _corners(box: tuple[int, int, int, int], size: tuple[int, int]) -> list[list[float]]:
    x, y, width, height = box
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    return [[a / size[0], b / size[1]] for a, b in corners]
