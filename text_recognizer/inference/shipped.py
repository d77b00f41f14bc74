"""The models that come with the package, by name."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from text_recognizer.errors import UserError, nearest
from text_recognizer.inference.recipe import FILE_NAME

DEFAULT = "best"


def weights_folder() -> Path:
    """Return the folder that holds a folder for each model that comes along."""
    return Path(str(files("text_recognizer"))) / "weights"


def shipped_models() -> list[str]:
    """Return the names of the models that come along."""
    return sorted(path.parent.name for path in weights_folder().glob(f"*/{FILE_NAME}"))


def model_folder(model: Path | str | None = None) -> Path:
    """Return the folder of a model.

    Args:
        model: the name of one that comes along, or the folder of an exported one; the default model if left out.

    Raises:
        UserError: there is neither such a name nor such a folder.
    """
    name = str(model) if model is not None else DEFAULT
    if name in shipped_models():
        return weights_folder() / name
    if Path(name).is_dir():
        return Path(name)
    raise UserError(
        f"--model {name}: neither a folder nor one of the models that come along ({', '.join(shipped_models())});"
        f" {nearest(name, shipped_models())}"
    )
