"""What each lever of the synthetic data is worth: the same small model, trained with it and without it.

    .venv/bin/python benchmarks/ablation.py --list
    .venv/bin/python benchmarks/ablation.py --steps 4000                          # every lever, one run after the other
    .venv/bin/python benchmarks/ablation.py --steps 4000 --lever no-font_hands    # one of them

A run that was stopped goes on where it was, a finished one is not repeated, and after each the table in
instructions/ablation.md is written anew from all that are finished. Needs make fonts texts pages. The rows are compared
with the row "all", line by line and resampled by writer or family. Choose by the real writers and the validation
families; those of the frozen lines are test families, shown so that a choice can be seen to hold for them too.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as training sets it

import numpy as np
import yaml

from text_recognizer.charset import LATIN
from text_recognizer.data.alto_pages import page_samples, split_pages
from text_recognizer.data.base import Sample
from text_recognizer.data.frozen_lines import read_lines
from text_recognizer.metrics.error_rate import character_error_rate
from text_recognizer.synth.effects import NONE, REAL_PAGES, Effects
from text_recognizer.synth.fonts import family_name
from text_recognizer.synth.lines import GROUP, LineSynthesiser
from text_recognizer.synth.splits import split_of_family
from training.command_line import mistakes_shown
from training.readers import reader_of
from training.run_experiment import main as run_experiment
from training.run_folder import REPOSITORY, is_finished, write_whole

BASE = "all"
"""The lever that all others are compared with: every effect, every family, no real lines."""

SCORES = "ablation.json"
"""File in a run's folder with the errors of each line of each set."""

SETS = ("real writers", "validation hands", "validation print", "test hands", "test print")

Scores = dict[str, dict[str, list]]
"""Set -> errors, units and source of each line."""


@dataclass(frozen=True)
class Lever:
    """What a row of the table is trained with.

    Attributes:
        says: the row's name in words.
        effects: shares of the effects.
        families: share of the handwriting families of training that is kept.
        strength: of the degradation.
        real: share of real lines.
    """

    says: str
    effects: Effects = REAL_PAGES
    families: float = 1.0
    strength: float = 1.0
    real: float = 0.0


LEVERS = {
    BASE: Lever("every effect, every family, no real line"),
    "no-effects": Lever("no effects", NONE),
    **{f"no-{f.name}": Lever(f"without {f.name}", replace(REAL_PAGES, **{f.name: 0.0})) for f in fields(Effects)},
    "half-families": Lever("half of the handwriting families", families=0.5),
    "no-families": Lever("no handwriting families but two", families=0.0),
    "half-families-no-hands": Lever(
        "half of the families, without font_hands", replace(REAL_PAGES, font_hands=0.0), families=0.5
    ),
    "no-degradation": Lever("black on white", NONE, strength=0.0),
    "real": Lever("half of the lines real", real=0.5),
    "real-no-effects": Lever("half of the lines real, no effects", NONE, real=0.5),
}


def config_of(name: str, lever: Lever, fonts: Path, options: argparse.Namespace) -> dict:
    """Return the experiment of a lever, as training/run_experiment.py reads it."""
    data = {
        "characters": LATIN,
        "fonts": str(fonts),
        "texts": str(options.texts),
        "strength": lever.strength,
        "validation_lines": 32,
        "effects": asdict(lever.effects),
    }
    if lever.real:
        data |= {"pages": str(options.pages), "real": lever.real}
    return {
        "name": name,
        "runs": str(options.runs),
        "max_steps": options.steps,
        "threads": options.threads,
        "logger": "none",
        "data": {"class_path": "AltoPages" if lever.real else "SyntheticLines", "init_args": data},
        "model": {"class_path": "LineCTC", "init_args": {"channels": [24, 32, 64, 96], "width": 128, "layers": 2}},
        "lit_model": {"lr": 0.003, "warmup": 100},
    }


def fonts_with(share: float, fonts: Path, scratch: Path) -> Path:
    """Return a folder of links to the fonts, with that share of the handwriting families of training.

    Which families stay depends on nothing but their names: every second of them, or none.
    """
    if share == 1:
        return fonts
    folder = scratch / f"fonts-{share:g}"
    folders = sorted(path for path in (fonts / "handwriting").iterdir() if path.is_dir())
    trained = [path for path in folders if split_of_family(_family(path)) == "train"]
    kept = set(folders) - set(trained) | {path for i, path in enumerate(trained) if i % 2 < 2 * share}
    for path in (*kept, *(path for path in (fonts / "print").iterdir() if path.is_dir())):
        link = folder / path.parent.name / path.name
        link.mkdir(parents=True, exist_ok=True)
        for file in path.iterdir():
            (link / file.name).unlink(missing_ok=True)
            (link / file.name).symlink_to(file.resolve())
    return folder


def _family(folder: Path) -> str:
    return family_name(next(path for path in sorted(folder.iterdir()) if path.suffix in (".ttf", ".otf")))


def trained(name: str, options: argparse.Namespace) -> tuple[Path, int]:
    """Train a lever unless that is done, from where it was stopped; return the run's folder and an exit code."""
    folder = options.runs / f"{name}-001"
    if folder.exists() and is_finished(folder):
        return folder, 0
    lever = LEVERS[name]
    config = options.runs / f"{name}.yaml"
    options.runs.mkdir(parents=True, exist_ok=True)
    fonts = fonts_with(lever.families, options.fonts, options.runs)
    write_whole(config, yaml.safe_dump(config_of(name, lever, fonts, options), allow_unicode=True))
    return folder, run_experiment(["--config", str(config), "--resume", "auto"])


