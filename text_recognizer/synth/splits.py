"""The one rule that keeps training, validation and test apart: by text, by writer and by font family."""

from __future__ import annotations

import re
from typing import Literal, get_args

from text_recognizer.errors import UsageError, nearest

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)

TEXTS: dict[Split, tuple[str, ...]] = {
    "train": ("jargon-file.txt",),
    "validation": ("king-james.txt",),
    "test": ("us-constitution.txt",),
}
"""The source texts of each split; they are unrelated documents, and no two splits share one."""

TEST_DOCUMENTS = ("human-rights", "wesnoth-utbs")
"""Documents of `make texts`, by their names, that no model (nor language model) is trained or tuned on."""

VALIDATION_DOCUMENTS = ("wesnoth-did", "wesnoth-thot")

WRITERS: dict[Split, range] = {
    "train": range(0, 1_000_000),
    "validation": range(1_000_000, 1_001_000),
    "test": range(2_000_000, 2_001_000),
}
"""The numbers of the stroke writers of each split."""

TEST_FAMILIES = (
    *("dkg", "reeniebeanie", "zeyada", "patrickhand", "cedarvillecursive", "homemadeapple"),
    *("justmeagaindownhere", "kalam", "breip", "nothingyoucoulddo"),
    *("liberation", "arimo", "tinos", "cousine", "ebgaramond", "courierprime", "cantarell", "robotoslab", "vollkorn"),
)
"""Families that no model is trained or tuned on; Arimo, Tinos and Cousine are Liberation under other names."""

VALIDATION_FAMILIES = ("architectsdaughter", "gaegu", "indieflower", "labelleaurore", "caladea", "hankengrotesk")


def split_of_family(family: str) -> Split:
    """Return the split that a font family belongs to, whatever folder its files lie in.

    Case, spaces and hyphens do not count, and a name that begins with a listed one belongs with it
    ("Liberation Sans Narrow" is a test family).

    >>> split_of_family("Patrick Hand SC")
    'test'
    >>> split_of_family("DejaVu Sans")
    'train'
    """
    plain = re.sub(r"[^a-z0-9]", "", family.lower())
    if plain.startswith(TEST_FAMILIES):
        return "test"
    return "validation" if plain.startswith(VALIDATION_FAMILIES) else "train"


def split_of_document(name: str) -> Split:
    """Return the split that a document belongs to, in whatever language.

    >>> split_of_document("human-rights"), split_of_document("my-diary")
    ('test', 'train')
    """
    if name.startswith(TEST_DOCUMENTS):
        return "test"
    return "validation" if name.startswith(VALIDATION_DOCUMENTS) else "train"


def checked_split(name: str) -> Split:
    """Return `name` as a split.

    Raises:
        UsageError: there is no such split; the message names the nearest.
    """
    for split in SPLITS:
        if split == name:
            return split
    raise UsageError(f"split {name!r}: there is no such split; {nearest(name, SPLITS)}")
