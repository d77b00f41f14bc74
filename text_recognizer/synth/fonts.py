"""Font files as faces: which there are, what family and split they belong to, and which characters they can draw."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from string import ascii_letters
from struct import error as StructError
from typing import Literal

from fontTools.ttLib import TTFont, TTLibError
from PIL import ImageFont

from text_recognizer.charset import ASCII, LATIN
from text_recognizer.errors import UserError
from text_recognizer.synth.splits import Split, split_of_family

Kind = Literal["handwriting", "print"]

PRINT_FILES = {
    "matplotlib": (
        "DejaVuSans.ttf",
        "DejaVuSans-*.ttf",
        "DejaVuSansMono*.ttf",
        "DejaVuSerif.ttf",
        "DejaVuSerif-*.ttf",
        "STIXGeneral*.ttf",
        *("cmb10.ttf", "cmr10.ttf", "cmss10.ttf", "cmti10.ttf", "cmtt10.ttf"),
    ),
    "font_caladea": ("*.ttf",),
    "font_hanken_grotesk": ("*-Regular.otf", "*-Bold.otf", "*-Italic.otf", "*-Light.otf"),
    "font_manrope": ("*",),
    "font_roboto": ("*-Regular.ttf", "*-Bold.ttf", "*-Light.ttf", "*-Medium.ttf", "*-Italic.ttf"),
    "font_source_sans_pro": ("*-Regular.otf", "*-Bold.otf", "*-It.otf", "*-Light.otf"),
    "font_source_serif_pro": ("*-Regular.otf", "*-Bold.otf", "*-It.otf", "*-Light.otf"),
    "font_fredoka_one": ("*.ttf",),
}
"""The packages among our dependencies that bring print fonts, and which of their files are used."""

HANDWRITING_FILES = {"font_intuitive": ("*",), "font_amatic_sc": ("*.ttf",)}
"""The two informal hands among them (the writers of `strokes` are the main source of handwriting)."""

REST = frozenset(LATIN) - frozenset(ASCII)
"""What a Latin text may hold beyond ASCII; a face is asked for it only when a text holds some."""

TEX = ("cmb10", "cmr10", "cmss10", "cmti10", "cmtt10")
MISDRAWN = {
    **{name: REST | frozenset('"$<>\\^_`{|}~' if name != "cmtt10" else "") for name in TEX},
    **dict.fromkeys(("rock-salt-latin-400-normal", "walter-turncoat-latin-400-normal"), frozenset("ß")),
    **dict.fromkeys(("mali-latin-400-normal", "mali-latin-700-normal"), frozenset("•")),
}
"""Characters that a file draws as something else, by its stem: TeX has dashes, Spanish marks and Greek letters in their
places, hands of capitals write two letters, one draws a flower."""

SUFFIXES = (".ttf", ".otf")


@dataclass(frozen=True, order=True)
class Face:
    """One font file."""

    path: Path
    family: str
    kind: Kind

    @property
    def split(self) -> Split:
        """The split that the face may be used for, by its family."""
        return split_of_family(self.family)

    def at(self, size: int, character: str = " ") -> ImageFont.FreeTypeFont:
        """Return the face at `size` pixels per em; of its files, the one that has `character`."""
        return _sized(self.file_of(character), size)

    def file_of(self, character: str) -> Path:
        """Return the file that draws `character`: the face's own, or the one of its Central European letters."""
        if character in REST and character not in _drawable(self.path, REST):
            return _supplement(self.path) or self.path
        return self.path

    @property
    def characters(self) -> frozenset[str]:
        """The Latin characters that the face maps and draws with ink; always with the space."""
        return _drawable(self.path, ASCII) | _beyond_ascii(self.path)

    def lacks(self, text: str) -> set[str]:
        """Return the characters of `text` that the face has no ink for."""
        missing = set(text) - _drawable(self.path, ASCII)
        return missing - _beyond_ascii(self.path) if missing else missing

    @property
    def x_height(self) -> float:
        """Height of a small x as a share of the em."""
        return _metrics(self.path)[0]

    @property
    def advance(self) -> float:
        """Mean advance of English text as a share of the em."""
        return _metrics(self.path)[1]


