"""What is saved beside a model that reads a picture as a whole: a character, a line or a paragraph, all at once."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from text_recognizer.decoding.tokens import Tokens
from text_recognizer.errors import UserError, nearest
from text_recognizer.inference.output import write_text
from text_recognizer.inference.recipe import sha256_of

Kind = Literal["character", "line", "paragraph"]

FILE_NAME = "image_recipe.json"
FORMAT = 1
MODEL, ENCODER, STEP = "model.onnx", "encoder.onnx", "step.onnx"
"""The ONNX file of a model of characters, and the two of one that writes token by token."""


@dataclass(frozen=True)
class ImageRecipe:
    """How a picture must be prepared for a model, and what the model's answers mean.

    Args:
        name: of the model, for people.
        kind: of the pictures.
        characters: of a character's model class i, of the others token i + 1, is ``characters[i]``.
        height: of the picture in px.
        width: of the picture in px; 0 where any width is taken.
        max_length: most characters of a text.
        sha256: digests of the ONNX files beside the recipe, by name.
        created_by: who trained it, for people.
    """

    name: str
    kind: Kind
    characters: str
    height: int
    width: int
    max_length: int
    sha256: dict[str, str]
    created_by: dict[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    files_of: ClassVar[dict[str, tuple[str, ...]]] = {
        "character": (MODEL,),
        "line": (ENCODER, STEP),
        "paragraph": (ENCODER, STEP),
    }

    @cached_property
    def tokens(self) -> Tokens:
        """What the numbers mean that a model writes token by token."""
        return Tokens(self.characters)

    @classmethod
    def load(cls, folder: Path) -> ImageRecipe:
        """Read the recipe in a model's folder and check the digests of the files that it names.

        Raises:
            UserError: the recipe or a file is missing, broken, or not the one that the recipe was written for.
        """
        path = folder / FILE_NAME
        try:
            tree = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise UserError(f"{folder}: {FILE_NAME} is missing; export a run with training/export.py") from None
        except (OSError, ValueError) as error:
            raise UserError(f"{path}: it cannot be read as JSON ({error}); export the model again") from error
        recipe = cls(**_checked(path, tree))
        for name, digest in recipe.sha256.items():
            if sha256_of(folder / name) != digest:
                raise UserError(f"{folder / name}: its sha256 is not the one in {FILE_NAME}; export the model again")
        return recipe

    def save(self, folder: Path) -> None:
        """Write the recipe into a model's folder, wholly or not at all."""
        write_text(folder / FILE_NAME, [json.dumps(asdict(self), indent=1, ensure_ascii=False), "\n"])


def exported_folder(path: Path) -> Path:
    """Return where the exported model lies that `path` names: the folder itself, or ``model`` in that of a run.

    Raises:
        UserError: there is none.
    """
    for folder in (path, path / "model"):
        if (folder / FILE_NAME).exists():
            return folder
    if (path / "config.yaml").exists():
        raise UserError(f"{path}: is a run that is not exported yet; make its model with training/export.py {path}")
    raise UserError(
        f"--model {path}: holds no model of paragraphs ({FILE_NAME} is missing); name the folder of one, or of its run"
    )


def _checked(path: Path, tree: object) -> dict[str, Any]:
    """Return the tree if its keys, types and numbers are those of a recipe."""
    if not isinstance(tree, dict) or tree.get("format") != FORMAT:
        found = tree.get("format") if isinstance(tree, dict) else type(tree).__name__
        raise UserError(f"{path}: its format is {found!r}, this version reads {FORMAT}; export the model again")
    known = {item.name for item in fields(ImageRecipe)}
    for key in tree:
        if key not in known:
            raise UserError(f"{path}: {key!r} is not a key of a recipe; {nearest(key, known)}")
    missing = sorted(known - tree.keys() - {"created_by"})
    if missing:
        raise UserError(f"{path}: {', '.join(missing)} missing; export the model again")
    wrong = [key for key in ("name", "characters") if type(tree[key]) is not str]
    wrong += [key for key in ("height", "width", "max_length") if type(tree[key]) is not int or tree[key] < 0]
    wrong += ["kind"] if tree["kind"] not in get_args(Kind) else []
    if not wrong and (type(tree["sha256"]) is not dict or set(tree["sha256"]) != set(_files(tree["kind"]))):
        wrong.append("sha256")
    if wrong:
        shown = ", ".join(f"{key} = {str(tree[key])[:40]!r}" for key in wrong)
        raise UserError(f"{path}: {shown} cannot be used; export the model again")
    return tree


def _files(kind: str) -> tuple[str, ...]:
    return ImageRecipe.files_of[kind]
