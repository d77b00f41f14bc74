"""Draw a few transcribed lines, x.png with x.gt.txt, to try training on: python -m example.own_lines FOLDER"""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from text_recognizer.synth.lines import LineSynthesiser

LINES, WRITERS = 24, 6


def main(folder: Path) -> None:
    """Write the lines; the first part of a name is its writer."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = LineSynthesiser(handwriting=1.0, widths=(60, 300))
    for number in range(LINES):
        line = lines.line(number)
        name = f"{1000 + number % WRITERS}_{number}"
        Image.fromarray(line.image_HW).save(folder / f"{name}.png")
        (folder / f"{name}.gt.txt").write_text(line.text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
