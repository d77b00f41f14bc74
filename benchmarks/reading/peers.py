"""The readers that are compared: ours, programs and libraries that a user would pick instead, any vision endpoint."""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from benchmarks.reading.environment import bench_python, program_version
from benchmarks.reading.sets import About
from text_recognizer.errors import UserError
from text_recognizer.inference.labelling.border import BORDER
from text_recognizer.inference.labelling.endpoint import chat_address
from text_recognizer.inference.labelling.tesseract import ONE_LINE, PROGRAM
from text_recognizer.inference.recipe import FILE_NAME, Recipe, sha256_of
from text_recognizer.inference.segmenter import FILE as SEGMENTER

ROOT = Path(__file__).parents[2]
TESSDATA = Path("/usr/share/tesseract-ocr")
"""Where Debian keeps Tesseract's models, below its version."""


@dataclass(frozen=True)
class Setting:
    """How a reader reads one set: the worker's options, the model files it needs for that."""

    options: dict[str, Any]
    models: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Reader:
    """A reader.

    Attributes:
        name: shown in tables.
        kind: of the worker's functions.
        python: that runs the worker.
        version: changes whenever its answers may.
        setting: how it reads a set of that kind.
        is_ours: whether differences to the others are of interest.
        is_remote: whether its memory and models are elsewhere.
    """

    name: str
    kind: str
    python: str
    version: str
    setting: Callable[[About], Setting] = field(compare=False)
    is_ours: bool = False
    is_remote: bool = False


def is_helped(folder: Path) -> bool:
    """Return whether a model of ours has a language model or looks twice, so that it can be read without."""
    recipe = Recipe.load(folder)
    return bool(recipe.language_model or recipe.second_look)


def ours(name: str, folder: Path, greedy: bool = False) -> Reader:
    """Return the reader of a model's folder.

    Args:
        name: shown in tables.
        folder: of the model.
        greedy: whether it reads without its language model, and looks once at a line.

    Raises:
        UserError: the folder holds no whole model.
    """
    recipe = Recipe.load(folder)
    lines = tuple(folder / file for file in recipe.sha256)
    if recipe.language_model and not greedy:
        lines = (*lines, recipe.language_model_path(folder))
    segmenter = next((path for path in (folder / SEGMENTER, weights() / SEGMENTER) if path.exists()), None)
    pages = (*lines, segmenter) if segmenter else lines
    digests = " ".join(sha256_of(path)[:16] for path in (*pages, folder / FILE_NAME))
    options = {"folder": str(folder.resolve()), "greedy": greedy}

    def setting(about: About) -> Setting:
        is_line = about.unit == "line"
        return Setting({**options, "lines": is_line}, lines if is_line else pages)

    return Reader(name, "ours", sys.executable, f"{digests} {reading_code()}", setting, True)


def weights() -> Path:
    """Return the folder of the models that come with the package."""
    return Path(str(files("text_recognizer"))) / "weights"


def shipped(folder: Path | None = None) -> dict[str, Path]:
    """Return the folders of all models below `folder`, by default of those that come with the package, by name."""
    folder = folder or weights()
    found = sorted(path.parent for path in folder.rglob(FILE_NAME))
    return {"ours" if path == folder else f"ours {path.name}": path for path in found}


def reading_code(package: Path | None = None) -> str:
    """Return a digest of the code that decides what our models' answers are."""
    package = package or Path(str(files("text_recognizer")))
    total = hashlib.sha256()
    for path in sorted((*package.glob("*.py"), *package.glob("inference/*.py"), *package.glob("decoding/*.py"))):
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()[:16]


def tesseract() -> Reader:
    """Return Debian's Tesseract 5 in the mode that was best for each kind of set (instructions/benchmarks.md)."""
    version = program_version(PROGRAM)

    def setting(about: About) -> Setting:
        mode = {"psm": 3}
        if about.unit == "line":
            mode = {"psm": 13} if about.script == "handwriting" else {"psm": ONE_LINE, "border": BORDER}
        names = [f"{language}.traineddata" for language in about.languages.split("+")]
        models = tuple(path for name in names for path in TESSDATA.rglob(name))
        if len(models) < len(names):
            raise UserError(f"tesseract: {about.languages} needs models; apt-get install tesseract-ocr-eng and -fra")
        return Setting({**mode, "languages": about.languages}, models)

    return Reader(f"Tesseract {version.split()[1]}", "tesseract", sys.executable, version, setting)


def rapidocr(kind: str, package: str, line_models: tuple[str, ...]) -> Reader:
    """Return a version of RapidOCR with the models that it brings.

    Args:
        kind: of the worker's functions.
        package: what is installed.
        line_models: patterns of the models that lines need; pages need all.
    """
    python = str(bench_python())
    version = program_version(python, "-c", f"import importlib.metadata as m; print(m.version('{package}'))")
    folder = next(Path(python).parents[1].glob(f"lib/*/site-packages/{package.replace('-', '_')}/models"))

    def setting(about: About) -> Setting:
        patterns = line_models if about.unit == "line" else ("*.onnx",)
        models = tuple(path for pattern in patterns for path in sorted(folder.glob(pattern)))
        return Setting({"lines": about.unit == "line"}, models)

    return Reader(f"RapidOCR {version}", kind, python, f"{package} {version}", setting)


def ocrad() -> Reader:
    """Return ocrad, which has no model file."""
    version = program_version("ocrad")
    return Reader(f"ocrad {version.split()[-1]}", "ocrad", sys.executable, version, lambda about: Setting({}))


def endpoint(url: str, model: str, key: str) -> Reader:
    """Return the reader that asks an OpenAI-compatible endpoint.

    Args:
        url: of the endpoint, with or without ``/chat/completions``.
        model: as the endpoint names it.
        key: the environment variable that holds the key; it need not be set.
    """
    address = chat_address(url)
    options = {"url": address, "model": model, "key": key}
    return Reader(
        model, "vision_endpoint", sys.executable, f"{address} {model}", lambda about: Setting(options), is_remote=True
    )


PEERS: dict[str, Callable[[], Reader]] = {
    "tesseract": tesseract,
    "rapidocr": partial(rapidocr, "rapidocr", "rapidocr", ("*_rec_*.onnx",)),
    "rapidocr-1.4": partial(rapidocr, "rapidocr_old", "rapidocr-onnxruntime", ("*_rec_*.onnx",)),
    "ocrad": ocrad,
}


def installed(name: str) -> bool:
    """Whether the peer `name` could be started here."""
    if name.startswith("rapidocr"):
        return (ROOT / ".venv" / "bench" / "bin" / "python").exists()
    return shutil.which(name) is not None
