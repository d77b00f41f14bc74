"""Score a run, a checkpoint or an exported model on folders of lines: CER and WER with 95 % bootstrap intervals.

The worst lines are drawn into a picture. Without --lines the frozen test lines of handwriting and print are read. With
--ablate an exported model also reads them greedily, with and without its second look at unsure lines.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: spinning threads stall where cores are shared

import numpy as np
from jsonargparse import ArgumentParser
from rich.console import Console
from rich.table import Table

from text_recognizer.callbacks.sample_pictures import picture_of
from text_recognizer.data.alto_pages import page_samples, read_pages
from text_recognizer.data.base import Sample
from text_recognizer.data.frozen_lines import TABLE, read_lines
from text_recognizer.data.transcription import without_marks
from text_recognizer.errors import UserError
from text_recognizer.inference.recipe import FILE_NAME
from text_recognizer.metrics.error_rate import character_error_rate, word_error_rate
from training.command_line import mistakes_shown, parse
from training.readers import ReadLines, reader_of
from training.run_folder import REPOSITORY, latest_run, write_whole

FROZEN = (REPOSITORY / "tests/data/lines/handwriting", REPOSITORY / "tests/data/lines/print")


@dataclass(frozen=True)
class Score:
    """Error rates of one source of lines; rates and the ends of their intervals are shares, not percents."""

    source: str
    lines: int
    cer: float
    cer_interval: tuple[float, float]
    wer: float
    wer_interval: tuple[float, float]


def score(name: str, read: Sequence[str], truths: Sequence[str]) -> Score:
    """Return the error rates of what was read against the truths."""
    cer, wer = character_error_rate(read, truths), word_error_rate(read, truths)
    return Score(name, len(truths), cer.rate, cer.interval(), wer.rate, wer.interval())


RUN = 4
"""Words in a row that two texts must share to be taken for copies of one."""


def scores_of(
    read_with: ReadLines, folders: Sequence[Path], worst: Path | None = None, learnt: Path | None = None
) -> list[Score]:
    """Read the lines of each folder, return a score per folder and, below it, one per source within.

    Args:
        read_with: the reader.
        folders: each with a truth.tsv, or with transcribed pages (ALTO or PAGE XML), whose lines are cut by the truth.
        worst: where the worst lines of all folders are drawn.
        learnt: a folder of lines that the model learnt; those of `folders` that share no text with it get a score too.
    """
    scores: list[Score] = []
    known = runs_of_words(texts_of(learnt)) if learnt else set()
    everything: list[tuple[Sample, str]] = []
    for folder in folders:
        samples = samples_of(folder)
        read = read_with([sample.image_HW for sample in samples])
        scores.append(score(folder.name, read, [sample.text for sample in samples]))
        if learnt:
            new = [(r, s.text) for r, s in zip(read, samples, strict=True) if not known & runs_of_words([s.text])]
            name = f"{folder.name}, no text of {learnt.name}"
            scores.append(score(name, [r for r, _ in new], [t for _, t in new]))
        for source in sorted({sample.source for sample in samples}):
            rows = [(r, s.text) for r, s in zip(read, samples, strict=True) if s.source == source]
            scores.append(score(f"  {source}", [r for r, _ in rows], [t for _, t in rows]))
        everything += zip(samples, read, strict=True)
    if worst:
        draw_worst(everything, worst)
    return scores


def ablated(model: Path, folders: Sequence[Path], learnt: Path | None = None) -> list[Score]:
    """Return the scores of an exported model without its language model, and without its second look as well."""
    if not (model / FILE_NAME).exists():
        raise UserError(f"--ablate: {model} is not an exported model, it has nothing to leave out; leave out --ablate")
    found = []
    for second_look, name in ((True, "greedy"), (False, "greedy, one look")):
        scores = scores_of(reader_of(model, language_model=False, second_look=second_look), folders, learnt=learnt)
        found += [replace(row, source=f"{row.source}, {name}") for row in scores]
    return found


def samples_of(folder: Path) -> list[Sample]:
    """Return the lines of a folder with a truth.tsv, or those of a folder of transcribed pages."""
    return page_samples(read_pages(folder)) if _is_pages(folder) else read_lines(folder)


def _is_pages(folder: Path) -> bool:
    return not (folder / TABLE).exists() and any(folder.rglob("*.xml"))


def texts_of(folder: Path) -> list[str]:
    """Return the texts of a folder's lines, of its pages in their order."""
    if _is_pages(folder):
        return [without_marks(line.text) for page in read_pages(folder) for line in page.lines]
    return [sample.text for sample in read_lines(folder)]


