"""What was read, as a tree: a page has lines, a line has characters. All lengths are pixels of the picture given."""

from dataclasses import asdict, dataclass
from typing import Any

Point = tuple[float, float]


@dataclass(frozen=True)
class Character:
    """One character; `x` and `y` are where its middle stands on the baseline, `confidence` how likely it is right."""

    text: str
    x: float
    y: float
    confidence: float


@dataclass(frozen=True)
class Line:
    """One text line.

    Attributes:
        text: what is written, empty where nothing was recognised.
        confidence: share of the characters that are likely to be right.
        box: left, top, right, bottom of the upright rectangle around the line; right and bottom are exclusive.
        corners: of the possibly tilted rectangle, from its top left clockwise.
        baseline: its left and right end.
        characters: from left to right, spaces included.
    """

    text: str
    confidence: float
    box: tuple[int, int, int, int]
    corners: tuple[Point, Point, Point, Point]
    baseline: tuple[Point, Point]
    characters: tuple[Character, ...] = ()

    @classmethod
    def from_dict(cls, tree: dict[str, Any]) -> "Line":
        """Build a line from what `Page.to_dict` wrote."""
        points = {key: tuple((x, y) for x, y in tree[key]) for key in ("corners", "baseline")}
        characters = tuple(Character(**character) for character in tree["characters"])
        return cls(**{**tree, **points, "box": tuple(tree["box"]), "characters": characters})


@dataclass(frozen=True)
class Page:
    """One page and its lines from top to bottom; `frame` counts the pages of a file from 0."""

    lines: tuple[Line, ...]
    width: int
    height: int
    source: str = ""
    frame: int = 0

    @property
    def text(self) -> str:
        """The lines' texts, one per row; lines in which nothing was recognised are left out."""
        return "\n".join(line.text for line in self.lines if line.text)

    def to_dict(self) -> dict[str, Any]:
        """Return a tree of plain dicts, lists, strings and numbers, ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, tree: dict[str, Any]) -> "Page":
        """Build a page from what `to_dict` returned or JSON gave back."""
        return cls(**{**tree, "lines": tuple(map(Line.from_dict, tree["lines"]))})
