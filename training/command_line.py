"""Reading options with jsonargparse, and answering a user's mistake with one sentence instead of a traceback."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pkgutil import iter_modules

from jsonargparse import ArgumentError, ArgumentParser, Namespace

from text_recognizer.errors import UsageError, UserError, nearest


@contextmanager
def mistakes_shown() -> Iterator[None]:
    """Print a UserError as one sentence on stderr and exit with its code."""
    try:
        yield
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        print("stopped by the keyboard; --resume auto goes on from the last checkpoint", file=sys.stderr)
        raise SystemExit(130) from None


def import_all(package: str) -> None:
    """Import the modules of a package, so that their classes can be named without a path."""
    for module in iter_modules(import_module(package).__path__):
        import_module(f"{package}.{module.name}")


def subclasses(base: type) -> dict[str, type]:
    """Return all classes below `base` that have been imported, by name."""
    found = {cls.__name__: cls for cls in base.__subclasses__()}
    for cls in tuple(found.values()):
        found |= subclasses(cls)
    return found


def parse(parser: ArgumentParser, arguments: list[str] | None, bases: dict[str, type]) -> Namespace:
    """Return the parsed options.

    Args:
        parser: made with ``exit_on_error=False``.
        arguments: of the command line; None takes those of the process.
        bases: the options that name a class, with its base.

    Raises:
        UsageError: an option, a class or a value is not valid; the message names the nearest valid ones.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    for name, base in bases.items():
        _check_class(name, _value_of(f"--{name}", given), subclasses(base))
    try:
        return parser.parse_args(given)
    except ArgumentError as error:
        raise UsageError(_sentence(str(error), parser)) from None


def _value_of(option: str, arguments: list[str]) -> str | None:
    for place, argument in enumerate(arguments):
        if argument == option and place + 1 < len(arguments):
            return arguments[place + 1]
        if argument.startswith(f"{option}="):
            return argument.partition("=")[2]
    return None


def _check_class(option: str, name: str | None, known: dict[str, type]) -> None:
    if name is None or name.rpartition(".")[2] in known or name.startswith("{"):
        return
    raise UsageError(
        f"--{option} {name}: there is no such class; {nearest(name, known)} (all: {', '.join(sorted(known))})"
    )


def _sentence(message: str, parser: ArgumentParser) -> str:
    """Return the heart of jsonargparse's message, with the nearest options where one is unknown."""
    unknown = re.search(r"[Uu]nrecognized arguments?: (\S+)|Key '([^']+)' (?:is not expected|does not exist)", message)
    if unknown:
        option = (unknown[1] or f"--{unknown[2]}").partition("=")[0]
        known = [name for action in parser._actions for name in action.option_strings if name.startswith("--")]
        return f"{option}: there is no such option; {nearest(option, known)}"
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return " ".join(lines)[:400]
