"""Lines of the IAM handwriting database."""

from __future__ import annotations

from pathlib import Path

from text_recognizer.charset import ASCII
from text_recognizer.data.iam import IAMSplit, read_iam
from text_recognizer.data.page_store import StoredLine
from text_recognizer.data.split_overlap import Overlap
from text_recognizer.data.stored_lines import StoredLines
from text_recognizer.synth.effects import REAL_PAGES, Effects


class IAMLines(StoredLines):
    """Handwritten English lines of 657 writers, cut out of their forms.

    Args:
        characters: the charset's characters, in the order of their labels.
        height: of the lines, in pixels.
        seed: equal seeds give equal batches.
        num_workers: processes that prepare batches; 0 prepares them in the training process.
        handwriting: share of handwritten lines among the synthetic; the rest is print.
        fonts: a folder of font files to use beside those that come with the dependencies.
        texts: a folder of .txt files to use instead of the documents that come with the package.
        strength: of the degradation; 0 leaves real lines nearly as they are.
        pixels: width of all lines of a batch together, for a height of 40 px.
        max_lines: most lines in a batch.
        widths: the narrowest and widest synthetic line aimed at, in pixels of a 40 px line.
        effects: what else synthetic training lines show of real pages, and how often.
        folder: of prepared data, downloads and descriptions.
        real: share of the real lines in training.
        overlap: what becomes of a writer or form in two splits.
        split: which published split is used.
    """

    raw_name = "iam"

    def __init__(
        self,
        characters: str = ASCII,
        height: int = 40,
        seed: int = 0,
        num_workers: int = 1,
        handwriting: float = 1.0,
        fonts: Path | None = None,
        texts: Path | None = None,
        strength: float = 1.0,
        pixels: int = 5000,
        max_lines: int = 48,
        widths: tuple[int, int] = (60, 720),
        effects: Effects = REAL_PAGES,
        folder: Path = Path("data"),
        real: float = 1.0,
        overlap: Overlap = "refuse",
        split: IAMSplit = "course",
    ) -> None:
        super().__init__(
            characters,
            height,
            seed,
            num_workers,
            handwriting,
            fonts,
            texts,
            strength,
            pixels,
            max_lines,
            widths,
            effects,
            folder,
            real,
            overlap,
        )
        self.split = split

    def split_lines(self) -> tuple[dict[str, list[StoredLine]], list[str]]:
        iam = read_iam(self.folder)
        parts, notes = iam.split(self.split, self.overlap)
        without = [f"{len(iam.left_out)} lines have no ink"] if iam.left_out else []
        return parts, [f"{len(iam.pages)} forms of {len(iam.writers)} writers, split {self.split}", *notes, *without]
