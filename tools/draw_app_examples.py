"""Draws the pictures that app_gradio offers to try: a letter, a printed page and one line, into app_gradio/examples.

``make fonts`` first, then ``.venv/bin/python tools/draw_app_examples.py``. The pictures are in git; the texts are this
file's own, the hands and families those of the validation split, which no model has learnt.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from text_recognizer.synth.pages import PageSynthesiser, SyntheticPage

LETTER = (
    "Dear Anna, thank you for your letter of the first of March. The garden is under water again, so we spend"
    " the evenings reading aloud. Your brother asks if the boat still floats. Please bring two pairs of boots,"
    " some lamp oil and the blue book about birds. With love, Clara"
)
PAGE = (
    "The harbour master kept a list of every ship that came in, with its name, its cargo and the weather. When the"
    " list was full he began a new one on the back of an old chart. After forty years there were 212 charts, and"
    " nobody could say any more where the rocks had been."
)
LINE = "Meet me at the old bridge at 7."
LEVELS = 16
"""Grey levels that are kept, so that a picture stays small."""


def main(folder: Path, fonts: Path) -> None:
    """Write the three pictures."""
    draw(folder / "1 a letter.png", PageSynthesiser(41, "validation", 1.0, fonts, width=1000), LETTER, 2)
    draw(
        folder / "2 a printed page.png",
        PageSynthesiser(41, "validation", 0.0, fonts, width=1000, strength=0.3),
        PAGE,
        8,
    )
    draw(folder / "3 one line.png", PageSynthesiser(41, "validation", 1.0, fonts, width=700), LINE, 7)


def draw(path: Path, synthesiser: PageSynthesiser, text: str, index: int) -> SyntheticPage:
    """Write one picture in few grey levels."""
    page = synthesiser.page(index, text)
    grey = Image.fromarray(np.ascontiguousarray(page.image_HW)).quantize(LEVELS, dither=Image.Dither.NONE)
    grey.save(path, bits=4, optimize=True)
    return page


if __name__ == "__main__":
    root = Path(__file__).resolve().parent.parent
    main(root / "app_gradio/examples", root / "data/fonts")
