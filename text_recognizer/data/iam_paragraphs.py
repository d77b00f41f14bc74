"""Paragraphs of the IAM handwriting database, mixed with paragraphs stitched of its lines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from torch.utils.data import Dataset

from text_recognizer.data.iam import IAMSplit, read_iam
from text_recognizer.data.page_store import StoredLine, StoredPage, fitted
from text_recognizer.data.page_variation import varied_page
from text_recognizer.data.paragraph_data import PARAGRAPH_CHARACTERS, Paragraph, ParagraphData
from text_recognizer.data.split_overlap import Overlap
from text_recognizer.data.stitched import stitched
from text_recognizer.errors import UsageError, UserError, check_range
from text_recognizer.paragraph_batch import ParagraphBatch
from text_recognizer.synth.counter import rng

SCALE = 0.5
"""Of the prepared pages, whose lines are about 72 px high; a page that does not fit then is scaled down further."""


class IAMParagraphs(ParagraphData):
    """Whole paragraphs of the IAM forms; `synthetic_fraction` of those in training are stitched of its real lines.

    Args:
        characters: the charset's characters, in the order of their labels; the end of a line is one of them.
        height: of the page, in pixels.
        width: of the page, in pixels.
        seed: equal seeds give equal batches.
        num_workers: processes that prepare batches; 0 prepares them in the training process.
        batch_size: pages per batch.
        folder: of prepared data, downloads and descriptions.
        split: which published split is used.
        overlap: what becomes of a writer or form in two splits.
        synthetic_fraction: of training paragraphs, the share that is stitched of single lines of the training split.
        lines: fewest and most lines of a stitched paragraph.
        longest: characters of a paragraph, the ends of lines counted in; longer ones are left out.
        augment: how much training pages are changed; 1 is what scans differ by.
    """

    raw_name = "iam"

    def __init__(
        self,
        characters: str = PARAGRAPH_CHARACTERS,
        height: int = 576,
        width: int = 640,
        seed: int = 0,
        num_workers: int = 1,
        batch_size: int = 8,
        folder: Path = Path("data"),
        split: IAMSplit = "course",
        overlap: Overlap = "refuse",
        synthetic_fraction: float = 0.5,
        lines: tuple[int, int] = (1, 12),
        longest: int = 682,
        augment: float = 1.0,
    ) -> None:
        super().__init__(characters, height, width, seed, num_workers, batch_size)
        check_range("--data.synthetic_fraction", synthetic_fraction, 0, 1)
        check_range("--data.augment", augment, 0, 2)
        check_range("--data.longest", longest, 1)
        if not 1 <= lines[0] <= lines[1]:
            raise UsageError(f"--data.lines {list(lines)}: is not a range; give the fewest and the most, as [1, 12]")
        self.folder, self.split, self.overlap, self.synthetic_fraction = folder, split, overlap, synthetic_fraction
        self.lines, self.longest, self.augment = lines, longest, augment
        self.told: list[str] = []

    def prepare_data(self) -> None:
        """Fetch and prepare the set unless it is there."""
        self.parts  # noqa: B018

    @cached_property
    def parts(self) -> dict[str, tuple[list[StoredPage], list[StoredLine]]]:
        """The pages and the lines of each split.

        A page is in a split with all of its lines, also with those that the split's list does not name.

        Raises:
            UserError: training or validation has no page that the charset can spell.
        """
        iam = read_iam(self.folder)
        found, notes = iam.split(self.split, self.overlap)
        parts = {}
        for part, lines in found.items():
            names = {line.of_page for line in lines}
            pages = [page for page in iam.pages if page.identity in names]
            fitting = [page for page in pages if self._fits(page.text)]
            if len(fitting) < len(pages):
                notes.append(f"{len(pages) - len(fitting)} pages of {part} are too long or beyond the charset")
            if not fitting and part != "test":
                raise UserError(f"iam: no page of {part} is in the charset; use --data.characters or --data.longest")
            parts[part] = fitting, [line for line in lines if self._fits(line.text)]
        self.told = notes
        return parts

    def _fits(self, text: str) -> bool:
        return len(text) <= self.longest and not self.charset.unknown(text)

    def train_batches(self) -> Dataset:
        return _TrainingParagraphs(self, *self.parts["train"])

    def validation_batches(self) -> Sequence[ParagraphBatch]:
        return _PlainParagraphs(self, self.parts["val"][0])

    def test_batches(self) -> Sequence[ParagraphBatch]:
        return _PlainParagraphs(self, self.parts["test"][0])

    def counts(self) -> dict[str, int]:
        return {part: len(pages) for part, (pages, _) in self.parts.items()}

    def notes(self) -> list[str]:
        return self.told


class _TrainingParagraphs(Dataset):
    def __init__(self, options: IAMParagraphs, pages: list[StoredPage], lines: list[StoredLine]) -> None:
        self.options, self.pages, self.lines = options, pages, lines

    def __getitem__(self, number: int) -> ParagraphBatch:
        return self.options.batch([self._paragraph(number, place) for place in range(self.options.batch_size)])

    def _paragraph(self, number: int, place: int) -> Paragraph:
        options = self.options
        dice = rng(options.seed, "paragraph", number, place)
        if self.lines and dice.random() < options.synthetic_fraction:
            count = int(dice.integers(options.lines[0], options.lines[1] + 1))
            found = stitched(self.lines, count, options.longest, dice)
        else:
            page = self.pages[int(dice.integers(len(self.pages)))]
            found = Paragraph(page.paragraph_HW(), page.text, f"real: {page.writer}")
        grey_HW = fitted(found.grey_HW, options.height, options.width, SCALE)
        return Paragraph(varied_page(grey_HW, options.augment, dice), found.text, found.source)


class _PlainParagraphs(Sequence[ParagraphBatch]):
    def __init__(self, options: IAMParagraphs, pages: list[StoredPage]) -> None:
        self.options, self.pages = options, pages

    def __len__(self) -> int:
        return -(-len(self.pages) // self.options.batch_size)

    def __getitem__(self, number: int) -> ParagraphBatch:  # type: ignore[override]
        if not 0 <= number < len(self):
            raise IndexError(number)
        size = self.options.batch_size
        pages = self.pages[number * size : (number + 1) * size]
        height, width = self.options.height, self.options.width
        return self.options.batch(
            [Paragraph(fitted(p.paragraph_HW(), height, width, SCALE), p.text, f"real: {p.writer}") for p in pages]
        )
