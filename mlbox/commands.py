"""What each command of the command line does."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlbox import box as boxes
from mlbox import graph
from mlbox.cache import STATE, Digests, Stamps
from mlbox.cli import box_path
from mlbox.faults import USAGE, Fault
from mlbox.graph import Bound
from mlbox.lock import locked
from mlbox.model import Box
from mlbox.plan import choose, render
from mlbox.platforms import find_platform, is_platform
from mlbox.workshop import Workshop

if TYPE_CHECKING:
    from mlbox.runner import Runner


def _opened(options: argparse.Namespace) -> tuple[Workshop, str, str, list[str]]:
    """Return (workshop, task, set, NAME=VALUE words) of a command line."""
    words = list(options.words)
    platform = words.pop(0) if len(words) > 1 and is_platform(words[0]) else ""
    if not words:
        raise Fault(f"mlbox {options.command}: which box? give its folder, as in examples/hello_world", USAGE)
    folder, implementation, task, name = box_path(words.pop(0))
    box = boxes.load(folder)
    if implementation and options.env:
        raise Fault(f"{box.file}: both {folder}/{implementation} and --env {options.env}; give one of them", USAGE)
    graph.check(box)
    place = find_platform(platform, dict(box.platforms))
    spec = choose(box, implementation or options.env, place)
    if implementation and place.env == "podman" and spec.kind == "docker":
        spec = replace(spec, kind="podman")
    return Workshop(box, place, spec), task, name, words


def _goal(box: Box, task: str) -> str:
    if not task and len(box.tasks) == 1:
        return next(iter(box.tasks))
    if not task:
        raise Fault(
            f"{box.file}: which task? give one of {', '.join(box.tasks)}, "
            f"as in {box.file.parent}:{next(iter(box.tasks), 'TASK')}"
        )
    return task


def _values(words: list[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    for name, equals, _ in pairs:
        if not equals:
            raise Fault(f"{name}: expected NAME=VALUE; platforms come before the box, as FILE:NAME or @NAME", USAGE)
    return {name: value for name, _, value in pairs}


def run(options: argparse.Namespace) -> int:
    """Run a task and what it needs."""
    from mlbox.runner import Runner, perform

    opened, task, name, words = _opened(options)
    shop = Runner(opened.box, opened.platform, opened.spec)
    goal = graph.bind(shop.box, _goal(shop.box, task), name, _values(words))
    goals = sweep(shop.box, goal, options.sweep) if options.sweep else [goal]
    steps = goals if options.only else [*graph.order(shop.box, goal)[:-1], *goals]
    if options.dry_run:
        return _print_scripts(shop, steps)
    graph.check_inputs(shop.box, steps, local=not (shop.platform.host or shop.platform.queue))
    with locked(shop.box.root) as handle:
        shop = replace(shop, lock=handle)
        if options.sweep and shop.platform.place == "slurm":
            code = perform(shop, steps[: -len(goals)], False) or shop.array(goals)
        else:
            code = 0
            for index in range(len(steps) - len(goals), len(steps)):
                todo = steps[: len(steps) - len(goals)] if index == len(steps) - len(goals) else []
                code = code or perform(shop, [*todo, steps[index]], options.force, options.detach)
    if options.json:
        stamp = Stamps(shop.box.root).read(*goals[-1].node)
        print(json.dumps({key: stamp[key] for key in sorted(stamp) if key != "record"}))
    return code


def _print_scripts(shop: Runner, steps: list[Bound]) -> int:
    if len(steps) == 1:
        sys.stdout.write(shop.shown(shop.step(steps[0])))
        return 0
    for number, bound in enumerate(steps, 1):
        print(f"# ---- {number} of {len(steps)}: {bound.title}\n(\n{shop.shown(shop.step(bound))}) || exit")
    return 0


def sweep(box: Box, goal: Bound, text: str) -> list[Bound]:
    """Return the goal once for each value of `NAME=A,B`, its outputs named after the value."""
    name, equals, listed = text.partition("=")
    param = goal.task.params.get(name)
    if not equals or not listed or param is None or param.kind != "param":
        known = [other.name for other in goal.task.params.values() if other.kind == "param"]
        raise Fault(
            f"--sweep {text}: give NAME=VALUE,VALUE with a parameter of {goal.task.name}: "
            f"{', '.join(known) or 'it has none'}"
        )
    outputs = goal.of("output")
    swept = []
    for value in listed.split(","):
        mark = f"-{name}={value.replace('/', '_')}"
        paths = {key: path + mark if key in outputs else path for key, path in goal.paths.items()}
        swept.append(Bound(goal.task, goal.set + mark, paths, {**goal.scalars, name: value}))
    return swept


def configure(options: argparse.Namespace) -> int:
    """Make the environment or image."""
    from mlbox.runner import Runner

    shop, _, _, words = _opened(options)
    if words:
        raise Fault(f"{words[0]}: configure takes a platform and a box only", USAGE)
    if options.dry_run:
        place = "ssh" if shop.platform.host else "local"
        sys.stdout.write(render(replace(shop, platform=replace(shop.platform, place=place)).step(None)))
        return 0
    with locked(shop.box.root) as handle:
        return Runner(shop.box, shop.platform, shop.spec, handle).configure()


def describe(options: argparse.Namespace) -> int:
    """Print what a box can do."""
    from mlbox import description

    shop, task, _, _ = _opened(options)
    if task:
        graph.bind(shop.box, task)
    if options.dockerfile:
        print(description.dockerfile(shop))
    else:
        print(description.as_json(shop) if options.json else description.as_text(shop, task))
    return 0


def status(options: argparse.Namespace) -> int:
    """Print how a run stands, or how those of a box do."""
    from mlbox import runs
    from mlbox.runs import find_run

    folder = Path(options.run) / STATE / "runs"
    if (Path(options.run) / "mlbox.yaml").is_file():
        found = [
            runs.Run(Path(options.run).resolve(), path.name)
            for path in sorted(folder.glob("*"))
            if (path / "run.json").exists()
        ]
    else:
        found = [find_run(options.run)]
    states = {run.name: run.journal.get("state") or run.state() for run in found}
    print(
        json.dumps(states)
        if options.json
        else "\n".join(f"{name}  {state}" for name, state in states.items()) or "no runs"
    )
    return 0


def logs(options: argparse.Namespace) -> int:
    """Print what a run has written."""
    from mlbox.runs import find_run

    return find_run(options.run).logs(options.follow)


def fetch(options: argparse.Namespace) -> int:
    """Take in a run's results."""
    from mlbox.runs import find_run, say

    run = find_run(options.run)
    with locked(run.root):
        code = run.fetch()
    say(f"{run.name}: fetched, exit code {code}")
    return code


