"""Reading options with jsonargparse, and answering a user's mistake with one sentence instead of a traceback."""

from __future__ import annotations

import errno
import inspect
import re
import sys
from argparse import Action
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import yaml
from jsonargparse import ArgumentError, ArgumentParser, DefaultHelpFormatter, Namespace

from text_recognizer.errors import UsageError, UserError, nearest

OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG}
"""Errors of the operating system that a user can do something about: full, forbidden, read-only."""


class Help(DefaultHelpFormatter):
    """Help of 100 columns whatever the terminal has, so that its length is known, and with short names of classes."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=100, max_help_position=32)

    def format_help(self) -> str:
        return super().format_help().split("\nLinked arguments:")[0].rstrip() + "\n"

    def _expand_help(self, action: Action) -> str:
        text = super()._expand_help(action)
        text = re.sub(r"(?:Optional)?\[?Literal\[([^\]]*)\]\]?", r"\1", text)
        text = re.sub(r"type: ([^()]*?), default: ", r"\1, default: ", text)
        text = re.sub(r"<class '(\w+)'>, default: \{'class_path':\s+'[\w.]+\.(\w+)'\}", r"a \1, default: \2", text)
        text = re.sub(r"<class '([\w.]+)'>", r"\1", re.sub(r"\b(?:\w+\.)+(?=[A-Z]\w+\b)", "", text))
        return re.sub(r"subclass of (\w+)\.(.*known subclasses: )\1, ", r"subclass of \1.\2", text, flags=re.DOTALL)


@contextmanager
def mistakes_shown() -> Iterator[None]:
    """Print a user's mistake, or a full or forbidden disk, as one sentence on stderr and exit with its code."""
    try:
        yield
    except UserError as error:
        print(f"error: {_told(error)}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except OSError as error:
        if error.errno not in OF_THE_DISK:
            raise
        print(
            f"error: {error.filename or 'the disk'}: {error.strerror}; make room or allow it, then run it again",
            file=sys.stderr,
        )
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print("stopped by the keyboard; --resume auto goes on from the last checkpoint", file=sys.stderr)
        raise SystemExit(130) from None


def _told(error: UserError) -> str:
    """Return the message, without the traceback that a worker process of the data loader puts before it."""
    text = str(error)
    return re.split(r"\n[\w.]*(?:UserError|UsageError): ", text)[-1].strip() if "DataLoader worker" in text else text


def import_all(package: str) -> None:
    """Import the modules of a package, so that their classes can be named without a path."""
    for module in iter_modules(import_module(package).__path__):
        import_module(f"{package}.{module.name}")


def subclasses(base: type) -> dict[str, type]:
    """Return all classes below `base` that have been imported and are not bases themselves, by name."""
    found: dict[str, type] = {}
    below: list[type] = base.__subclasses__()
    for cls in below:
        found |= subclasses(cls) if inspect.isabstract(cls) else {cls.__name__: cls} | subclasses(cls)
    return found


def bases_below(base: type) -> set[str]:
    """Return the names of `base` and of those below it that are bases themselves."""
    below: list[type] = base.__subclasses__()
    return {base.__name__}.union(*(bases_below(cls) for cls in below if inspect.isabstract(cls)))


def parse(parser: ArgumentParser, arguments: list[str] | None, bases: Mapping[str, type]) -> Namespace:
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
        for option in (f"--{name}", f"--{name}.class_path", f"--{name}.help"):
            _check_class(option, _value_of(option, given), base)
        _take_defaults_of(name, given, parser, base)
    try:
        options = parser.parse_args(given)
    except (ArgumentError, UnicodeDecodeError) as error:
        raise UsageError(_sentence(str(error), parser, bases)) from None
    for name, base in bases.items():
        _check_class(f"--{name}", options[name].class_path, base)
    return options


def _take_defaults_of(name: str, given: list[str], parser: ArgumentParser, base: type) -> None:
    """Let the class that is named bring its own defaults: jsonargparse would keep those of the default class."""
    chosen = _value_of(f"--{name}", given) or _value_of(f"--{name}.class_path", given)
    if chosen is None and (config := _value_of("--config", given)) is not None:
        with suppress(OSError, yaml.YAMLError, UnicodeDecodeError, TypeError, AttributeError):
            chosen = (yaml.safe_load(Path(config).read_text(encoding="utf-8")).get(name) or {}).get("class_path")
    if isinstance(chosen, str) and chosen.rpartition(".")[2] in subclasses(base):
        parser.set_defaults({name: {"class_path": chosen.rpartition(".")[2]}})


def _value_of(option: str, arguments: list[str]) -> str | None:
    for place, argument in enumerate(arguments):
        if argument == option and place + 1 < len(arguments):
            return arguments[place + 1]
        if argument.startswith(f"{option}="):
            return argument.partition("=")[2]
    return None


def _check_class(option: str, path: str | None, base: type) -> None:
    """Refuse a class that is not known, unless `path` may be a configuration in a file or in YAML."""
    if path is None or path.startswith(("{", "-")) or path.endswith((".yaml", ".yml", ".json")):
        return
    if path.rpartition(".")[2] not in subclasses(base):
        raise UsageError(_class_refused(option, path, base))


def _class_refused(option: str, path: str, base: type) -> str:
    name, known = path.rpartition(".")[2], subclasses(base)
    listed = f"(all: {', '.join(sorted(known))})"
    if name in bases_below(base):
        return f"{option} {name}: is the base of the classes that can be named; name one of them {listed}"
    return f"{option} {path}: there is no such class; {nearest(name, known)} {listed}"


def _sentence(message: str, parser: ArgumentParser, bases: Mapping[str, type]) -> str:
    """Return jsonargparse's message as one sentence: the option, what is wrong with it, what to do."""
    keys = re.findall(r'Parser key "([^"]+)"', message)
    keys = [key for i, key in enumerate(keys) if key not in keys[:i]]
    unknown = re.search(r"unrecognized arguments: ([^\s=]+)|(?:Option|option) '([^']+)'", message)
    if unknown:
        group = re.findall(r"Group '([^']+)'", message)
        if unknown[1] and not unknown[1].startswith("-"):
            return f"{unknown[1]}: is not an option; options begin with --, as in --max_steps 100"
        option = unknown[1] or "--" + ".".join([*keys, *group, unknown[2]])
        return f"{option}: there is no such option; {nearest(option, _options(parser, bases))}"
    missing = re.search(r"import path string: (\S+)|class, but (\S+) is abstract", message)
    if missing and keys and keys[0] in bases:
        return _class_refused(f"--{keys[0]}", missing[1] or missing[2], bases[keys[0]])
    expected = re.search(r"Expected (.+?)(?:\. Got value|\n|$)", message)
    value = re.search(r"(?:Got value|Given value): (.*)", message)
    if keys and expected and value:
        wanted = re.sub(r"<class '([\w.]+)'>", r"\1", expected[1]).replace("a int", "an int")
        wanted = re.sub(r"a typing\.Literal\[(.*)\]", r"one of \1", wanted)
        return f"--{'.'.join(keys)} {value[1]}: it must be {wanted}; give such a value"
    absent = re.search(r"File does not exist: '(.+)'", message)
    if absent:
        return f"{absent[1]}: there is no such file; give the name of a YAML file"
    heart = " ".join(line.strip() for line in message.splitlines() if line.strip())[:300]
    return f"{heart.rstrip('.')}; --help shows the options"


def _options(parser: ArgumentParser, bases: Mapping[str, type]) -> list[str]:
    """Return the names of all options, those of the classes that can be named included."""
    known = [name for action in parser._actions for name in action.option_strings if name.startswith("--")]
    for option, base in bases.items():
        for cls in subclasses(base).values():
            inits = [inspect.signature(kind.__init__) for kind in cls.__mro__]  # a class passes others on to its base
            known += [f"--{option}.{name}" for init in inits for name in init.parameters]
    return [name for name in known if not name.endswith("shtab")]