def sets_of(options: argparse.Namespace) -> dict[str, list[Sample]]:
    """Return the lines that every model is scored on."""
    frozen = REPOSITORY / "tests" / "data" / "lines"
    return dict(
        zip(
            SETS,
            (
                page_samples(split_pages(options.pages, "val")),
                drawn_lines(1.0, options),
                drawn_lines(0.0, options),
                read_lines(frozen / "handwriting"),
                read_lines(frozen / "print"),
            ),
            strict=True,
        )
    )


def drawn_lines(handwriting: float, options: argparse.Namespace) -> list[Sample]:
    """Return lines in the validation families, without effects."""
    lines = LineSynthesiser(
        split="validation", handwriting=handwriting, fonts=options.fonts, strokes=0.0, characters=LATIN
    )
    drawn = (lines.line(i * GROUP) for i in range(options.lines))
    return [Sample(line.image_HW, line.text, None, line.source) for line in drawn]


def score(folder: Path, sets: dict[str, list[Sample]]) -> None:
    """Write the errors of a run's model on every set into its folder."""
    read_with = reader_of(folder)
    scores: Scores = {}
    for name, samples in sets.items():
        rate = character_error_rate(
            read_with([sample.image_HW for sample in samples]), [sample.text for sample in samples]
        )
        scores[name] = {
            "errors": rate.errors_N.tolist(),
            "units": rate.units_N.tolist(),
            "sources": [sample.source for sample in samples],
        }
    write_whole(folder / SCORES, json.dumps(scores))


def difference(base: dict[str, list], other: dict[str, list], draws: int = 2000) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the difference of two CERs on the same lines, sources resampled."""
    sources = sorted(set(base["sources"]))
    groups = [np.flatnonzero(np.array(base["sources"]) == source) for source in sources]
    more, units = (
        np.array([values[group].sum() for group in groups])
        for values in (np.array(other["errors"]) - np.array(base["errors"]), np.array(base["units"]))
    )
    picks = np.random.default_rng(0).integers(len(groups), size=(draws, len(groups)))
    low, high = np.quantile(more[picks].sum(1) / np.maximum(1, units[picks].sum(1)), [0.025, 0.975])
    return float(low), float(high)


def table_of(found: dict[str, Scores], steps: int, lines: int) -> str:
    """Return the page of the results."""
    head = f"""# What the levers of the synthetic data are worth

CER in % of a small model (channels 24-32-64-96, width 128, two layers, Latin charset) after {steps:,} steps, greedy; in
brackets the 95 % interval of the difference to the first row on the same lines, in points, resampled by writer or
family. Choices are made by the first three columns; the others are test families. Written by

    .venv/bin/python benchmarks/ablation.py --steps {steps} --lines {lines} --lever {" ".join(found)}

"""
    rows = ["| trained with | " + " | ".join(SETS) + " |", "|---" * (len(SETS) + 1) + "|"]
    for name, lever in LEVERS.items():
        if name in found:
            cells = (_cell(found, name, of) for of in SETS)
            rows.append(f"| {lever.says} | " + " | ".join(cells) + " |")
    return head + "\n".join(rows) + "\n"


def _cell(found: dict[str, Scores], name: str, of: str) -> str:
    scores = found[name][of]
    rate = 100 * sum(scores["errors"]) / max(1, sum(scores["units"]))
    if name == BASE or BASE not in found:
        return f"{rate:.1f}"
    low, high = difference(found[BASE][of], scores)
    return f"{rate:.1f} ({100 * low:+.1f} to {100 * high:+.1f})"


def written_table(options: argparse.Namespace) -> bool:
    """Write the table from the runs that are finished; return whether there are any."""
    folders = {name: options.runs / f"{name}-001" for name in LEVERS}
    found = {name: json.loads((f / SCORES).read_text()) for name, f in folders.items() if (f / SCORES).exists()}
    if found:
        write_whole(options.table, table_of(found, options.steps, options.lines))
    return bool(found)


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lever", nargs="+", choices=list(LEVERS), default=list(LEVERS), metavar="NAME")
    parser.add_argument("--list", action="store_true", help="print the levers")
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--lines", type=int, default=160, help="lines drawn in validation families, of each kind")
    parser.add_argument("--threads", type=int, default=1, help="of training")
    parser.add_argument("--fonts", type=Path, default=Path("data/fonts"))
    parser.add_argument("--texts", type=Path, default=Path("data/texts"))
    parser.add_argument("--pages", type=Path, default=Path("data/copiste"))
    parser.add_argument("--runs", type=Path, help="runs/ablation-STEPS if left out")
    parser.add_argument("--table", type=Path, default=Path("instructions/ablation.md"))
    options = parser.parse_args(arguments)
    options.runs = options.runs or Path(f"runs/ablation-{options.steps}")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, score and write the table; return 0, or the exit code of a run that was stopped."""
    options = options_of(arguments)
    if options.list:
        print("\n".join(f"{name:24}{lever.says}" for name, lever in LEVERS.items()))
        return 0
    sets: dict[str, list[Sample]] = {}
    for name in options.lever:
        print(f"{name}: {LEVERS[name].says}", flush=True)
        folder, code = trained(name, options)
        if code:
            return code
        if not (folder / SCORES).exists():
            sets = sets or sets_of(options)
            score(folder, sets)
        written_table(options)
    if options.table.exists():
        print(options.table.read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
