"""Fine-tune a model that ships, or one of your own, on transcribed lines or pages: make fine-tune DATA=DIR

The folder may have any layout of instructions/own_data.md. Its lines are split by writer, synthetic lines are mixed in,
and of what was learnt as much is kept as leaves print as it was read before. What comes out is a folder that
`text-recognizer read --model` takes, with a card that says what was gained on lines that were not learnt.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: spinning threads stall where cores are shared

from jsonargparse import ArgumentParser

from text_recognizer.charset import Charset
from text_recognizer.data.own_data import OwnData, OwnLine, Splits, read_own_data, splits, unknown_characters
from text_recognizer.errors import UserError
from text_recognizer.inference.output import check_writable
from text_recognizer.models.base import LineModel
from training.command_line import mistakes_shown, parse
from training.evaluate import FROZEN, Score, print_table, score, scores_of
from training.keeping import Known, print_lines
from training.readers import reader_of, trained_model
from training.run_folder import write_whole
from training.tuning import RANGES, Start, Tuning, add_options, folder_of, name_of, train, usual_steps, write_model

CharsetChange = Literal["fail", "union", "new"]
"""What becomes of characters that the model lacks: refused, added, or the model's own are given up for the data's."""


def characters_for(change: CharsetChange, known: str, lines: list[OwnLine]) -> str:
    """Return the characters of the tuned model.

    Raises:
        UserError: the lines have others than those known, and `change` is fail.
    """
    if change == "new":
        return "".join(sorted({" ", *(character for line in lines for character in line.text)}))
    unknown = unknown_characters(lines, Charset(known))
    if unknown and change == "fail":
        named = ", ".join(f"{c.character!r} (U+{ord(c.character):04X}, {c.count} times)" for c in unknown[:10])
        raise UserError(
            f"{unknown[0].first}: {len(unknown)} characters of the texts are not among the {len(known)} of the model:"
            f" {named}; add them with --charset union, or correct the texts"
        )
    return known + "".join(sorted(c.character for c in unknown))


def scored(model: Path, lines: list[OwnLine], name: str) -> list[Score]:
    """Return the scores of a model on lines that it has not learnt, and on the frozen print where that is there."""
    read_with = reader_of(model)
    own = score(name, read_with([line.image_HW() for line in lines]), [line.text for line in lines])
    return [own, *(scores_of(read_with, FROZEN[1:])[:1] if FROZEN[1].is_dir() else [])]


def card(name: str, start: Start, found: Splits, data: OwnData, told: str, rows: list[tuple[Score, Score]]) -> str:
    """Return the model card."""
    table = "\n".join(
        f"| {old.source} | {old.lines} | {_rate(old)} | {_rate(new)} | {_change(old, new)} |" for old, new in rows
    )
    counts = ", ".join(f"{split} {len(lines)}" for split, lines in found.items() if lines)
    source = data.folder.resolve().name
    writers = len({line.group for line in found["train"]})
    return f"""# {name}

The model {start.recipe.name}, fine-tuned on {len(found["train"])} lines by {writers} writers or pages of
`{source}` (layout {data.layout}; lines: {counts}; {found.note}).
{told}

| lines that were not learnt | number | CER % before (95 % interval) | after | change |
|---|---|---|---|---|
{table}

