"""Start a training as ClearML hands it over: python training/clearml_train.py config=FILE nproc_per_node=2

The same arguments come from `clearml-task --args` when an agent runs it. Without ClearML, or with
CLEARML_OFFLINE_MODE=1, it trains from dataset_path as it is. It needs the standard library only, so that it can be
copied beside another repository's trainer with that one's TRAINER and LAUNCHER, as `mlbox init --repository` does.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

TRAINER = "-m training.run_experiment --config={config}"
"""What python is given; {config}, {launcher} (pytorch or none) and {here}, this file's folder, are filled in."""
LAUNCHER = "-m torch.distributed.run"
"""What starts several processes; it is given --nproc_per_node, and --standalone where it is PyTorch's."""
PROJECT = "clearml-example-project"
TRUE, FALSE = ("true", "1", "yes", ""), ("false", "0", "no")


class Refused(Exception):
    """An argument that the user can correct; the message says how."""


def main(arguments: Sequence[str] | None = None, trainer: str = "") -> int:
    """Fetch the data set, start the trainer, once for each process, and return its exit code.

    Args:
        arguments: `name=value`, `--name=value` or `--name value`; those that are not known go to the trainer.
        trainer: in the place of TRAINER.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    task = start_task()
    try:
        options, rest = parsed(given, recorded(task))
        if task is not None and task.running_locally():  # so that it can be cloned and sent to a queue
            task.set_parameters({f"Args/{name}": value for name, value in {**vars(options), **rest}.items()})
        if options.config:
            options.config = configuration(task, options.config)
        place_data(task, options.dataset_id, options.dataset_path)
        command = [sys.executable, *launched(options), *trained(trainer or TRAINER, options)]
    except Refused as problem:
        print(f"clearml_train.py: {problem}", file=sys.stderr)
        return 2
    return run([*command, *(f"--{name}={value}" for name, value in rest.items())])


def start_task() -> Any:
    """Return ClearML's task of this process; None where ClearML is not installed, not set up, or offline.

    It is asked for before any argument is parsed: only then does an agent hand its arguments over.
    """
    if os.environ.get("CLEARML_OFFLINE_MODE", "").lower() in ("1", "true"):
        return None
    settings = os.environ.get("CLEARML_CONFIG_FILE") or Path.home() / "clearml.conf"
    if not os.environ.get("CLEARML_API_HOST") and not Path(settings).exists():
        return None
    try:
        clearml = importlib.import_module("clearml")
    except ImportError:
        return None
    name = os.environ.get("CLEARML_TASK_NAME") or Path.cwd().name
    return clearml.Task.init(project_name=PROJECT, task_name=name, auto_connect_frameworks=False)


def recorded(task: Any) -> dict[str, str]:
    """Return the arguments that the task was created with; they are text, whatever they were."""
    if task is None or task.running_locally():
        return {}
    return {name[5:]: str(value) for name, value in task.get_parameters().items() if name.startswith("Args/")}


def parsed(words: Sequence[str], handed_over: dict[str, str]) -> tuple[argparse.Namespace, dict[str, str]]:
    """Return the options and, by name, what is left for the trainer.

    Raises:
        Refused: a word is no `name=value`, or a value is none that its option knows.

    >>> options, rest = parsed(["config=a.yaml", "--nproc_per_node", "2", "--lr=0.1"], {})
    >>> options.config, options.nproc_per_node, rest
    ('a.yaml', '2', {'lr': '0.1'})
    """
    found = {**handed_over, **_pairs(list(words))}
    defaults = {"dataset_id": "", "dataset_path": "", "config": "", "standalone": "True", "nproc_per_node": "1"}
    options = argparse.Namespace(**{name: found.pop(name, default) for name, default in defaults.items()})
    if options.standalone.lower() not in (*TRUE, *FALSE):
        raise Refused(f"standalone={options.standalone}: give True or False")
    if options.nproc_per_node not in ("gpu", "auto") and not _is_count(options.nproc_per_node):
        raise Refused(f"nproc_per_node={options.nproc_per_node}: give 1 or more, gpu or auto")
    return options, found


def _is_count(text: str) -> bool:
    return text.isdecimal() and int(text) > 0


def _pairs(words: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    while words:
        word = words.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        if not equals:
            if not word.startswith("--") or not words:
                raise Refused(f"{word}: is no NAME=VALUE; give it as in config=training/configs/line_ctc.yaml")
            value = words.pop(0)
        found[name] = value
    return found


def configuration(task: Any, config: str) -> str:
    """Return the configuration's path, or that of a copy beside it where someone has edited it in the browser."""
    path = Path(config)
    if not path.is_file():
        raise Refused(f"config={config}: there is no such file below {Path.cwd()}; is it committed and pushed?")
    if task is None:
        return config
    edited = Path(task.connect_configuration(path, name="config")).read_bytes()
    if edited == path.read_bytes():
        return config
    copy = path.with_name(f"{path.stem}-edited{path.suffix}")
    copy.write_bytes(edited)
    return str(copy)


