"""The default training data: lines that `synth` draws, without end and without a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch.utils.data import Dataset

from text_recognizer.charset import ASCII, Charset
from text_recognizer.data.base import LineData, Sample, collate
from text_recognizer.errors import UsageError, check_range
from text_recognizer.line_batch import LineBatch
from text_recognizer.synth.effects import NONE, Effects
from text_recognizer.synth.lines import GROUP, LineSynthesiser
from text_recognizer.synth.splits import Split


class SyntheticLines(LineData):
    """Handwritten and printed lines drawn on the fly.

    Args:
        characters: the charset's characters, in the order of their labels.
        height: of the lines, in pixels.
        seed: equal seeds draw equal lines.
        num_workers: processes that draw; 0 draws in the training process.
        handwriting: share of handwritten lines; the rest is print.
        fonts: a folder of font files to use beside those that come with the dependencies.
        texts: a folder of .txt files to use instead of the documents that come with the package.
        strength: of the degradation; 0 draws black on white, 1 what scans and photographs show.
        pixels: width of all lines of a batch together, for a height of 40 px.
        max_lines: most lines in a batch.
        widths: the narrowest and widest line aimed at, in pixels of a 40 px line.
        validation_lines: lines of validation, half of them handwritten.
        effects: what else training lines show of real pages, and how often; lines of validation show none.
    """

    def __init__(
        self,
        characters: str = ASCII,
        height: int = 40,
        seed: int = 0,
        num_workers: int = 1,
        handwriting: float = 0.7,
        fonts: Path | None = None,
        texts: Path | None = None,
        strength: float = 1.0,
        pixels: int = 4500,
        max_lines: int = 48,
        widths: tuple[int, int] = (60, 720),
        validation_lines: int = 192,
        effects: Effects = NONE,
    ) -> None:
        super().__init__(characters, height, seed, num_workers)
        check_range("--data.handwriting", handwriting, 0, 1)
        check_range("--data.strength", strength, 0, 2)
        check_range("--data.pixels", pixels, 1)
        check_range("--data.max_lines", max_lines, 1)
        check_range("--data.validation_lines", validation_lines, 2)
        if not 1 <= widths[0] <= widths[1]:
            raise UsageError(
                f"--data.widths {list(widths)}: is not a range; give the narrowest and the widest, as [60, 720]"
            )
        self.handwriting, self.fonts, self.texts, self.strength = handwriting, fonts, texts, strength
        self.pixels, self.max_lines, self.widths = pixels, max_lines, widths
        self.validation_lines, self.effects = validation_lines, effects
        self._validation: list[LineBatch] = []

    def train_batches(self) -> Dataset:
        lines = self._synthesiser("train", self.handwriting)
        return SyntheticBatches(lines, self.charset, self.pixels * self.height // 40, self.max_lines)

    def validation_batches(self) -> Sequence[LineBatch]:
        if not self._validation:
            half = self.validation_lines // 2
            for share in (1.0, 0.0):
                lines = self._synthesiser("validation", share)
                samples = [synthetic_sample(lines, i * GROUP) for i in range(half)]
                samples.sort(key=lambda sample: sample.image_HW.shape[1])
                groups = (samples[i : i + 16] for i in range(0, half, 16))
                self._validation += [collate(group, self.charset, self.height) for group in groups]
        return self._validation

    @property
    def drawn_characters(self) -> str:
        """Those of the charset that synthetic lines may show."""
        return self.characters

    def _synthesiser(self, split: Split, handwriting: float) -> LineSynthesiser:
        """Return the lines of a split; those of validation do not depend on the seed of training."""
        return LineSynthesiser(
            seed=self.seed if split == "train" else 0,
            split=split,
            height=self.height,
            handwriting=handwriting,
            fonts=self.fonts,
            texts=self.texts if split == "train" else None,
            strength=self.strength,
            widths=self.widths,
            characters=self.drawn_characters,
            effects=self.effects if split == "train" else NONE,
        )


class SyntheticBatches(Dataset):
    """Batch k: the first lines of group k, as many as fit into `pixels` of width.

    Args:
        lines: what draws a line by its number.
        charset: of the labels.
        pixels: sum of the padded widths of a batch, at most.
        max_lines: most lines in a batch, at most `synth.lines.GROUP`.
    """

    def __init__(self, lines: LineSynthesiser, charset: Charset, pixels: int, max_lines: int) -> None:
        self.lines, self.charset, self.pixels = lines, charset, pixels
        self.max_lines = min(max_lines, GROUP)

    def __getitem__(self, number: int) -> LineBatch:
        samples: list[Sample] = []
        widest = 0
        for i in range(self.max_lines):
            sample = synthetic_sample(self.lines, number * GROUP + i)
            widest = max(widest, sample.image_HW.shape[1])
            if samples and widest * (len(samples) + 1) > self.pixels:
                break
            samples.append(sample)
        return collate(samples, self.charset, self.lines.height)


def synthetic_sample(lines: LineSynthesiser, index: int, width: float | None = None) -> Sample:
    """Return line number `index` as a sample, of about `width` pixels where that is given."""
    line = lines.line(index, width)
    return Sample(line.image_HW, line.text, line.centres, f"{line.kind}: {line.source}")
