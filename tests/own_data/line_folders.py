"""Folders of lines as other tools make them, filled with the frozen test lines; one file of each can be broken."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from text_recognizer.data.frozen_lines import read_lines

FROZEN = Path(__file__).parents[1] / "data" / "lines" / "handwriting"
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Line:
    """A known line: its pixels and text."""

    image_HW: np.ndarray
    text: str

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(self.image_HW).save(path, quality=95)


def known_lines(count: int = 6) -> list[Line]:
    """Return the first frozen lines whose texts differ."""
    found: dict[str, Line] = {}
    for sample in read_lines(FROZEN)[: 3 * count]:
        found.setdefault(sample.text, Line(sample.image_HW, sample.text))
    return list(found.values())[:count]


def cut_short(path: Path) -> None:
    """Break a file as an interrupted download does."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def put(path: Path, text: str, encoding: str = "utf-8") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))


def doctr(folder: Path, lines: Sequence[Line]) -> Path:
    """docTR: a folder per split with images/ and labels.json."""
    for split, part in (("train", lines[:4]), ("val", lines[4:])):
        for number, line in enumerate(part):
            line.save(folder / split / "images" / f"sample_img_{number:02}.png")
        labels = {f"sample_img_{number:02}.png": line.text for number, line in enumerate(part)}
        put(folder / split / "labels.json", json.dumps(labels, indent=2))
    return folder / "train" / "images" / "sample_img_01.png"


def tesstrain(folder: Path, lines: Sequence[Line]) -> Path:
    """Tesstrain: data/MODEL-ground-truth with .png or .tif and .gt.txt."""
    for number, line in enumerate(lines):
        line.save(folder / f"alexis_ruhe01_1852_{number:04}_00{number}.{'tif' if number % 2 else 'png'}")
        put(folder / f"alexis_ruhe01_1852_{number:04}_00{number}.gt.txt", line.text + "\n")
    return folder / "alexis_ruhe01_1852_0001_001.tif"


def ocropus(folder: Path, lines: Sequence[Line]) -> Path:
    """ocropus and Calamari: book/PAGE/LINE.bin.png, .nrm.png and .gt.txt."""
    for number, line in enumerate(lines):
        base = folder / "book" / f"{number // 3 + 1:04}" / f"01{number % 3:04x}"
        Line(np.where(line.image_HW > 128, 255, 0).astype(np.uint8), line.text).save(Path(f"{base}.bin.png"))
        line.save(Path(f"{base}.nrm.png"))
        put(Path(f"{base}.gt.txt"), line.text + "\n")
    return folder / "book" / "0001" / "010001.nrm.png"


def dtrb(folder: Path, lines: Sequence[Line]) -> Path:
    """clovaai/deep-text-recognition-benchmark: gt.txt with path, tab, text, before it is put into LMDB."""
    for number, line in enumerate(lines):
        line.save(folder / "test" / f"word_{number}.png")
    put(folder / "gt.txt", "".join(f"test/word_{number}.png\t{line.text}\n" for number, line in enumerate(lines)))
    return folder / "test" / "word_1.png"


def paddle(folder: Path, lines: Sequence[Line]) -> Path:
    """PaddleOCR: train_data/rec with a table per split; its paths begin above the folder."""
    for split, part in (("train", lines[:4]), ("test", lines[4:])):
        for number, line in enumerate(part):
            line.save(folder / split / f"word_{number:03}.png")
        rows = [f"train_data/rec/{split}/word_{number:03}.png\t{line.text}\n" for number, line in enumerate(part)]
        put(folder / f"rec_gt_{split}.txt", "".join(rows))
    return folder / "train" / "word_001.png"


