"""The command line: describe configure run status logs fetch cancel init clean help."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from mlbox.faults import INTERRUPTED, OTHER, USAGE, Fault

EPILOG = """\
BOX is the folder of a box; BOX/NAME the same box with its implementation NAME, as in examples/hello_world/docker.
PLATFORM is FILE:NAME or @NAME; without one the task runs on this machine. SET is `default` if left out.
mlbox help COMMAND says more. Exit codes: the task's own; 120 called wrongly, 121 input missing, 122 engine, host or
GPU absent, 123 output missing, 124 connection lost, 125 other, 130 stopped."""
COMMANDS = {
    "describe": "what a box can do, in which order, and what is due and why",
    "configure": "make the environment or image where the tasks will run",
    "run": "run a task, after those whose outputs it needs and that are due",
    "status": "how a run stands, or the runs of a box",
    "logs": "what a run has written",
    "fetch": "take in the results of a run that ended while nobody looked",
    "cancel": "end a run",
    "init": "write a mlbox.yaml for a folder of scripts",
    "clean": "remove outputs, run folders or unused environments",
    "help": "this, or more about one command",
}


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the command line."""

    def error(self, message: str) -> NoReturn:
        raise Fault(f"{self.prog}: {message}; see mlbox help {self.prog.partition(' ')[2]}".rstrip(), USAGE)


def parser() -> tuple[Parser, dict[str, Parser]]:
    """Return the parser and those of its commands."""
    top = Parser("mlbox", description="The same task on any platform.", epilog=EPILOG)
    top.formatter_class = argparse.RawDescriptionHelpFormatter
    top.add_argument("--debug", action="store_true", help="show the traceback of a fault")
    made: dict[str, Parser] = {}
    group = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=Parser)
    for name, meaning in COMMANDS.items():
        made[name] = group.add_parser(name, help=meaning, description=meaning)
    target = "[PLATFORM] BOX[:TASK[/SET]]"
    for name in ("describe", "configure", "run"):
        usage = f"{target} [NAME=VALUE ...]" if name == "run" else target
        made[name].usage = f"mlbox {name} {usage} [options]"
        made[name].add_argument("words", nargs="*", metavar="WORD", help=usage)
        made[name].add_argument("--env", default="", metavar="NAME", help="the implementation to take, by name or kind")
    made["describe"].add_argument("--json", action="store_true", help="for programs")
    made["describe"].add_argument(
        "--dockerfile", action="store_true", help="print a Dockerfile made from the requirements"
    )
    add = made["run"].add_argument
    add("-n", "--dry-run", action="store_true", help="print the scripts instead of running them")
    add("-f", "--force", action="store_true", help="run the task even if nothing has changed")
    add("--only", action="store_true", help="without the tasks that it depends on")
    add("--detach", action="store_true", help="come back at once; see status, logs, fetch and cancel")
    add("--sweep", default="", metavar="K=A,B", help="once for each value of a parameter; one array on Slurm")
    add("--json", action="store_true", help="print the run's record at the end")
    made["configure"].add_argument(
        "-n", "--dry-run", action="store_true", help="print the script instead of running it"
    )
    made["status"].add_argument("run", nargs="?", default=".", metavar="RUN|BOX")
    made["status"].add_argument("--json", action="store_true", help="for programs")
    for name in ("logs", "fetch", "cancel"):
        made[name].add_argument("run", metavar="RUN")
    made["logs"].add_argument("-f", "--follow", action="store_true", help="until the run ends")
    made["init"].add_argument("folder", nargs="?", default=".", metavar="DIR")
    made["init"].add_argument("--repository", default="", metavar="NAME", help="add others' training repository to DIR")
    made["init"].add_argument("--from-git", default="", metavar="URL", help="where git finds it")
    made["clean"].add_argument("box", metavar="BOX")
    made["clean"].add_argument("--outputs", action="store_true", help="also what the tasks wrote")
    made["clean"].add_argument(
        "--cache", action="store_true", help="also environments and images unused for --older days"
    )
    made["clean"].add_argument("--older", type=int, default=30, metavar="DAYS")
    made["help"].add_argument("topic", nargs="?", choices=list(COMMANDS), metavar="COMMAND")
    return top, made


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says and return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _dispatch(given)
    except Fault as fault:
        if "--debug" in given:
            raise
        print(f"mlbox: {fault}", file=sys.stderr)
        return fault.code
    except KeyboardInterrupt:
        print("mlbox: stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OTHER
    except ModuleNotFoundError as error:
        if error.name != "yaml":
            raise
        print(
            f"mlbox: PyYAML is not installed for {sys.executable}; {sys.executable} -m pip install pyyaml",
            file=sys.stderr,
        )
        return OTHER
    except OSError as error:
        if "--debug" in given:
            raise
        path = error.filename or "a file"
        print(f"mlbox: {path}: {error.strerror}; make room or correct the rights, then run again", file=sys.stderr)
        return OTHER


def _dispatch(given: list[str]) -> int:
    top, made = parser()
    options = top.parse_args([word for word in given if word != "--debug"])
    if options.command in (None, "help"):
        topic = getattr(options, "topic", None)
        (made[topic] if topic else top).print_help()
        return 0
    from mlbox import commands  # imports nothing heavy, but help need not wait for it

    command: Callable[[argparse.Namespace], int] = getattr(commands, options.command)
    return command(options)


def console() -> NoReturn:
    """Entry point of the program `mlbox`."""
    raise SystemExit(main())


def box_path(word: str) -> tuple[Path, str, str, str]:
    """Return (folder, implementation, task, set) of `BOX[/IMPLEMENTATION][:TASK[/SET]]`."""
    folder, target = word, ""
    if not Path(word).is_dir():
        before, colon, after = word.rpartition(":")
        folder, target = (before, after) if colon else (word, "")
    task, _, name = target.partition("/")
    path = Path(folder)
    if not (path / "mlbox.yaml").is_file() and (path.parent / "mlbox.yaml").is_file():  # though docker/ be a folder
        return path.parent, path.name, task, name
    return path, "", task, name