@cache
def dependency_faces() -> tuple[Face, ...]:
    """Return the faces that come with our dependencies, in a fixed order."""
    packages: list[tuple[str, tuple[str, ...], Kind]] = [(n, g, "print") for n, g in PRINT_FILES.items()]
    packages += [(name, globs, "handwriting") for name, globs in HANDWRITING_FILES.items()]
    return tuple(sorted(face for name, globs, kind in packages for face in _package_faces(name, globs, kind)))


@cache
def folder_faces(folder: Path) -> tuple[Face, ...]:
    """Return the faces of all .ttf and .otf files below `folder`.

    A face is handwriting when a folder on its way is named ``handwriting``, print otherwise. Faces that lack more
    than a few letters (symbol fonts) are left out.

    Raises:
        UserError: the folder is missing or holds no font file with Latin letters.
    """
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES) if folder.is_dir() else []
    if not paths:
        raise UserError(
            f"{folder}: holds no .ttf or .otf file; put fonts there, or run make fonts, which fills data/fonts"
        )
    supplements = {_supplement(path) for path in paths}
    faces = tuple(Face(path, family_name(path), _kind(path, folder)) for path in paths if path not in supplements)
    usable = tuple(face for face in faces if len(face.lacks(ascii_letters)) <= 7)
    if not usable:
        raise UserError(f"{folder}: none of its {len(faces)} fonts has the Latin letters; add fonts that have them")
    return usable


def faces_of(split: Split, kind: Kind, faces: Iterable[Face]) -> dict[str, tuple[Face, ...]]:
    """Return the faces of `faces` that are of `kind` and may be used for `split`, by family."""
    families: dict[str, tuple[Face, ...]] = {}
    for face in faces:
        if face.kind == kind and face.split == split:
            families[face.family] = (*families.get(face.family, ()), face)
    return families


def family_name(path: Path) -> str:
    """Return the typographic family that a font file states.

    Raises:
        UserError: the file is not a font.
    """
    try:
        with TTFont(path, lazy=True) as font:
            name = font["name"].getDebugName(16) or font["name"].getDebugName(1)
        _sized(path, 32)
    except (TTLibError, OSError, KeyError, AssertionError, StructError) as error:
        raise UserError(f"{path}: not a readable font ({error}); remove it or fetch it again") from error
    return name or path.stem


def _kind(path: Path, folder: Path) -> Kind:
    folders = (folder.resolve().name, *path.relative_to(folder).parts[:-1])
    return "handwriting" if "handwriting" in folders else "print"


def _package_faces(package: str, globs: tuple[str, ...], kind: Kind) -> Iterable[Face]:
    spec = find_spec(package)
    for root in spec.submodule_search_locations or () if spec else ():
        for glob in globs:
            for path in sorted(Path(root).rglob(glob)):
                if path.suffix.lower() in SUFFIXES:
                    yield Face(path, family_name(path), kind)


@lru_cache(maxsize=2000)
def _sized(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _drawable(path: Path, wanted: str | frozenset[str]) -> frozenset[str]:
    """Return the space and those of the `wanted` characters that a font file maps and draws with ink."""
    with TTFont(path, lazy=True) as font:
        mapped = font.getBestCmap() or {}  # None in a font of symbols
    face = _sized(path, 32)
    inked = (c for c in wanted if ord(c) in mapped and _has_ink(face, c))
    return frozenset(inked) - MISDRAWN.get(path.stem, frozenset()) | {" "}


@cache
def _supplement(path: Path) -> Path | None:
    """Return the file that holds a face's Central European letters, where its publisher cut it in two."""
    other = path.with_name(path.name.replace("-latin-", "-latin-ext-"))
    return other if other != path and other.exists() else None


def _beyond_ascii(path: Path) -> frozenset[str]:
    supplement = _supplement(path)
    return _drawable(path, REST) | (_drawable(supplement, REST) if supplement else frozenset())


def _has_ink(face: ImageFont.FreeTypeFont, character: str) -> bool:
    left, top, right, bottom = face.getbbox(character)
    return right > left and bottom > top


@cache
def _metrics(path: Path) -> tuple[float, float]:
    face = _sized(path, 100)
    tops = [face.getbbox(c, anchor="ls") for c in "xzuvn"]
    x_height = max(6.0, -sum(box[1] for box in tops) / len(tops))
    sample = "the quick brown fox jumps over a lazy dog, and she said no"
    return x_height / 100, max(8.0, face.getlength(sample) / len(sample)) / 100
