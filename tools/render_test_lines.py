"""Renders the frozen test lines, once: 300 of handwriting and 300 of print, in the families of the test split.

``make fonts`` first, then ``.venv/bin/python tools/render_test_lines.py``. The result is in git under tests/data/lines
and is never rendered anew to follow a change of the synthesiser: figures of different days stay comparable.
"""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

from PIL import Image

from text_recognizer.data.frozen_lines import COLUMNS, TABLE
from text_recognizer.synth.lines import GROUP, LineSynthesiser

LEVELS = 16
"""Grey levels that are kept; with more, the noise of the paper alone would fill the size that git can bear."""


def render(folder: Path, fonts: Path, count: int = 300) -> None:
    """Write `count` lines of each kind into `folder`, with their table and digests."""
    for kind, share in (("handwriting", 1.0), ("print", 0.0)):
        lines = LineSynthesiser(
            seed=2026, split="test", height=40, handwriting=share, fonts=fonts, strokes=0.0, widths=(220, 700)
        )
        target = folder / kind
        target.mkdir(parents=True, exist_ok=True)
        rows = []
        for i in range(count):
            line = lines.line(i * GROUP)
            grey = Image.fromarray(line.image_HW).quantize(LEVELS, dither=Image.Dither.NONE)
            grey.save(target / f"{i:03d}.png", bits=4, optimize=True)
            rows.append((f"{i:03d}.png", line.text, line.source))
        with (target / TABLE).open("w", newline="", encoding="utf-8") as stream:
            table = csv.writer(stream, delimiter="\t", quoting=csv.QUOTE_NONE, quotechar=None, lineterminator="\n")
            table.writerows([COLUMNS, *rows])
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".png", ".tsv"))
    digests = {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    (folder / "digests.json").write_text(json.dumps(digests, indent=1) + "\n")


if __name__ == "__main__":
    render(Path("tests/data/lines"), Path("data/fonts"))
