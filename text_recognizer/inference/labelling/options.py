"""The command line of `text-recognizer label`; imports nothing heavy."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from text_recognizer.page_ranges import ALL_PAGES
from text_recognizer.pdf import DPI

KEY = "LABEL_API_KEY"
TESSERACT = "tesseract"


def add_label(commands: Any, pages: Callable[[str], Any], dpi: Callable[[str], float]) -> Any:
    """Add the command to the commands of a parser, and return its own parser.

    Args:
        commands: the parser's commands.
        pages, dpi: what checks the options of that name.
    """
    about = "write drafts from another reader, for correction and fine-tuning"
    parser = commands.add_parser("label", help=about, description=about.capitalize() + ".", allow_abbrev=False)
    add = parser.add_argument
    about = "pictures, PDF files and whatever else `read` takes; mostly one folder"
    add("folders", nargs="+", metavar="FOLDER", help=about)
    about = "who drafts: tesseract, or the URL of an OpenAI-compatible endpoint, as in http://localhost:8000/v1"
    add("--teacher", required=True, type=_teacher, metavar="URL|tesseract", help=about)
    about = "the folder for the drafts: lines as x.png, their texts as x.gt.txt, and index.html; texts there are kept"
    add("--out", required=True, type=Path, metavar="DIR", help=about)
    add("--language", type=_language, metavar="NAME", help="for Tesseract, as in fra+eng (default: eng)")
    add("--teacher-model", metavar="NAME", help="the endpoint's model, as it calls it")
    about = f"environment variable that holds the endpoint's key, if it needs one (default: {KEY})"
    add("--teacher-key", type=_variable, metavar="VARIABLE", help=about)
    about = "keep only lines whose two readings differ by at most X percent of the characters"
    add("--agreed", type=_percent, metavar="X", help=about)
    add("--limit", type=_whole, metavar="N", help="end after N lines")
    add("--line", action="store_true", help="every picture is one text line")
    add("--pages", type=pages, default=ALL_PAGES, metavar="RANGES", help="which pages of PDF and TIFF files")
    add("--dpi", type=dpi, default=DPI, metavar="N", help=f"at which pages of PDF files are drawn (default {DPI:.0f})")
    add("--model", metavar="NAME", help="our reader: best (default), fast, or the folder of an exported model")
    add("--timeout", type=_whole, default=120, metavar="S", help="seconds for an endpoint's answer (default 120)")
    about = "times that an endpoint is asked for a line before it is given up (default 6)"
    add("--tries", type=_whole, default=6, metavar="N", help=about)
    return parser


def check_label(options: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Refuse options that do not belong together, by the parser's `error`."""
    if options.teacher == TESSERACT:
        given = [name for name in ("teacher_model", "teacher_key") if getattr(options, name) is not None]
        if given:
            parser.error(f"--{given[0].replace('_', '-')}: is for endpoints; leave it out with --teacher tesseract")
    elif options.language is not None:
        parser.error("--language: is for --teacher tesseract; an endpoint reads what its model can")
    elif not options.teacher_model:
        parser.error("--teacher-model: is needed with an endpoint; name the model as the endpoint calls it")
    elif options.teacher_key is not None and options.teacher_key not in os.environ:
        parser.error("--teacher-key: there is no environment variable of that name; export the key first")
    options.teacher_key = options.teacher_key or KEY


def _teacher(word: str) -> str:
    if word == TESSERACT:
        return word
    if "@" in word:  # it is not repeated, as it may hold a password
        raise argparse.ArgumentTypeError(f"the URL holds a user or password; put the key into {KEY} instead")
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(word)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https") or not re.fullmatch(r"[!-~]+", word) or parts.fragment:
        raise argparse.ArgumentTypeError(f"{word!r} is neither tesseract nor a URL like http://localhost:8000/v1")
    return word


def _variable(word: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", word):  # it may be the key itself: it is not repeated
        raise argparse.ArgumentTypeError("it takes the name of an environment variable, not the key itself")
    return word


def _language(word: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_/]*(\+[A-Za-z][A-Za-z0-9_/]*)*", word):
        raise argparse.ArgumentTypeError(f"{word!r} is no language of Tesseract; write it as in eng or fra+eng")
    return word


def _percent(word: str) -> float:
    try:
        percent = float(word)
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise argparse.ArgumentTypeError(f"{word!r} is not a number from 0 to 100")
    return percent


def _whole(word: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,8}", word):
        raise argparse.ArgumentTypeError(f"{word!r} is not a number from 1 up")
    return int(word)