def runs_of_words(texts: Iterable[str]) -> set[tuple[str, ...]]:
    """Return all runs of `RUN` words in texts, and whole texts that are shorter; case does not count.

    >>> sorted(runs_of_words(["Il était une fois un roi", "Le roi"]))[0]
    ('il', 'était', 'une', 'fois')
    """
    found = set()
    for text in texts:
        words = text.casefold().split()
        found |= {tuple(words[k : k + RUN]) for k in range(max(1, len(words) - RUN + 1))}
    return found


def draw_worst(lines: Sequence[tuple[Sample, str]], path: Path, count: int = 20) -> None:
    """Draw the `count` lines with the highest share of wrong characters, the truth and the reading below each."""
    rates = character_error_rate([read for _, read in lines], [sample.text for sample, _ in lines])
    order = np.argsort(-rates.errors_N / np.maximum(1, rates.units_N), kind="stable")[:count]
    picture_of([(lines[i][0].image_HW, lines[i][0].text, lines[i][1]) for i in order]).save(path)


def print_table(scores: Sequence[Score], details: bool) -> None:
    """Print the scores of the folders, with `details` those of their sources too."""
    table = Table("lines of", "lines", "CER %", "95 % interval", "WER %", "95 % interval")
    for row in scores:
        if details or not row.source.startswith(" "):
            cer, wer = (f"{100 * low:.1f} - {100 * high:.1f}" for low, high in (row.cer_interval, row.wer_interval))
            table.add_row(row.source, str(row.lines), f"{100 * row.cer:.2f}", cer, f"{100 * row.wer:.1f}", wer)
    Console().print(table)


def main(arguments: list[str] | None = None) -> int:
    """Print the scores and return 0."""
    parser = ArgumentParser(description=__doc__, exit_on_error=False)
    parser.add_argument(
        "model", type=Path | None, nargs="?", help="a run, checkpoint or model; the newest run if left out"
    )
    parser.add_argument("--lines", type=Path, nargs="+", default=list(FROZEN), help="folders with a truth.tsv or pages")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where the newest run is looked for")
    parser.add_argument("--details", type=bool, default=True, help="a row per font or writer")
    parser.add_argument("--ablate", type=bool, default=False, help="rows for greedy readings too")
    about = "folder of lines or pages that were learnt: a row too for the lines that share no text with it"
    parser.add_argument("--unseen", type=Path | None, help=about)
    parser.add_argument("--worst", type=Path | None, help="picture of the worst lines; in the run's folder or here")
    parser.add_argument("--json", type=Path | None, help="file that the scores are written to")
    options = parse(parser, arguments, {})
    model = options.model or latest_run(options.runs)
    worst = options.worst or place_of_worst(model)
    read_with = reader_of(model)
    check_writable("--worst", worst)
    if options.json:
        check_writable("--json", options.json)
    scores = ablated(model, options.lines, options.unseen) if options.ablate else []
    scores += scores_of(read_with, options.lines, worst, options.unseen)
    print_table(scores, options.details)
    print(f"the worst lines: {worst}")
    if options.json:
        write_whole(options.json, json.dumps([asdict(row) for row in scores], indent=1) + "\n")
    return 0


def place_of_worst(model: Path) -> Path:
    """Return where the worst lines are drawn: into a run's folder, never into that of an exported model."""
    if (model / FILE_NAME).exists():
        return Path("worst_lines.png")
    return (model if model.is_dir() else model.parent) / "worst_lines.png"


def check_writable(option: str, path: Path) -> None:
    """Refuse a file that cannot be written, before the minutes of reading whose result it is for.

    Raises:
        UserError: it is a folder, or its folder is missing or closed.
    """
    if path.is_dir():
        raise UserError(f"{option} {path}: is a folder; name a file")
    try:
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise UserError(f"{option} {path}: cannot be written ({error.strerror}); name another file") from error


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
