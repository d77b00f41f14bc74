"""Sets that our own synthesiser draws: test families, clean and augmented, in English and in French."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from benchmarks.reading.sets import About, Drawn, Script, write_set
from text_recognizer.charset import ASCII
from text_recognizer.errors import UserError
from text_recognizer.synth.lines import GROUP, LineSynthesiser

TEXTS = Path(__file__).with_name("texts")
"""French text that no model is trained on: the Declaration of 1789 (public domain)."""

FRENCH = "àâæçèéêëîïôùûüœÀÂÆÇÈÉÊËÎÏÔÙÛÜŒ«»"
"""What French writes beyond ASCII."""

SEED = 2027
SYNTH = Path(str(files("text_recognizer"))) / "synth"


@dataclass(frozen=True)
class SyntheticSet:
    """Lines of the test families.

    Attributes:
        script: handwriting or print.
        strength: of the degradation; 0 is black on white.
        count: lines.
        texts: a folder of texts in place of the English test text; only lines with an accent are kept then.
    """

    script: Script
    strength: float
    count: int
    texts: Path | None = None

    def make(self, folder: Path, fonts: Path) -> None:
        """Draw the set.

        Args:
            folder: where the set is written.
            fonts: what ``make fonts`` fetched.

        Raises:
            UserError: the fonts are missing.
        """
        if not fonts.is_dir():
            raise UserError(f"{fonts}: the test families are missing; run make fonts, which fetches them")
        write_set(
            folder, About("line", self.script, "fra+eng" if self.texts else "eng", made_with(SYNTH)), self._drawn(fonts)
        )

    def _drawn(self, fonts: Path) -> Iterator[Drawn]:
        lines = LineSynthesiser(
            seed=SEED,
            split="test",
            height=40,
            handwriting=float(self.script == "handwriting"),
            fonts=fonts,
            texts=self.texts,
            strokes=0.0,
            strength=self.strength,
            widths=(220, 700),
            characters=ASCII + FRENCH if self.texts else ASCII,
        )
        kept = index = 0
        while kept < self.count:
            line = lines.line(index * GROUP)
            index += 1
            if not (self.texts and line.text.isascii()):
                kept += 1
                yield line.image_HW, line.text, line.source


def made_with(*code: Path) -> str:
    """Return the versions of the libraries that decide every pixel, and a digest of our own files and folders."""
    names = ("numpy", "pillow", "opencv-python-headless", "fonttools")
    total = hashlib.sha256()
    for path in sorted(file for item in code for file in ([item] if item.is_file() else item.rglob("*.py"))):
        total.update(path.name.encode() + path.read_bytes())
    return ", ".join([f"our code {total.hexdigest()[:12]}", *(f"{name} {version(name)}" for name in names)])


SYNTHETIC = {
    "handwriting": SyntheticSet("handwriting", 1.0, 1200),
    "handwriting-clean": SyntheticSet("handwriting", 0.0, 1200),
    "print": SyntheticSet("print", 1.0, 1200),
    "print-clean": SyntheticSet("print", 0.0, 1200),
    "handwriting-french": SyntheticSet("handwriting", 1.0, 400, TEXTS),
    "print-french": SyntheticSet("print", 1.0, 400, TEXTS),
}
