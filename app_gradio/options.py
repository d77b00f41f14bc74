"""The command line of `python -m app_gradio`; imports nothing heavy, so that ``--help`` answers at once."""

from __future__ import annotations

import argparse
import os
from typing import NoReturn

from text_recognizer.errors import UsageError

STORE = "runs/monitoring/app.db"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {message.rstrip('.')}; see `{self.prog} --help`")


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the options that the arguments set.

    Raises:
        UsageError: they cannot be understood, or do not belong together.
    """
    about = "A page in the browser that reads pictures and shows what stands where."
    parser = _Parser(prog="python -m app_gradio", description=about, allow_abbrev=False)
    add = parser.add_argument
    add("--model", metavar="NAME", help="best (default) or fast, which come along, or the folder of an exported model")
    about = "have a server or Lambda function of ours read instead, as in http://localhost:8000"
    add("--model-url", metavar="URL", help=about)
    add("--model-key", metavar="VARIABLE", help="environment variable that holds the key which that server asks for")
    add("--host", default="127.0.0.1", metavar="NAME", help="address to listen on (default 127.0.0.1; 0.0.0.0 for all)")
    add("--port", type=_port, default=7860, metavar="N", help="port to listen on (default 7860; 0 for a free one)")
    about = f"SQLite file or s3://bucket/prefix for numbers about readings and for feedback (default {STORE})"
    add("--store", default=STORE, metavar="STORE", help=about)
    add("--no-store", action="store_true", help="keep nothing, and have no buttons for feedback")
    add("--keep-text", action="store_true", help="keep what was read, too")
    add("--keep-pictures", action="store_true", help="keep pictures that people correct, too: fine-tuning needs them")
    about = "threads that read; 0 (default) leaves it to onnxruntime"
    add("--threads", type=_count, default=0, metavar="N", help=about)
    options = parser.parse_args(arguments)
    _check(options, parser)
    return options


def _check(options: argparse.Namespace, parser: _Parser) -> None:
    if options.model and options.model_url:
        parser.error("--model: a model of this machine and --model-url exclude each other; give one")
    if options.model_key and not options.model_url:
        parser.error("--model-key: is for --model-url; give both or neither")
    if options.model_key and options.model_key not in os.environ:
        parser.error("--model-key: there is no environment variable of that name; export the key first")
    if options.no_store and (options.keep_text or options.keep_pictures):
        parser.error("--no-store: keeps nothing, --keep-text and --keep-pictures do; give one or the other")


def _port(word: str) -> int:
    if not word.isdecimal() or int(word) > 65_535:
        raise argparse.ArgumentTypeError(f"{word!r} is not a port, 0 to 65535")
    return int(word)


def _count(word: str) -> int:
    if not word.isdecimal() or int(word) > 999:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number from 0 to 999")
    return int(word)
