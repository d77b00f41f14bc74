"""EMNIST: digits and letters. ByClass as it is handed out becomes the balanced set of the course."""

from __future__ import annotations

import string
import zipfile
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from text_recognizer.data.raw_sets import RawSet
from text_recognizer.data.stored_characters import Pictures, StoredCharacters, save
from text_recognizer.errors import UserError
from text_recognizer.synth.counter import rng

EMNIST_CHARACTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
ARCHIVE, MEMBER = "matlab.zip", "emnist-byclass.mat"

VALIDATION = 0.2
"""Share of the training pictures that validate; a writer's pictures are never divided."""


class EMNIST(StoredCharacters):
    """Handwritten digits and letters in 62 classes, none more often than the average of the classes.

    Args:
        characters: the classes, in the order of their numbers; pictures of others are left out.
    """

    raw_name = "emnist"
    known = EMNIST_CHARACTERS

    def __init__(self, characters: str = EMNIST_CHARACTERS, **others: Any) -> None:
        super().__init__(characters=characters, **others)

    def write(self, beside: Path, raw: RawSet) -> None:
        dataset = _by_class(raw.fetched(self.folder, ARCHIVE))
        labels = _classes(dataset.mapping)
        pictures, writers_N = _part(dataset.train, labels)
        chosen = balanced(pictures[1], "train")
        validating = _validating(writers_N, chosen)
        save(beside, "val", _taken(pictures, chosen[validating]))
        save(beside, "train", _taken(pictures, chosen[~validating]))
        pictures, _ = _part(dataset.test, labels)
        save(beside, "test", _taken(pictures, balanced(pictures[1], "test")))


def balanced(labels_N: np.ndarray, name: str) -> np.ndarray:
    """Return the numbers of pictures, in order, such that no class has more than the average of the classes.

    Source: Full Stack Deep Learning 2022, lab 02, which draws as many of each class with replacement.
    """
    most = int(len(labels_N) / max(1, len(np.unique(labels_N))))
    parts = []
    for label in np.unique(labels_N):
        of_class = np.flatnonzero(labels_N == label)
        parts.append(rng(0, "emnist", name, int(label)).permutation(of_class)[: max(1, most)])
    return np.sort(np.concatenate(parts))


def _validating(writers_N: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return which of the chosen pictures validate: those of some writers, about `VALIDATION` of all."""
    writers = np.unique(writers_N[chosen])
    order = rng(0, "emnist", "validation").permutation(writers)
    counts = np.array([np.count_nonzero(writers_N[chosen] == writer) for writer in order])
    taken = order[: max(1, int(np.searchsorted(np.cumsum(counts), VALIDATION * len(chosen))))]
    if len(taken) == len(order):
        raise UserError(f"emnist: {len(order)} writer wrote all pictures of training; none is left to validate with")
    return np.isin(writers_N[chosen], taken)


def _taken(pictures: Pictures, chosen: np.ndarray) -> Pictures:
    return pictures[0][chosen], pictures[1][chosen]


def _by_class(archive: Path) -> Any:
    """Return the table of the .mat file in the archive."""
    loadmat = import_module("scipy.io").loadmat
    try:
        with zipfile.ZipFile(archive) as files:
            member = next((name for name in files.namelist() if Path(name).name == MEMBER), None)
            if member is None:
                raise UserError(f"{archive}: it holds no {MEMBER}; fetch the archive of all sets again")
            content = files.read(member)
        return loadmat(BytesIO(content), squeeze_me=True, struct_as_record=False)["dataset"]
    except (zipfile.BadZipFile, ValueError, KeyError, OSError, EOFError) as error:
        raise UserError(f"{archive}: it cannot be read ({error}); remove it and fetch it again") from error


def _classes(mapping: np.ndarray) -> np.ndarray:
    """Return the place in `EMNIST_CHARACTERS` of each label; the table gives a label and a character code per row."""
    characters = {int(row[0]): chr(int(row[1])) for row in np.atleast_2d(mapping)}
    return np.array([EMNIST_CHARACTERS.find(characters.get(label, "?")) for label in range(max(characters) + 1)])


def _part(part: Any, labels: np.ndarray) -> tuple[Pictures, np.ndarray]:
    """Return the pictures of a part and who wrote each; they lie in the file with their axes exchanged."""
    images = np.atleast_2d(part.images)
    classes = labels[np.atleast_1d(part.labels).astype(np.int64)]
    side = round(images.shape[1] ** 0.5)
    if side * side != images.shape[1] or len(images) != len(classes) or (classes < 0).any():
        raise UserError(
            f"{MEMBER}: {images.shape} pictures, {len(classes)} labels, not a table of EMNIST; fetch it again"
        )
    ink_NHW = images.reshape(-1, side, side).swapaxes(1, 2)
    writers = getattr(part, "writers", None)
    writers_N = np.arange(len(classes)) if writers is None else np.atleast_1d(writers).astype(np.int64)
    return (ink_NHW, classes), writers_N
