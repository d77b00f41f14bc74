"""What adapting to pages without transcriptions gains, and what is refused.

    make fonts texts pages
    .venv/bin/python benchmarks/adapt.py MODEL -- --threads 1     # a model that never saw real hands, with weights.pt

The pictures of the validation pages of Copiste d'un jour are given without their texts; the model before and after is
scored on their lines, cut by the truth. Pages of noise and of another script must be refused.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from text_recognizer.data.page_xml import read_pages
from text_recognizer.errors import UserError
from training.evaluate import FROZEN, scores_of
from training.readers import reader_of

FOREIGN = "Ολοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα."
"""The first sentence of the Universal Declaration of Human Rights in Greek."""


def noise_pages(folder: Path, count: int = 6) -> None:
    """Write pages of rough paper with strokes that are no letters."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        dice = np.random.default_rng(number)
        page = Image.fromarray(dice.normal(220, 18, (1400, 1000)).clip(0, 255).astype(np.uint8))
        pen = ImageDraw.Draw(page)
        for _ in range(250):
            x, y = dice.uniform(60, 940), dice.uniform(60, 1340)
            pen.line([(x, y), *((x + a, y + b) for a, b in dice.normal(0, 25, (3, 2)))], fill=40, width=3)
        page.save(folder / f"noise-{number}.png")


def foreign_pages(folder: Path, font: Path, count: int = 6) -> None:
    """Write pages of Greek print."""
    folder.mkdir(parents=True, exist_ok=True)
    words = FOREIGN.split()
    for number in range(count):
        dice = np.random.default_rng(number)
        page = Image.new("L", (1000, 1400), 250)
        pen, face = ImageDraw.Draw(page), ImageFont.truetype(str(font), 34)
        for row in range(22):
            pen.text((70, 60 + 58 * row), " ".join(dice.choice(words, 6)), fill=30, font=face)
        page.save(folder / f"greek-{number}.png")


def adapted(data: Path, model: str, folder: Path, options: list[str]) -> tuple[int, str, float]:
    """Run training/adapt.py as a user does; return its exit code, what it said and the seconds."""
    command = [sys.executable, "-m", "training.adapt", str(data), "--start", model, "--out", str(folder / "model")]
    begun = time.monotonic()
    done = subprocess.run([*command, "--runs", str(folder), *options], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr, time.monotonic() - begun


def main() -> int:
    """Print the tables and return 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", help="folder of an exported model with weights.pt")
    parser.add_argument("--pages", type=Path, default=Path("data/copiste/val"), help="transcribed pages")
    parser.add_argument("--font", type=Path, help="a font with Greek letters; matplotlib's DejaVu if left out")
    parser.add_argument("--folder", type=Path, default=Path("data/benchmark/adapt"), help="of pages and models")
    parser.add_argument("options", nargs="*", help="for training/adapt.py, after --")
    options = parser.parse_args()
    shutil.rmtree(options.folder, ignore_errors=True)
    pictures = options.folder / "pages"
    pictures.mkdir(parents=True)
    for page in read_pages(options.pages):
        shutil.copy(page.image, pictures)
    code, said, seconds = adapted(pictures, options.model, options.folder, options.options)
    print(said)
    if code:
        raise UserError(f"adapt ended with {code}; see above")
    print("| lines | before, CER % (95 % interval) | adapted | change |\n|---|---|---|---|")
    for lines in (options.pages, *FROZEN):
        before, after = (scores_of(reader_of(Path(m)), [lines])[0] for m in (options.model, options.folder / "model"))
        cells = [
            f"{100 * s.cer:.2f} ({100 * s.cer_interval[0]:.1f}-{100 * s.cer_interval[1]:.1f})" for s in (before, after)
        ]
        print(
            f"| {lines.name}, {before.lines} | {cells[0]} | {cells[1]} | {100 * (after.cer / before.cer - 1):+.0f} % |"
        )
    print(f"in {seconds:.0f} s\n")
    font = options.font or Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"
    noise_pages(options.folder / "noise")
    foreign_pages(options.folder / "greek", font)
    for name in ("noise", "greek"):
        code, said, _ = adapted(options.folder / name, options.model, options.folder / f"of-{name}", options.options)
        print(f"{name}: exit code {code}, {said.strip().splitlines()[-1]}", flush=True)
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except UserError as error:
        raise SystemExit(f"adapt: {error}") from None