def cancel(options: argparse.Namespace) -> int:
    """End a run."""
    from mlbox.runs import find_run, say

    run = find_run(options.run)
    run.cancel()
    say(f"{run.name}: ended")
    return 0


def init(options: argparse.Namespace) -> int:
    """Write a mlbox.yaml; with --repository all that others' training repository needs."""
    from mlbox.init import write_box
    from mlbox.repository import add_repository
    from mlbox.runs import say

    if bool(options.repository) != bool(options.from_git):
        raise Fault("mlbox init: --repository NAME and --from-git URL belong together; give both", USAGE)
    if options.repository:
        written = add_repository(Path(options.folder), options.repository, options.from_git)
        boxes.load(Path(options.folder, options.repository))
        say(f"{options.repository}: wrote {', '.join(map(str, written))}; see instructions/third_party.md")
        return 0
    path = write_box(Path(options.folder))
    box = boxes.load(path.parent)
    say(f"{box.file}: written, with the tasks {', '.join(box.tasks)}; mlbox describe {path.parent}")
    return 0


def clean(options: argparse.Namespace) -> int:
    """Remove what runs have left."""
    from mlbox import runs

    box = boxes.load(Path(options.box))
    with locked(box.root):
        for name in ("runs", "trash"):
            shutil.rmtree(box.root / STATE / name, ignore_errors=True)
        if options.outputs:
            for bound in graph.nodes(box).values():
                for path in bound.of("output").values():
                    _remove(box.root / box.workspace / path)
            shutil.rmtree(box.root / STATE / "stamps", ignore_errors=True)
        if options.cache:
            for unused in runs.unused(options.older):
                runs.say(f"removing {unused}")
                _remove(unused)
        Digests(box.root).save()
    return 0


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
