"""``make demo``: train for five minutes, score, export, then read a page of a hand that was never trained on."""

from __future__ import annotations

import argparse
import json
import os
import time
from dataclasses import asdict
from itertools import zip_longest
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: spinning threads stall where cores are shared

from PIL import Image
from rich.console import Console

from text_recognizer.inference.draw import draw_page
from text_recognizer.inference.line_recognizer import LineRecognizer
from text_recognizer.inference.page_reader import PageReader
from text_recognizer.metrics.error_rate import character_error_rate
from text_recognizer.synth.pages import PageSynthesiser
from training import evaluate, export, run_experiment
from training.command_line import mistakes_shown
from training.readers import reader_of

FONTS = Path("data/fonts")
"""Where ``make fonts`` puts the handwriting families; they are used when they are there."""

NEXT = """what to try next
  make read IMAGE={run}/page.png ARGS="--model {run}/model"   the same reader, on any picture
  make fonts demo                                             more hands to learn from
  make train ARGS="--budget 3600"                             train for an hour
  .venv/bin/tensorboard --logdir runs                         how training went"""


def train(runs: Path, options: list[str]) -> Path:
    """Run the default experiment below `runs` and return its folder."""
    fonts = ["--data.fonts", str(FONTS)] if FONTS.is_dir() else []
    code = run_experiment.main([*fonts, *options, "--name", "demo", "--runs", str(runs)])
    if code:
        raise SystemExit(code)
    return max(runs.glob("demo-*/finished.json"), key=lambda path: path.stat().st_mtime).parent


def score_and_export(run: Path) -> Path:
    """Export the run, score the exported model on the frozen lines, write the card; return the model's folder."""
    model = run / "model"
    export.main([str(run), "--out", str(model)])
    scores = evaluate.scores_of(reader_of(model), evaluate.FROZEN, run / "worst_lines.png")
    evaluate.print_table(scores, details=False)
    (run / "scores.json").write_text(json.dumps([asdict(row) for row in scores], indent=1) + "\n")
    (model / "card.md").write_text(export.card_of(run, run.name), encoding="utf-8")
    return model


def read_a_page(run: Path, model: Path, console: Console, seed: int) -> None:
    """Draw a page of a writer of the test split, read it, and show text, truth and CER."""
    page = PageSynthesiser(seed=seed, split="test", handwriting=1.0).page(seed)
    Image.fromarray(page.image_HW).save(run / "page.png")
    read = PageReader(LineRecognizer.load(model)).read(page.image_HW, "page.png")
    draw_page(page.image_HW, read).save(run / "page_read.png")
    console.rule(f"a page by {page.source}, a hand it never saw")
    for truth, text in zip_longest(page.text.splitlines(), read.text.splitlines(), fillvalue="(no line)"):
        console.print(f"  truth  {truth}\n   read  {text}", markup=False, highlight=False)
    cer = character_error_rate([read.text], [page.text]).rate
    console.rule(f"CER {100 * cer:.1f} %")
    console.print(f"the page: {run / 'page.png'}\nwhat was read where: {run / 'page_read.png'}", highlight=False)
    console.print(f"the worst of the frozen lines: {run / 'worst_lines.png'}", highlight=False)


def main(arguments: list[str] | None = None) -> int:
    """Run the demo and return its exit code; unknown options go to the training."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--page", type=int, default=0, help="which page is drawn at the end")
    options, of_training = parser.parse_known_args(arguments)
    console, begun = Console(), time.monotonic()
    console.rule("training")
    run = train(options.runs, of_training)
    console.rule("scoring and exporting")
    model = score_and_export(run)
    read_a_page(run, model, console, options.page)
    print(NEXT.format(run=run))
    console.print(f"done in {time.monotonic() - begun:.0f} s; everything is in {run}", highlight=False)
    return 0


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
