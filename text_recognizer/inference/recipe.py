"""What is saved beside a model and must agree with it: characters, line height, step width, digests."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from text_recognizer.charset import Charset
from text_recognizer.decoding.language_path import LanguageOptions
from text_recognizer.errors import UserError, nearest
from text_recognizer.inference.second_look import BELOW

FORMAT = 1
FILE_NAME = "recipe.json"
POLARITY = "dark-on-light"
_OPTIONAL = ("second_look", "created_by", "confidence", "language_model")


@dataclass(frozen=True)
class Recipe:
    """How a line must be prepared for a model, and what the model's answers mean.

    Args:
        name: of the model, for people.
        characters: class i + 1 of the model is ``characters[i]``; class 0 is the blank.
        height: of a line in px.
        stride: input px per time step.
        min_width: a narrower line is padded to this width in px.
        max_width: a wider line is read in pieces of at most this width in px.
        model: the ONNX file's name, in the folder of the recipe.
        sha256: digests of the files beside the recipe, by name.
        polarity: always "dark-on-light".
        confidence: scale and shift that turn the log odds of the model's probabilities into those of being right.
        second_look: greedy confidence below which a line is read again, drawn wider; 0 for never.
        language_model: which one helps where the model is unsure; none if left out.
        created_by: who trained it, for people.
    """

    name: str
    characters: str
    height: int
    stride: int
    min_width: int
    max_width: int
    sha256: dict[str, str]
    model: str = "model.onnx"
    polarity: str = POLARITY
    confidence: tuple[float, float] = (1.0, 0.0)
    second_look: float = BELOW
    language_model: LanguageOptions | None = None
    created_by: dict[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    @cached_property
    def charset(self) -> Charset:
        """The characters as a charset."""
        return Charset(self.characters)

    @classmethod
    def load(cls, directory: Path) -> "Recipe":
        """Read ``recipe.json`` of a model's folder and check the digests of the files that it names.

        Raises:
            UserError: the recipe or the model is missing, broken, or not the one that the recipe was written for.
        """
        path = directory / FILE_NAME
        recipe = cls(**_checked(path, _tree(path)))
        for name, digest in recipe.sha256.items():
            if sha256_of(directory / name) != digest:
                raise UserError(
                    f"{directory / name}: its sha256 is not the one in {FILE_NAME}; export the model again or"
                    " fetch both files anew"
                )
        return recipe

    def language_model_path(self, directory: Path) -> Path:
        """Return where the language model lies: in the model's folder, or in the one above, where models share it.

        Raises:
            UserError: it is missing, or not the one that the recipe was written for.
        """
        if self.language_model is None:
            raise ValueError(f"{self.name}: its recipe names no language model; test for that first")
        name = self.language_model.file
        file = next((f for f in (directory / name, directory.resolve().parent / name) if f.exists()), None)
        if file is None:
            raise UserError(
                f"{directory / name}: the language model is missing, here and in the folder above; fetch it, or read"
                " without one (--no-language-model)"
            )
        if sha256_of(file) != self.language_model.sha256:
            raise UserError(
                f"{file}: its sha256 is not the one in {directory / FILE_NAME}; fetch both anew, or read without a"
                " language model (--no-language-model)"
            )
        return file

    def save(self, directory: Path) -> None:
        """Write ``recipe.json`` into a model's folder, beside and then renamed, so that it is whole or absent."""
        beside = directory / f".{FILE_NAME}.{os.getpid()}.tmp"
        try:
            with beside.open("w", encoding="utf-8") as stream:
                stream.write(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            beside.replace(directory / FILE_NAME)
        finally:
            beside.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """Return a file's digest in hexadecimal.

    Raises:
        UserError: the file is missing or cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"{path}: it cannot be read ({error.strerror}); name a folder with a whole model") from error


def _tree(path: Path) -> dict[str, Any]:
    try:
        tree = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(
            f"{path.parent}: there is no model here ({FILE_NAME} is missing); train one with `make demo` or name"
            " its folder with --model"
        ) from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: it cannot be read as JSON ({error}); export the model again") from error
    if not isinstance(tree, dict):
        raise UserError(f"{path}: it holds a {type(tree).__name__}, not an object; export the model again")
    return tree


def _checked(path: Path, tree: dict[str, Any]) -> dict[str, Any]:
    """Return the tree if its keys, types and numbers are those of a recipe of this format."""
    if tree.get("format") != FORMAT:
        raise UserError(f"{path}: its format is {tree.get('format')!r}, this version reads {FORMAT}; export it again")
    known = {item.name: item.type for item in fields(Recipe)}
    for key in tree:
        if key not in known:
            raise UserError(f"{path}: {key!r} is not a key of a recipe; {nearest(key, known)}")
    missing = [key for key in known if key not in tree and key not in _OPTIONAL]
    if missing:
        raise UserError(f"{path}: {', '.join(missing)} missing; export the model again")
    whole = ("height", "stride", "min_width", "max_width")
    wrong = [key for key in whole if type(tree[key]) is not int or tree[key] < 1]
    wrong += [key for key in ("name", "characters", "model") if type(tree[key]) is not str]
    wrong += [key for key in ("sha256",) if type(tree[key]) is not dict or tree["model"] not in tree[key]]
    wrong += [key for key in ("polarity",) if tree[key] != POLARITY]
    wrong += [key for key in ("language_model",) if not _is_language_model(tree.get(key))]
    wrong += [key for key in ("second_look",) if not _are_numbers([tree.get(key, BELOW)], 1)]
    wrong += [key for key in ("confidence",) if not _are_numbers(tree.get(key, [1.0, 0.0]), 2)]
    if wrong:
        shown = ", ".join(f"{key} = {str(tree[key])[:40]!r}" for key in wrong)
        raise UserError(f"{path}: {shown} cannot be used; export the model again")
    beyond = [name for name in tree["sha256"] if Path(name).name != name]
    if beyond:
        raise UserError(f"{path}: {beyond[0]!r} is not a plain file name; keep the model's files in one folder")
    language_model = tree.get("language_model")
    if language_model:
        confidence = tuple(language_model.get("confidence", (1.0, 0.0)))
        language_model = LanguageOptions(**{**language_model, "confidence": confidence})
    return {**tree, "confidence": tuple(tree.get("confidence", (1.0, 0.0))), "language_model": language_model}


def _is_language_model(value: Any) -> bool:
    """Return whether a recipe's `language_model` has the keys and types of `LanguageOptions`, or is left out."""
    if value is None:
        return True
    known = {item.name for item in fields(LanguageOptions)}
    if not isinstance(value, dict) or not {"file", "sha256"} <= value.keys() <= known:
        return False
    numbers = [value[key] for key in value.keys() - {"file", "sha256", "confidence"}]
    return (
        all(type(value[key]) is str for key in ("file", "sha256"))
        and Path(value["file"]).name == value["file"]
        and _are_numbers(numbers, len(numbers))
        and min(numbers, default=0) >= 0
        and type(value.get("width", 1)) is int
        and value.get("width", 1) >= 1
        and _are_numbers(value.get("confidence", [1.0, 0.0]), 2)
    )


def _are_numbers(value: Any, count: int) -> bool:
    return isinstance(value, list) and len(value) == count and all(type(x) in (int, float) for x in value)
