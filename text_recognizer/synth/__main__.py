"""``python -m text_recognizer.synth --sheet out.png``: look at what the synthesiser draws."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from PIL import Image, ImageDraw

from text_recognizer.charset import ASCII, LATIN
from text_recognizer.errors import UserError, check_range
from text_recognizer.synth.effects import NONE, REAL_PAGES
from text_recognizer.synth.lines import GROUP, LineSynthesiser
from text_recognizer.synth.pages import PageSynthesiser, SyntheticPage
from text_recognizer.synth.splits import SPLITS, checked_split


def sheet(lines: LineSynthesiser, count: int, width: int = 1000) -> Image.Image:
    """Return `count` lines below each other, a red tick under each character's centre, the source to the left."""
    row = lines.height + 18
    picture = Image.new("RGB", (width, row * count), "white")
    drawing = ImageDraw.Draw(picture)
    for i in range(count):
        line = lines.line(i * GROUP)
        drawing.text((4, i * row), f"{line.kind}, {line.source}: {line.text}", "grey")
        picture.paste(Image.fromarray(line.image_HW), (4, i * row + 12))
        for x in line.centres:
            drawing.line((4 + x, i * row + 12 + lines.height, 4 + x, i * row + 15 + lines.height), "red")
    return picture


def marked(page: SyntheticPage) -> Image.Image:
    """Return a page with its line boxes in blue, baselines in green and character centres in red."""
    picture = Image.fromarray(page.image_HW).convert("RGB")
    drawing = ImageDraw.Draw(picture)
    for line in page.lines:
        drawing.rectangle(line.box, outline="royalblue")
        drawing.line(line.baseline, "green")
        for x in line.centres:
            drawing.line((x, line.baseline[0][1] - 2, x, line.baseline[0][1] + 2), "red")
    return picture


def main(arguments: list[str] | None = None) -> int:
    """Write the pictures that are asked for and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m text_recognizer.synth", description=__doc__)
    parser.add_argument("--sheet", type=Path, help="picture of lines to write")
    parser.add_argument("--page", type=Path, help="picture of a page to write, with its boxes and baselines")
    parser.add_argument("--count", type=int, default=24, help="lines on the sheet")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--split", default="train", help=f"one of {', '.join(SPLITS)}")
    parser.add_argument("--handwriting", type=float, default=0.7, help="share of handwritten lines")
    parser.add_argument("--fonts", type=Path, help="a folder of font files, data/fonts after make fonts")
    parser.add_argument("--texts", type=Path, help="a folder of .txt files")
    parser.add_argument("--strength", type=float, default=1.0, help="of the degradation; 0 draws black on white")
    parser.add_argument("--latin", action="store_true", help="all Latin characters instead of ASCII")
    parser.add_argument("--effects", action="store_true", help="show on the sheet what real pages show beside text")
    options = parser.parse_args(arguments)
    if not (options.sheet or options.page):
        parser.error("nothing to draw; give --sheet FILE or --page FILE")
    shared = {name: getattr(options, name) for name in ("seed", "handwriting", "fonts", "texts", "strength")}
    try:
        check_range("--count", options.count, 1, 1000)
        check_range("--handwriting", options.handwriting, 0, 1)
        check_range("--strength", options.strength, 0, 2)
        split = checked_split(options.split)
        if options.sheet:
            characters, effects = LATIN if options.latin else ASCII, REAL_PAGES if options.effects else NONE
            lines = LineSynthesiser(split=split, characters=characters, effects=effects, **shared)
            _save(sheet(lines, options.count), options.sheet)
        if options.page:
            _save(marked(PageSynthesiser(split=split, **shared).page(0)), options.page)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _save(picture: Image.Image, path: Path) -> None:
    try:
        picture.save(path, format="PNG")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error}); name another file") from error
    print(f"wrote {path}")


if __name__ == "__main__":
    raise SystemExit(main())
