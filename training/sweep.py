"""Try options from a W&B sweep file on this machine, without an account: training/sweep.py [options] [-- more options]

Every trial is an ordinary run, named after the sweep and its number; what comes after -- goes to all of them, as in
`training/sweep.py --trials 20 -- --data.fonts data/fonts`. A sweep that was stopped or killed goes on with the same
command: the trial that was under way is resumed from its last checkpoint.
"""

from __future__ import annotations

import csv
import os
import sys
import warnings
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # before torch: spinning threads stall where cores are shared

import optuna
from jsonargparse import ArgumentParser
from jsonargparse.typing import PositiveInt
from optuna.trial import FrozenTrial, TrialState
from rich.console import Console
from rich.table import Table

from text_recognizer.callbacks.checkpoints import SAVED_EXIT_CODE
from text_recognizer.errors import UsageError, UserError
from text_recognizer.inference.run_lock import RunLock
from training import run_experiment
from training.command_line import mistakes_shown, parse
from training.run_folder import is_finished, numbered
from training.sweep_space import Space, read_space

SPACE = Path(__file__).with_name("sweep.yaml")

MOST_STARTS = 3
"""How often a trial is begun again that took the whole program down."""


def open_study(space: Space, path: Path, about: dict, seed: int) -> optuna.Study:
    """Return the sweep in the file `path`, made if it is not there.

    Args:
        space: what is tried.
        path: an SQLite file; it survives a kill at any time.
        about: the space's text and the options of all trials, which must stay as they are.
        seed: of the choice; with the number of trials so far it decides the next one.

    Raises:
        UserError: the sweep was begun with another space or other options.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{path}",
        study_name=path.stem,
        direction="minimize" if space.minimize else "maximize",
        load_if_exists=True,
    )
    if study.user_attrs and study.user_attrs.get("about") != about:
        raise UserError(
            f"{path}: this sweep was begun with another space, seed or options ({study.user_attrs['about']}); keep"
            " them, or give a new sweep another --name"
        )
    study.set_user_attr("about", about)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.sampler = {
            "bayes": lambda: optuna.samplers.TPESampler(seed=seed + len(study.trials)),
            "random": lambda: optuna.samplers.RandomSampler(seed=seed + len(study.trials)),
            "grid": lambda: optuna.samplers.BruteForceSampler(seed=seed),
        }[space.method]()
    return study


def next_trial(study: optuna.Study, space: Space) -> FrozenTrial:
    """Return the trial that was under way when the sweep ended, or a new one."""
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        starts = int(trial.user_attrs.get("starts", 0))
        if trial.params.keys() == space.varied.keys() and starts < MOST_STARTS:
            return trial
        study.tell(trial.number, state=TrialState.FAIL)  # killed while its options were chosen, or over and over
    study.ask(dict(space.varied))
    return study.trials[-1]


def run_trial(trial: FrozenTrial, space: Space, runs: Path, name: str, options: list[str]) -> tuple[int, Path | None]:
    """Train a trial to its end, or from its last checkpoint on, and return the exit code and its folder."""
    named = f"{name}-t{trial.number:03d}"
    if not (finished := finished_run(runs, named)):
        chosen = [f"--{option}={value}" for option, value in {**space.fixed, **trial.params}.items()]
        own = ["--runs", str(runs), "--name", named, "--resume", "auto"]
        if code := run_experiment.main([*chosen, *options, *own]):
            return code, None
        finished = finished_run(runs, named)
    return 0, finished


def finished_run(runs: Path, name: str) -> Path | None:
    """Return the finished run of this name, None if there is none."""
    return next((path for _, path in sorted(numbered(runs, name).items()) if is_finished(path)), None)


def best_value(folder: Path, space: Space) -> float:
    """Return the best value of the space's metric in a run.

    Raises:
        UserError: the run has none.
    """
    with (folder / "metrics.csv").open(newline="") as stream:
        values = [float(row["value"]) for row in csv.DictReader(stream) if row["metric"] == space.metric]
    if not values:
        raise UserError(f"{folder}/metrics.csv: holds no {space.metric}; name a metric of this file in the sweep file")
    return min(values) if space.minimize else max(values)


def sweep(space: Space, study: optuna.Study, runs: Path, name: str, trials: int, options: list[str]) -> int:
    """Make trials until there are `trials`, and return the exit code."""
    while len([t for t in study.get_trials(deepcopy=False) if t.state.is_finished()]) < trials:
        trial = next_trial(study, space)
        note = study._storage.set_trial_user_attr
        note(trial._trial_id, "starts", int(trial.user_attrs.get("starts", 0)) + 1)
        print(f"trial {trial.number}: {', '.join(f'{option} {short(v)}' for option, v in trial.params.items())}")
        try:
            code, folder = run_trial(trial, space, runs, name, options)
            if code == SAVED_EXIT_CODE:
                note(trial._trial_id, "starts", 0)
                return code
            assert folder is not None
            note(trial._trial_id, "run", str(folder))
            study.tell(trial.number, best_value(folder, space))
        except UsageError:
            study.tell(trial.number, state=TrialState.FAIL)
            raise
        except UserError as error:
            note(trial._trial_id, "error", str(error))
            study.tell(trial.number, state=TrialState.FAIL)
            print(f"trial {trial.number} failed: {error}")
    return 0


def report(study: optuna.Study, space: Space) -> Table:
    """Return the table of trials, the best one first."""
    table = Table(space.metric, *(option.rpartition(".")[2] for option in space.varied), "run")
    done = [trial for trial in study.trials if trial.state == TrialState.COMPLETE]
    done.sort(key=lambda trial: trial.value if space.minimize else -trial.value)
    for trial in [*done, *(trial for trial in study.trials if trial.state != TrialState.COMPLETE)]:
        told = f"{trial.value:.4f}" if trial.value is not None else trial.state.name.lower()
        chosen = (short(trial.params.get(option, "")) for option in space.varied)
        table.add_row(told, *chosen, Path(trial.user_attrs.get("run", "")).name)
    return table


def short(value: object) -> str:
    """Return a value in few digits."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def main(arguments: list[str] | None = None) -> int:
    """Make the trials and return 0, or 85 if a signal stopped the sweep and it can go on."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    own, options = (given[: given.index("--")], given[given.index("--") + 1 :]) if "--" in given else (given, [])
    parser = ArgumentParser(description=__doc__, exit_on_error=False)
    parser.add_argument("--space", type=Path, default=SPACE, help="a W&B sweep file")
    parser.add_argument("--trials", type=PositiveInt | None, help="in all, earlier ones included; run_cap if left out")
    parser.add_argument("--name", default="sweep", help="of the sweep; its runs are NAME-t000-001 and so on")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of all runs")
    parser.add_argument("--seed", type=int, default=0, help="of the choice")
    asked = parse(parser, own, {})
    space = read_space(asked.space)
    asked.runs.mkdir(parents=True, exist_ok=True)
    lock = RunLock(asked.runs / f"{asked.name}.lock", asked.runs / asked.name)
    try:
        about = {"space": asked.space.read_text(encoding="utf-8"), "options": options, "seed": asked.seed}
        study = open_study(space, asked.runs / f"{asked.name}.db", about, asked.seed)
        code = sweep(space, study, asked.runs, asked.name, asked.trials or space.trials, options)
        Console(width=120).print(report(study, space))
        if code:
            print("stopped and saved; the same command goes on")
        return code
    finally:
        lock.release()


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
