"""What every layout hands over: lines that were found, and sentences on what could not be used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from text_recognizer.data.own_layouts.pictures import LinePicture, digest_of
from text_recognizer.data.own_layouts.texts import Form, cleaned
from text_recognizer.errors import UserError

SPLITS = ("train", "val", "test")

LEAST_WIDTH = 2.0
"""Pixels per character of a line whose ink is 36 px high; the text of a narrower line is another line's."""

_SPLIT_NAMES = {
    **dict.fromkeys(("train", "training", "trainset", "train_set", "train_path"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validationset", "val_set", "val_path", "dev", "eval"), "val"),
    **dict.fromkeys(("test", "testing", "testset", "test_set", "test_path"), "test"),
}

GroupFrom = Literal["field", "name", "folder", "page", "prefix"]
"""What says whose a line is: a field of the layout, a number in its file's name, its folder, its page, or the
beginning of its name, which is a guess."""


@dataclass(frozen=True)
class Item:
    """A line before its picture was looked at.

    Attributes:
        name: what messages call it.
        text: as it stands in the file.
        picture: gives its pixels.
        path: of its picture or its page's, below the folder.
        group: the writer, where a field says so.
        split: where the layout says so.
        of_page: the picture is a part of a page.
    """

    name: str
    text: str
    picture: LinePicture
    path: str
    group: str | None = None
    split: str | None = None
    of_page: bool = False


@dataclass(frozen=True)
class Checked:
    """A line whose picture was decoded and whose text is clean.

    Attributes:
        item: as the layout has it.
        text: cleaned.
        size: height and width of the picture.
        ink_height: of its ink, in pixels.
        digest: SHA-256 of its pixels.
    """

    item: Item
    text: str
    size: tuple[int, int]
    ink_height: int
    digest: str

    @property
    def width_at_40(self) -> float:
        return self.size[1] * 36 / max(1, self.ink_height)


@dataclass
class Collected:
    """The lines that can be used, a sentence for each thing that cannot, and remarks on the whole.

    Args:
        form: Unicode form that the texts are brought into.
    """

    form: Form = "NFC"
    lines: list[Checked] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _listed: dict[str, Checked] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        """Add a line that can be used; its picture is decoded now, while its page is at hand.

        Raises:
            UserError: it cannot be used.
        """
        try:
            text = cleaned(item.text, self.form)
        except UserError as error:
            raise UserError(f"{item.name}: {error}") from None
        image_HW, ink_height = item.picture.seen()
        digest = digest_of(image_HW)
        line = Checked(item, text, (image_HW.shape[0], image_HW.shape[1]), ink_height, digest)
        if line.width_at_40 < LEAST_WIDTH * len(text):
            height, width = line.size
            raise UserError(
                f"{item.name}: {len(text)} characters in a picture of {width} x {height} px; the text or the picture"
                " is another line's, correct it"
            )
        self._refuse_second(line)
        self.lines.append(line)

    def _refuse_second(self, line: Checked) -> None:
        """Refuse a second text for one picture of a line, but not its being in two splits, which splitting tells."""
        item = line.item
        if item.of_page:
            return
        first = self._listed.setdefault(item.path, line)
        if first is not line and first.item.split == item.split:
            other = "" if first.text == line.text else f" with the text {first.text[:40]!r}"
            raise UserError(f"{item.name}: {item.path} is listed before{other}, {first.item.name}; list it once")

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Turn an error of the block into a fault, so that the rest is read."""
        try:
            yield
        except UserError as error:
            self.faults.append(str(error))


def split_of_folders(path: str) -> str | None:
    """Return the split that a folder on the way to a file is named for.

    >>> split_of_folders("lines/train/a/1.png")
    'train'
    """
    named = (_SPLIT_NAMES.get(part.lower()) for part in PurePosixPath(path).parts[:-1])
    return next((split for split in named if split), None)


def split_of_file(path: str) -> str | None:
    """Return the split that a table or list is named for, or else its folders.

    >>> split_of_file("rec_gt_train.txt"), split_of_file("validation-00000-of-00001.parquet"), split_of_file("gt.txt")
    ('train', 'val', None)
    """
    stem = "".join(letter if letter.isalpha() else " " for letter in PurePosixPath(path).name.lower())
    return next((_SPLIT_NAMES[word] for word in stem.split() if word in _SPLIT_NAMES), None) or split_of_folders(path)


def split_called(word: str) -> str | None:
    """Return the split that a field of a table means, None where it is none of the usual names."""
    return _SPLIT_NAMES.get(word.strip().lower())
