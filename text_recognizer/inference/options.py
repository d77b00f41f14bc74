"""The command line of `text-recognizer`; imports nothing heavy, so that ``--help`` answers at once."""

import argparse
import re
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from text_recognizer.errors import UsageError, UserError, nearest
from text_recognizer.inference.labelling.options import add_label, check_label
from text_recognizer.page_ranges import ALL_PAGES, PageRanges
from text_recognizer.pdf import DPI

FORMATS = ("text", "json", "tsv", "hocr", "alto", "page")
ENGINES = ("local", "ray")
TEXT_LAYERS = ("ignore", "keep")
READERS = ("lines", "paragraph")
BOXES_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")


class Parser(argparse.ArgumentParser):
    """Raises UsageError where argparse would print its usage and exit; names the nearest option for a mistyped one."""

    def error(self, message: str) -> NoReturn:
        """Turn argparse's message into a sentence of ours."""
        raise UsageError(f"{self.prog}: {message.rstrip('.')}; see `{self.prog} --help`")

    def options(self) -> list[str]:
        """Return this parser's long options and commands."""
        return [o for o in self._option_string_actions if o.startswith("--")] + list(self.commands())

    def commands(self) -> "dict[str, Parser]":
        """Return the parsers of this parser's commands by their names."""
        found = [a.choices for a in self._actions if isinstance(a, argparse._SubParsersAction)]
        return {name: parser for choices in found for name, parser in choices.items()}


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the options that the arguments set.

    Raises:
        UsageError: they cannot be understood.
        SystemExit: ``--help`` or ``--version`` was answered.
    """
    parser, commands = _parser()
    command = next((word for word in arguments if not word.startswith("-")), None)
    if command is not None and command not in parser.options():
        raise UsageError(f"text-recognizer: {command!r} is not a command; {nearest(command, commands)}")
    options, unknown = parser.parse_known_args(arguments)
    active = commands[command] if command else parser
    active = active.commands().get(getattr(options, "action", ""), active)
    if unknown:
        word = unknown[0].split("=")[0]
        raise UsageError(f"{active.prog}: {word!r} is not an option; {nearest(word, active.options())}")
    if command is None:
        parser.error("no command given")
    if command in ("label", "read"):
        (check_label if command == "label" else _check_read)(options, active)
    return options


def _check_read(options: argparse.Namespace, reader: argparse.ArgumentParser) -> None:
    if options.boxes and options.boxes.suffix.lower() not in BOXES_SUFFIXES:
        reader.error(f"--boxes: {options.boxes} does not end like a picture ({', '.join(BOXES_SUFFIXES)})")
    if options.read_as == "paragraph" and options.model is None:
        reader.error("--reader paragraph: no such model comes along; name the folder of one with --model")
    if options.restart and not is_folder(options.out):
        reader.error("--restart: only a run with --out FOLDER can be resumed or restarted; name a folder with --out")


def is_folder(out: Path | None) -> bool:
    """Return whether results go to a folder: one that exists, or a new name without a suffix."""
    return out is not None and (out.is_dir() or (not out.exists() and not out.suffix))


def _parser() -> tuple[Parser, dict[str, Parser]]:
    """Return the parser of the whole line, and those of its commands."""
    parser = Parser(prog="text-recognizer", description="Reads text in pictures.", allow_abbrev=False)
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command")
    about = "read pictures of pages or lines"
    reader = commands.add_parser("read", help=about, description=about.capitalize() + ".", allow_abbrev=False)
    add = reader.add_argument
    about = "pictures, PDF files, folders, zip and tar archives, URLs (s3://, https://), or - for the standard input"
    add("images", nargs="+", metavar="IMAGE", help=about)
    add(
        "--format",
        type=_one_of(FORMATS),
        default="text",
        metavar="NAME",
        help="text (default), json, tsv, hocr, alto or page (PAGE XML)",
    )
    add("--out", type=Path, metavar="PATH", help="a file for all results, or a folder (no suffix) for one file each")
    add("--boxes", type=Path, metavar="PNG", help="draw what was read where; further pages get -2, -3 and so on")
    about = "which pages of PDF and TIFF files to read, as in 3-9 or 1,4,7- (default: all)"
    add("--pages", type=_pages, default=ALL_PAGES, metavar="RANGES", help=about)
    add("--dpi", type=_dpi, default=DPI, metavar="N", help=f"at which pages of PDF files are drawn (default {DPI:.0f})")
    about = "pages of PDF files that have text: read their pictures all the same (ignore, the default) or keep the text"
    add("--text-layer", type=_one_of(TEXT_LAYERS), default=TEXT_LAYERS[0], metavar="NAME", help=about)
    add("--line", action="store_true", help="every picture is one text line")
    add("--model", metavar="NAME", help="best (default) or fast, which come along, or the folder of an exported model")
    about = "look for lines and read each (lines, the default), or a page as a whole by a model made for it (paragraph)"
    add("--reader", dest="read_as", type=_one_of(READERS), default=READERS[0], metavar="NAME", help=about)
    add("--abstain", type=_share, default=0.0, metavar="P", help="give no text for lines less certain than P, 0 to 1")
    about = "have a language model help with lines that the model is unsure of (default: it does)"
    add("--language-model", action=argparse.BooleanOptionalAction, default=True, help=about)
    about = "read lines that the model is unsure of again, drawn wider (default: as the model's recipe has it)"
    add("--second-look", action=argparse.BooleanOptionalAction, default=True, help=about)
    about = "threads per line; 0 (default) leaves it to onnxruntime; with several jobs 1 is the default"
    add("--threads", type=_count, metavar="N", help=about)
    about = "pages that are read at the same time, in processes of their own; 0 for one per core (default: 1)"
    add("--jobs", type=_count, metavar="N", help=about)
    about = "who reads: processes of this machine (local, the default), or the machines of a cluster (ray)"
    add("--engine", type=_one_of(ENGINES), default="local", metavar="NAME", help=about)
    add("--restart", action="store_true", help="forget what was read into --out FOLDER before")
    found = {"read": reader, "label": add_label(commands, _pages, _dpi)}
    # by its name, as a plugin: monitoring stands above reading and imports it
    return parser, {**found, "monitor": import_module("text_recognizer.monitoring.options").add_monitor(commands)}


def _one_of(names: Iterable[str]):  # type: ignore[no-untyped-def]
    def checked(word: str) -> str:
        if word not in names:
            raise argparse.ArgumentTypeError(f"{word!r} is not known; {nearest(word, names)}")
        return word

    return checked


def _pages(word: str) -> PageRanges:
    try:
        return PageRanges.parse(word)
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _dpi(word: str) -> float:
    if not re.fullmatch(r"\d{1,4}", word) or not 30 <= int(word) <= 1200:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number from 30 to 1200")
    return float(word)


def _share(word: str) -> float:
    try:
        share = float(word)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number from 0 to 1")
    return share


def _count(word: str) -> int:
    if not re.fullmatch(r"\d{1,3}", word):
        raise argparse.ArgumentTypeError(f"{word!r} is not a number from 0 to 999")
    return int(word)


class _Version(argparse.Action):
    """Prints the installed version; looked up only when asked for, since that takes longer than the rest."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import PackageNotFoundError, version

        try:
            print(f"text-recognizer {version('text-recognizer')}")
        except PackageNotFoundError:
            print("text-recognizer (not installed)")
        parser.exit()
