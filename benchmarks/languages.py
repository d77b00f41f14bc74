"""How well a model reads each language: lines in validation families, in texts kept for validation.

    make fonts texts                                                     # once
    .venv/bin/python benchmarks/languages.py --fonts data/fonts          # the model that reads by default
    .venv/bin/python benchmarks/languages.py --fonts data/fonts --model fast --lines 40

For every folder in data/texts, as many lines of print as of handwriting are drawn and read. The last column is the
share of the letters beyond ASCII, in both, that were read as what they are.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from text_recognizer.charset import LATIN
from text_recognizer.errors import UserError, check_range
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.metrics.calibration import right_characters
from text_recognizer.metrics.error_rate import ErrorRate, character_error_rate
from text_recognizer.synth.lines import GROUP, LineSynthesiser, SyntheticLine
from text_recognizer.synth.splits import split_of_document
from training.command_line import mistakes_shown

KINDS = {"print": 0.0, "handwriting": 1.0}


@dataclass(frozen=True)
class LanguageScore:
    """What was read of one language's lines.

    Attributes:
        language: the name of its folder.
        rates: errors in print and in handwriting.
        beyond_ascii, right_beyond_ascii: letters that ASCII lacks, and how many of them were read right.
    """

    language: str
    rates: dict[str, ErrorRate]
    beyond_ascii: int
    right_beyond_ascii: int

    def row(self) -> str:
        """Return the row of the table."""
        cells = [_cell(self.rates[kind]) for kind in KINDS]
        share = f"{100 * self.right_beyond_ascii / self.beyond_ascii:.1f}" if self.beyond_ascii else "-"
        return f"| {self.language} | " + " | ".join([*cells, f"{share} of {self.beyond_ascii}"]) + " |"


def _cell(rate: ErrorRate) -> str:
    low, high = rate.interval()
    return f"{100 * rate.rate:.2f} ({100 * low:.1f}-{100 * high:.1f})"


def drawn(texts: Path, fonts: Path | None, handwriting: float, count: int) -> list[SyntheticLine]:
    """Return lines of the validation documents in `texts`, in families of the validation split."""
    lines = LineSynthesiser(
        seed=1, split="validation", handwriting=handwriting, fonts=fonts, texts=texts, strokes=0.0, characters=LATIN
    )
    return [lines.line(i * GROUP) for i in range(count)]


def score(recognizer: LineRecognizer, language: str, lines: dict[str, list[SyntheticLine]]) -> LanguageScore:
    """Read the lines of each kind and count what is wrong."""
    rates, beyond, right = {}, 0, 0
    for kind, drawn_lines in lines.items():
        read = [reading.text for reading in recognizer.read([line.image_HW for line in drawn_lines])]
        truths = [line.text for line in drawn_lines]
        rates[kind] = character_error_rate(read, truths)
        for text, truth in zip(read, truths, strict=True):
            known = right_characters(truth, text)
            foreign = [known[i] for i, character in enumerate(truth) if character.isalpha() and not character.isascii()]
            beyond, right = beyond + len(foreign), right + sum(map(int, foreign))
    return LanguageScore(language, rates, beyond, right)


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--model", help="a shipped model's name or a model's folder")
    parser.add_argument("--texts", type=Path, default=Path("data/texts"), help="one folder per language")
    parser.add_argument("--fonts", type=Path, help="more families than come with the package")
    parser.add_argument("--languages", nargs="+", metavar="NAME", help="all by default")
    parser.add_argument("--lines", type=int, default=100, help="of each kind and language")
    options = parser.parse_args(arguments)
    check_range("--lines", options.lines, 1)
    return options


def languages_in(texts: Path, names: Sequence[str] | None) -> list[Path]:
    """Return the folders of the languages.

    Raises:
        UserError: there are none, or one that was named is missing.
    """
    found = sorted(path for path in texts.iterdir() if path.is_dir()) if texts.is_dir() else []
    missing = sorted({*(names or ())} - {path.name for path in found})
    if missing or not found:
        raise UserError(f"{texts}: holds no folder {missing[0] if missing else 'of a language'}; run make texts")
    return [path for path in found if names is None or path.name in names]


def has_unseen_text(folder: Path) -> bool:
    """Return whether a language has a document that is kept for validation."""
    return any(split_of_document(path.stem) == "validation" for path in folder.glob("*.txt"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and return 0."""
    options = options_of(arguments)
    folders = languages_in(options.texts, options.languages)
    recognizer = LineRecognizer.load(options.model, threads=1)
    print(f"{recognizer.recipe.name}, {options.lines} lines of each kind; CER % (95 % interval over lines)\n")
    print("| language | print | handwriting | letters beyond ASCII read right, % |\n|---|---|---|---|")
    for folder in folders:
        lines = {kind: drawn(folder, options.fonts, share, options.lines) for kind, share in KINDS.items()}
        name = folder.name if has_unseen_text(folder) else f"{folder.name} (text of the training)"
        print(score(recognizer, name, lines).row(), flush=True)
    return 0


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
