"""Where the text of a synthetic page stands: headings, columns, notes in margins, forms, and papers of every ruling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

Paper = Literal["plain", "ruled", "squared"]
Kind = Literal[
    "any",
    "paragraph",
    "columns",
    "ruled",
    "squared",
    "notes",
    "skew",
    "turned",
    "curved",
    "photo",
    "sizes",
    "dark",
    "dense",
]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Look:
    """What kind of page is drawn.

    Attributes:
        columns: side by side.
        heading, notes, form, figure: whether there are such.
        paper: its printed rules.
        skew: degrees by which the lines fall from left to right.
        bend: greatest height of the waves of the paper, in x-heights.
        photo: the page lies on a table and is seen from above at a slant.
        dark: light ink on dark paper.
        turn: quarter turns clockwise.
        fill: share of the page that is written on; nothing but figures and rules where it is 0.
    """

    columns: int = 1
    heading: bool = False
    notes: bool = False
    form: bool = False
    figure: bool = False
    paper: Paper = "plain"
    skew: float = 0.0
    bend: float = 0.0
    photo: bool = False
    dark: bool = False
    turn: int = 0
    fill: float = 1.0


def random_look(dice: np.random.Generator, kind: Kind) -> Look:
    """Draw a look; "any" mixes everything, each other kind shows what it names and little else."""
    if kind == "any":
        return _any_look(dice)
    look = Look(skew=float(dice.normal(0, 0.3)))
    return {
        "paragraph": look,
        "columns": replace(look, columns=int(dice.integers(2, 4)), heading=bool(dice.random() < 0.5)),
        "ruled": replace(look, paper="ruled"),
        "squared": replace(look, paper="squared"),
        "notes": replace(look, notes=True),
        "skew": replace(look, skew=float(dice.uniform(5, 15) * dice.choice([-1, 1]))),
        "turned": replace(look, turn=int(dice.integers(1, 4))),
        "curved": replace(look, bend=float(dice.uniform(1.0, 2.5))),
        "photo": replace(look, photo=True, bend=float(dice.uniform(0, 0.8)), skew=float(dice.normal(0, 3))),
        "sizes": replace(look, heading=True, figure=bool(dice.random() < 0.5)),
        "dark": replace(look, dark=True),
        "dense": replace(look, columns=2),
    }[kind]


def _any_look(dice: np.random.Generator) -> Look:
    p = dice.random(12).tolist()
    photo = p[0] < 0.2
    skew = float(dice.normal(0, 0.6) if p[1] < 0.45 else dice.uniform(-4, 4) if p[1] < 0.7 else dice.uniform(-17, 17))
    return Look(
        columns=1 if p[2] < 0.65 else 2 if p[2] < 0.9 else 3,
        heading=p[3] < 0.35,
        notes=p[4] < 0.18,
        form=p[5] < 0.08,
        figure=p[6] < 0.15,
        paper="plain" if p[7] < 0.5 else "ruled" if p[7] < 0.8 else "squared",
        skew=skew,
        bend=0.0 if p[8] < 0.55 else float(dice.uniform(0.2, 2.5)),
        photo=photo,
        dark=p[9] < 0.15,
        turn=0 if p[10] < 0.82 else int(dice.integers(1, 4)),
        fill=1.0 if p[11] < 0.7 else 0.0 if p[11] < 0.74 else float(dice.uniform(0.02, 1.0)),
    )


Role = Literal["heading", "body", "note", "field", "figure"]


@dataclass(frozen=True)
class Block:
    """A place for text, in pixels; `voice` numbers the hand or typeface in which it is written."""

    left: float
    top: float
    right: float
    bottom: float
    x_height: float
    pitch: float
    voice: int = 0
    role: Role = "body"
    centred: bool = False


def blocks_of(look: Look, size: tuple[int, int], x_height: float, dice: np.random.Generator) -> list[Block]:
    """Return the blocks of a page in reading order: a column of notes on the left comes first, one on the right last.

    Args:
        size: height and width of the page in pixels.
        x_height: of the running text, in pixels.
    """
    height, width = size
    margin = float(min(dice.uniform(0.02, 0.11) * width, 0.25 * height))
    pitch = x_height * float(dice.uniform(2.1, 4.2))
    area = Block(margin, margin, width - margin, height - margin, x_height, pitch)
    if not look.fill:
        return [replace(area, role="figure")] if look.figure or dice.random() < 0.5 else []
    notes: list[Block] = []
    if look.notes:
        area, notes = _with_notes(area, dice)
    before, after = (notes, []) if notes and notes[0].left < area.left else ([], notes)
    if look.form:
        return [*before, *_form(area, dice), *after]
    found = before
    if look.heading:
        area, heading = _with_heading(area, dice)
        found.append(heading)
    area = replace(area, bottom=area.top + max(1.2 * pitch, look.fill * (area.bottom - area.top)))
    for column in _columns(area, look.columns, dice):
        found += _sections(column, look, dice)
    return [*found, *after]


def _with_notes(area: Block, dice: np.random.Generator) -> tuple[Block, list[Block]]:
    """Cut a margin off one side and put a few short notes into it."""
    share = float(dice.uniform(0.16, 0.27)) * (area.right - area.left)
    gap = float(dice.uniform(1.2, 4)) * area.x_height
    x_height = area.x_height * float(dice.uniform(0.6, 1.0))
    pitch = x_height * float(dice.uniform(2.0, 3.2))
    on_left = bool(dice.random() < 0.5)
    left = area.left if on_left else area.right - share + gap
    column = Block(left, area.top, left + share - gap, area.bottom, x_height, pitch, 1, "note")
    rest = replace(area, left=area.left + share) if on_left else replace(area, right=area.right - share)
    notes: list[Block] = []
    y = area.top + float(dice.uniform(0, 6)) * pitch
    while y + 1.5 * pitch < area.bottom and len(notes) < 6:
        rows = int(dice.integers(1, 6))
        notes.append(replace(column, top=y, bottom=min(area.bottom, y + (rows + 0.5) * pitch)))
        y += (rows + float(dice.uniform(1.5, 9))) * pitch
    return rest, notes


def _with_heading(area: Block, dice: np.random.Generator) -> tuple[Block, Block]:
    x_height = min(area.x_height * float(dice.uniform(1.25, 2.6)), 0.12 * (area.bottom - area.top))
    pitch = x_height * float(dice.uniform(2.1, 3.0))
    rows = 1 if dice.random() < 0.7 else 2
    bottom = area.top + (rows + 0.2) * pitch
    voice = 0 if dice.random() < 0.5 else 2
    heading = replace(
        area,
        bottom=bottom,
        x_height=x_height,
        pitch=pitch,
        voice=voice,
        role="heading",
        centred=bool(dice.random() < 0.6),
    )
    return replace(area, top=min(area.bottom, bottom + float(dice.uniform(0.1, 1.5)) * area.pitch)), heading


def _columns(area: Block, count: int, dice: np.random.Generator) -> list[Block]:
    gutter = float(dice.uniform(1.8, 6)) * area.x_height
    wide = (area.right - area.left - (count - 1) * gutter) / count
    if wide < 10 * area.x_height:
        return [area]
    lefts = [area.left + i * (wide + gutter) for i in range(count)]
    bottoms = [
        area.bottom if i < count - 1 else area.top + float(dice.uniform(0.3, 1)) * (area.bottom - area.top)
        for i in range(count)
    ]
    if count == 1:
        bottoms = [area.bottom]
    return [
        replace(area, left=left, right=left + wide, bottom=bottom) for left, bottom in zip(lefts, bottoms, strict=True)
    ]


def _sections(column: Block, look: Look, dice: np.random.Generator) -> list[Block]:
    """Divide a column into paragraphs, now and then with a small heading or a figure in between."""
    found, y = [], column.top
    apart = float(dice.choice([0.0, 0.0, 0.5, 1.0]))
    while y + 1.1 * column.pitch < column.bottom:
        chance = dice.random()
        if look.figure and chance < 0.25:
            tall = float(dice.uniform(3, 9)) * column.pitch
            found.append(replace(column, top=y, bottom=min(column.bottom, y + tall), role="figure"))
            y += tall
        elif look.heading and chance < 0.35:
            x_height = column.x_height * float(dice.uniform(1.0, 1.5))
            pitch = max(column.pitch, 2.2 * x_height)
            found.append(
                replace(column, top=y, bottom=y + 1.1 * pitch, x_height=x_height, pitch=pitch, voice=2, role="heading")
            )
            y += pitch
        rows = int(dice.integers(1, 10)) if dice.random() < 0.7 else 60
        found.append(replace(column, top=y, bottom=min(column.bottom, y + (rows + 0.05) * column.pitch)))
        y += (rows + apart) * column.pitch
    return found


def _form(area: Block, dice: np.random.Generator) -> list[Block]:
    """Scatter short fields over a grid."""
    columns = int(dice.integers(2, 5))
    wide, pitch = (area.right - area.left) / columns, area.pitch * float(dice.uniform(1.0, 1.6))
    found, y = [], area.top
    while y + 1.1 * pitch < area.bottom:
        for column in range(columns):
            if dice.random() < 0.7:
                left = area.left + column * wide + float(dice.uniform(0, 0.2)) * wide
                right = area.left + (column + 1) * wide - 1.2 * area.x_height
                field = replace(area, left=left, right=right, top=y, bottom=y + 1.05 * pitch, pitch=pitch)
                found.append(replace(field, role="field", voice=int(dice.integers(2))))
        y += pitch
    return found
