"""Paragraphs that `synth` draws, without end and without a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch.utils.data import Dataset

from text_recognizer.data.page_store import fitted
from text_recognizer.data.paragraph_data import PARAGRAPH_CHARACTERS, Paragraph, ParagraphData
from text_recognizer.errors import UsageError, check_range
from text_recognizer.paragraph_batch import ParagraphBatch
from text_recognizer.synth.pages import PageSynthesiser
from text_recognizer.synth.splits import Split

DRAWN = 1.4
"""Pages are drawn so many times as wide as the canvas and scaled down to it."""


class SyntheticParagraphs(ParagraphData):
    """Handwritten and printed paragraphs drawn on the fly.

    Args:
        characters: the charset's characters, in the order of their labels; the end of a line is one of them.
        height: of the page, in pixels.
        width: of the page, in pixels.
        seed: equal seeds draw equal pages.
        num_workers: processes that draw; 0 draws in the training process.
        batch_size: pages per batch.
        handwriting: share of handwritten pages; the rest is print.
        fonts: a folder of font files to use beside those that come with the dependencies.
        texts: a folder of .txt files to use instead of the documents that come with the package.
        strength: of the degradation; 0 draws black on white.
        lines: fewest and most lines of a paragraph.
        validation_pages: pages of validation, half of them handwritten.
    """

    def __init__(
        self,
        characters: str = PARAGRAPH_CHARACTERS,
        height: int = 576,
        width: int = 640,
        seed: int = 0,
        num_workers: int = 1,
        batch_size: int = 8,
        handwriting: float = 0.7,
        fonts: Path | None = None,
        texts: Path | None = None,
        strength: float = 1.0,
        lines: tuple[int, int] = (3, 10),
        validation_pages: int = 32,
    ) -> None:
        super().__init__(characters, height, width, seed, num_workers, batch_size)
        check_range("--data.handwriting", handwriting, 0, 1)
        check_range("--data.strength", strength, 0, 2)
        check_range("--data.validation_pages", validation_pages, 2)
        if not 1 <= lines[0] <= lines[1]:
            raise UsageError(f"--data.lines {list(lines)}: is not a range; give the fewest and the most, as [3, 10]")
        self.handwriting, self.fonts, self.texts, self.strength = handwriting, fonts, texts, strength
        self.lines, self.validation_pages = lines, validation_pages
        self._validation: list[ParagraphBatch] = []

    def train_batches(self) -> Dataset:
        return _Drawn(self, self._synthesiser("train", self.handwriting))

    def validation_batches(self) -> Sequence[ParagraphBatch]:
        if not self._validation:
            half = self.validation_pages // 2
            drawn = [self._synthesiser("validation", share) for share in (1.0, 0.0)]
            pages = [self.paragraph(pages, index) for pages in drawn for index in range(half)]
            size = self.batch_size
            self._validation = [self.batch(pages[i : i + size]) for i in range(0, len(pages), size)]
        return self._validation

    def paragraph(self, pages: PageSynthesiser, index: int) -> Paragraph:
        """Return page number `index`, scaled to fit the canvas."""
        page = pages.page(index)
        grey_HW = fitted(page.image_HW, self.height, self.width)
        return Paragraph(grey_HW, page.text, f"{page.kind}: {page.source}")

    def _synthesiser(self, split: Split, handwriting: float) -> PageSynthesiser:
        """Return the pages of a split; those of validation do not depend on the seed of training."""
        return PageSynthesiser(
            seed=self.seed if split == "train" else 0,
            split=split,
            handwriting=handwriting,
            fonts=self.fonts,
            texts=self.texts if split == "train" else None,
            width=round(DRAWN * self.width),
            lines=self.lines,
            strength=self.strength,
            characters=self.characters.replace("\n", ""),
        )


class _Drawn(Dataset):
    def __init__(self, options: SyntheticParagraphs, pages: PageSynthesiser) -> None:
        self.options, self.pages = options, pages

    def __getitem__(self, number: int) -> ParagraphBatch:
        first = number * self.options.batch_size
        indices = range(first, first + self.options.batch_size)
        return self.options.batch([self.options.paragraph(self.pages, index) for index in indices])