def launched(options: argparse.Namespace) -> list[str]:
    """Return the words that start torchrun, where there is more than one process."""
    if options.nproc_per_node == "1":
        return []
    standalone = ["--standalone"] if options.standalone.lower() in TRUE and "torch" in LAUNCHER else []
    return [*shlex.split(LAUNCHER), *standalone, f"--nproc_per_node={options.nproc_per_node}"]


def trained(trainer: str, options: argparse.Namespace) -> list[str]:
    """Return the trainer's words.

    >>> options = argparse.Namespace(config="a b.py", nproc_per_node="2")
    >>> trained("tools/train.py {config} --launcher {launcher}", options)
    ['tools/train.py', 'a b.py', '--launcher', 'pytorch']
    """
    known = {"config": options.config, "here": str(Path(__file__).resolve().parent)}
    known["launcher"] = "none" if options.nproc_per_node == "1" else "pytorch"
    words = [word.format(**known) for word in shlex.split(trainer)]
    return [word for word in words if options.config or word not in ("", "--config=")]


def place_data(task: Any, dataset_id: str, dataset_path: str) -> None:
    """Have the data set where the configuration expects it; a copy that ClearML keeps is linked, not copied again.

    Raises:
        Refused: it can neither be fetched nor is it there, or something else lies in its place.
    """
    path = Path(dataset_path) if dataset_path else None
    if not dataset_id or task is None:
        if path and not path.exists():
            how = "ClearML is not there to fetch it" if dataset_id else "no dataset_id was given"
            raise Refused(f"dataset_path={path}: there is nothing, and {how}; put the data there")
        return
    if path is None:
        raise Refused(f"dataset_id={dataset_id}: where to? give dataset_path=FOLDER, as the configuration has it")
    if path.exists() and not path.is_symlink():
        raise Refused(f"dataset_path={path}: a folder of yours is there; move it, or leave dataset_id out to use it")
    try:
        copy = importlib.import_module("clearml").Dataset.get(dataset_id=dataset_id).get_local_copy()
    except ValueError as error:
        raise Refused(f"dataset_id={dataset_id}: {error}; `clearml-data list` shows those that there are") from None
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(copy, target_is_directory=True)
    print(f"clearml_train.py: {path} is data set {dataset_id}", flush=True)


def run(command: Sequence[str]) -> int:
    """Run the trainer and return its exit code; what ends us is passed on to it, so that it can save.

    It is a process of its own even where it is the only one: ClearML replaces the parser of arguments in ours.
    """
    print(f"clearml_train.py: {shlex.join(command)}", flush=True)
    roots = [str(Path(__file__).resolve().parents[1]), str(Path.cwd())]
    path = os.pathsep.join(filter(None, [*roots, os.environ.get("PYTHONPATH", "")]))
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path})

    def forward(number: int, frame: FrameType | None) -> None:
        process.send_signal(number)

    before = {name: signal.signal(name, forward) for name in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)}
    try:
        code = process.wait()
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    raise SystemExit(main())