What is said of {start.recipe.name} in its own card holds for this one too. Its weights may be used as far as the
licence of `{source}` allows.
"""


def _rate(row: Score) -> str:
    low, high = row.cer_interval
    return f"{100 * row.cer:.2f} ({100 * low:.1f}-{100 * high:.1f})"


def _change(old: Score, new: Score) -> str:
    return f"{100 * (new.cer / old.cer - 1):+.0f} %" if old.cer else "-"


def _pair(rows: tuple[Score, Score]) -> dict[str, Any]:
    return {"before": asdict(rows[0]), "after": asdict(rows[1])}


def prepared(options: Any, start: Start) -> tuple[OwnData, Splits, str]:
    """Return the lines, how they are split, and the new model's characters; say on the way what is there.

    Raises:
        UserError: there are not enough lines, or they have characters that may not be added.
    """
    data = read_own_data(options.data, options.layout)
    for fault in data.faults:
        print(f"left out: {fault}")
    found = splits(data)
    characters = characters_for(options.charset, start.recipe.characters, data.lines)
    if not found["train"] or not found[unseen_of(found)]:
        raise UserError(f"{options.data}: {found.note}; lines to learn and lines to measure by are needed, so add some")
    print(f"{data.folder}: layout {data.layout}, " + ", ".join(f"{len(v)} lines {k}" for k, v in found.items() if v))
    return data, found, characters


def unseen_of(found: Splits) -> str:
    """Return the split whose lines are not learnt and say what was gained."""
    return "test" if found["test"] else "val"


def weighed(change: CharsetChange, start: Start, model: LineModel) -> tuple[LineModel, float, str]:
    """Return the model with as much of what was learnt as leaves print read as before, that share, and the sentence."""
    if change == "new":
        return model, 1.0, "it reads no other characters than the data's."
    known = Known(start.model(model.characters), print_lines(start.recipe.characters))
    model, share = known.kept(model)
    told = f"{100 * share:.0f} % of what was learnt is kept, so that print is read as before."
    added = model.characters[len(start.recipe.characters) :]
    return model, share, told + (f" New characters: {' '.join(added)}." if added else "")


def fine_tune(options: Any) -> int:
    """Do it and return the exit code: 0 done, 85 stopped by a signal and saved."""
    start = Start.load(options.start)
    folder = folder_of(options, start)
    if options.json:
        check_writable(options.json.parent)
    data, found, characters = prepared(options, start)
    steps, unseen = options.steps or usual_steps(len(found["train"])), unseen_of(found)
    print(f"{found.note}; {steps} steps from {start.recipe.name}", flush=True)
    run = train(Tuning.of(options, steps).config(start, options.data, data.layout, characters), options.resume)
    if isinstance(run, int):
        return run
    model, share, told = weighed(options.charset, start, trained_model(run))
    told = f"{steps} steps; {told}"
    some = found["train"][:: max(1, len(found["train"]) // RANGES)]
    write_model(start, model, folder, options.name, [line.image_HW() for line in some])
    rows = list(zip(*(scored(path, found[unseen], unseen) for path in (start.folder, folder)), strict=True))
    if options.json:
        write_whole(options.json, json.dumps({"steps": steps, "kept": share, "scores": [*map(_pair, rows)]}) + "\n")
    write_whole(folder / "card.md", card(options.name, start, found, data, told, rows))
    print(told)
    report(rows, unseen, start.recipe.name, folder)
    return 0


def report(rows: list[tuple[Score, Score]], unseen: str, start: str, folder: Path) -> None:
    """Print the scores before and after, and where the model is."""
    pairs = [((old, "before"), (new, "after")) for old, new in rows]
    print_table([replace(row, source=f"{row.source}, {when}") for pair in pairs for row, when in pair], details=False)
    if rows[0][1].cer >= rows[0][0].cer:
        print(f"it reads the lines of {unseen} no better than {start} does; more lines help, or more --steps")
    print(f"the model: {folder}\nread with it: text-recognizer read page.png --model {folder}")


def main(arguments: list[str] | None = None) -> int:
    """Fine-tune what the command line says and return the exit code."""
    parser = ArgumentParser(prog="fine_tune", description=__doc__, exit_on_error=False)
    add = parser.add_argument
    add("data", type=Path, help="folder of transcribed lines or pages, or its table")
    add("--layout", type=str | None, help="of the folder; looked for if left out")
    add("--start", type=str, default="best", help="best, fast, or the folder of an exported model with weights.pt")
    about = "characters that the model lacks: refuse them, add them, or read no others than the data's"
    add("--charset", type=CharsetChange, default="fail", help=about)
    add("--json", type=Path | None, help="file that the scores before and after are written to")
    add("--resume", type=str | None, help="folder of a run that was stopped, or auto")
    add_options(parser, "own lines")
    options = parse(parser, arguments, {})
    options.name = name_of(options, "tuned-")
    return fine_tune(options)


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