def easyocr(folder: Path, lines: Sequence[Line]) -> Path:
    """EasyOCR's trainer: all_data/NAME with the pictures and labels.csv, columns filename and words."""
    for name, part in (("en_sample", lines[:4]), ("en_val", lines[4:])):
        for number, line in enumerate(part):
            line.save(folder / name / f"{number}.jpg")
        with (folder / name / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
            table = csv.writer(stream)
            table.writerow(["filename", "words"])
            table.writerows([f"{number}.jpg", line.text] for number, line in enumerate(part))
    return folder / "en_sample" / "1.jpg"


def trdg(folder: Path, lines: Sequence[Line]) -> Path:
    """TextRecognitionDataGenerator with name format 2: labels.txt with path, space, text."""
    for number, line in enumerate(lines):
        line.save(folder / f"{number}.png")
    put(folder / "labels.txt", "".join(f"{number}.png {line.text}\n" for number, line in enumerate(lines)))
    return folder / "1.png"


def frozen(folder: Path, lines: Sequence[Line]) -> Path:
    """Our own truth.tsv."""
    for number, line in enumerate(lines):
        line.save(folder / f"{number:03}.png")
    rows = [f"{number:03}.png\t{line.text}\tfont {number % 3}\n" for number, line in enumerate(lines)]
    put(folder / "truth.tsv", "file\ttext\tsource\n" + "".join(rows))
    return folder / "001.png"


def htr_vt(folder: Path, lines: Sequence[Line]) -> Path:
    """HTR-VT, as OrigamiNet before it: lines/ with .png and .txt, lists of file names."""
    names = [f"{form}-{number:02}.png" for form in ("a01-000u", "a01-003", "a02-000") for number in range(2)]
    for name, line in zip(names, lines, strict=False):
        line.save(folder / "lines" / name)
        put(folder / "lines" / name.replace(".png", ".txt"), line.text)
    for number, split in enumerate(SPLITS):
        put(folder / f"{split}.ln", "".join(f"{name}\n" for name in names[2 * number : 2 * number + 2]))
    return folder / "lines" / names[1]


def pylaia(folder: Path, lines: Sequence[Line]) -> Path:
    """PyLaia: images/SPLIT, the three files of each split, syms.txt."""
    letters = sorted({letter for line in lines for letter in line.text if letter != " "})
    symbols = ["<ctc>", *letters, "<unk>", "<space>"]
    put(folder / "syms.txt", "".join(f"{symbol} {number}\n" for number, symbol in enumerate(symbols)))
    for place, split in enumerate(SPLITS):
        part = lines[2 * place : 2 * place + 2]
        ids = [f"{split}/im{number:02}" for number in range(len(part))]
        for name, line in zip(ids, part, strict=True):
            line.save(folder / "images" / f"{name}.jpg")
        tokens = [" ".join("<space>" if letter == " " else letter for letter in line.text) for line in part]
        put(folder / f"{split}_ids.txt", "".join(f"{name}\n" for name in ids))
        put(folder / f"{split}.txt", "".join(f"{name} {row}\n" for name, row in zip(ids, tokens, strict=True)))
        texts = [f"{name} {line.text}\n" for name, line in zip(ids, part, strict=True)]
        put(folder / f"{split}_text.txt", "".join(texts))
    return folder / "images" / "train" / "im01.jpg"


def imagefolder(folder: Path, lines: Sequence[Line]) -> Path:
    """datasets: a folder per split with the pictures and metadata.jsonl."""
    for split, part in (("train", lines[:4]), ("test", lines[4:])):
        for number, line in enumerate(part):
            line.save(folder / split / f"{number:04}.png")
        rows = [{"file_name": f"{number:04}.png", "text": line.text} for number, line in enumerate(part)]
        put(folder / split / "metadata.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    return folder / "train" / "0001.png"


LINE_FOLDERS = {
    "doctr": (doctr, "doctr"),
    "tesstrain": (tesstrain, "pairs"),
    "ocropus": (ocropus, "pairs"),
    "dtrb": (dtrb, "table"),
    "paddle": (paddle, "table"),
    "easyocr": (easyocr, "table"),
    "trdg": (trdg, "table"),
    "frozen": (frozen, "table"),
    "htr_vt": (htr_vt, "lists"),
    "pylaia": (pylaia, "pylaia"),
    "imagefolder": (imagefolder, "imagefolder"),
}
"""What makes a folder of known lines and returns one of its pictures, and the layout that it has."""
