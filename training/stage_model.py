"""Make a model ready for use: a checkpoint becomes an exported, proven, numbered model, with digests and its origin.

stage_model.py RUN --name lines            export the run's best weights into registry/lines/v1
stage_model.py --fetch lines --out model   bring the newest back, verified; text-recognizer read --model model
stage_model.py --list                      say what is staged
"""

from __future__ import annotations

import tempfile
from contextlib import redirect_stdout
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentParser

from text_recognizer.errors import UsageError
from text_recognizer.inference.recipe import FILE_NAME, Recipe, sha256_of
from training import export
from training.command_line import mistakes_shown, parse
from training.export import read_json
from training.registry import Staged, add, bring, find, names, versions
from training.run_folder import latest_run
from training.wandb_models import download, upload


def stage(source: Path, name: str, registry: Path, int8: Path | None = None) -> tuple[Path, bool]:
    """Export `source` unless it is an exported model already, and add it to the registry.

    Args:
        source: a run, its checkpoint, or an exported model.
        int8: a folder of pages, to quantise with; see training/export.py.

    Returns:
        The version's folder, and whether it is new.

    Raises:
        UserError: it cannot be exported, or the registry cannot be written.
    """
    if (source / FILE_NAME).exists():
        return add(registry, name, source, {"model": str(source), **(Recipe.load(source).created_by or {})})
    with tempfile.TemporaryDirectory() as folder:
        more = ["--int8", str(int8)] if int8 else []
        with redirect_stdout(StringIO()) as said:
            export.main([str(source), "--out", f"{folder}/model", "--name", name, *more])
        print("exported: " + said.getvalue().replace(f"{folder}/model: ", "").strip())
        return add(registry, name, Path(folder) / "model", origin_of(source))


def origin_of(source: Path) -> dict[str, Any]:
    """Return what a run's folder knows of the checkpoint that is staged."""
    run = source.parent if source.suffix == ".ckpt" else source
    checkpoint = source if source.suffix == ".ckpt" else run / "best.ckpt"
    made = read_json(run / "origin.json") or {}
    return {
        "run": run.name,
        "checkpoint": checkpoint.name,
        "checkpoint_sha256": sha256_of(checkpoint),
        "config_sha256": sha256_of(run / "config.yaml"),
        "finished": read_json(run / "finished.json"),
        "git_commit": made.get("git_commit"),
        "locks_sha256": made.get("locks_sha256"),
        "staged": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def told(staged: Staged) -> str:
    """Return one line about a staged model."""
    origin = staged.origin
    source = f"run {origin['run']}, {origin['checkpoint']}" if "run" in origin else f"model {origin.get('model')}"
    return f"{staged.name}:{staged.version}, {len(staged.files)} files, of {source}"


def main(arguments: list[str] | None = None) -> int:
    """Stage, fetch or list, and return 0."""
    parser = ArgumentParser(description=__doc__, exit_on_error=False)
    parser.add_argument(
        "source", type=Path | None, nargs="?", help="a run, a .ckpt or an exported model; else the newest run"
    )
    parser.add_argument("--name", type=str | None, help="of the model in the registry; the run's name if left out")
    parser.add_argument("--registry", type=Path, default=Path("registry"), help="the folder of staged models")
    parser.add_argument("--int8", type=Path | None, help="quantise; a folder of pages whose lines set the ranges")
    parser.add_argument("--fetch", type=str | None, metavar="NAME[:VERSION]", help="bring a staged model back")
    parser.add_argument("--out", type=Path | None, help="where to; models/NAME if left out")
    parser.add_argument("--wandb", type=str | None, metavar="PROJECT", help="stage at W&B as well, or fetch from there")
    parser.add_argument("--list", action="store_true", help="say what the registry holds")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where the newest run is looked for")
    options = parse(parser, arguments, {})
    if options.list:
        for name in names(options.registry):
            print(*(told(Staged.load(path)) for path in versions(options.registry, name).values()), sep="\n")
        return 0
    if options.fetch:
        return fetch(options.fetch, options.out, options.registry, options.wandb)
    if options.out:
        raise UsageError("--out: is where --fetch puts a model; give --registry to stage one elsewhere")
    source = options.source or latest_run(options.runs)
    name = options.name or (source.parent if source.suffix == ".ckpt" else source).resolve().name
    folder, new = stage(source, name, options.registry, options.int8)
    print(f"{folder}: {'' if new else 'holds just that already: '}{told(Staged.load(folder))}")
    if options.wandb:
        upload(folder, options.wandb, options.registry)
    return 0


def fetch(wanted: str, out: Path | None, registry: Path, project: str | None) -> int:
    """Bring a staged model to `out` and return 0."""
    out = out or Path("models") / wanted.partition(":")[0]
    if project:
        with download(wanted, project) as folder:
            staged = bring(folder, out)
    else:
        staged = bring(find(registry, wanted), out)
    print(f"{out}: {told(staged)}, verified; read with: text-recognizer read --model {out} PAGE")
    return 0


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
