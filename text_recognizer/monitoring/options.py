"""The command line of `text-recognizer monitor`; imports nothing heavy."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any


def add_monitor(commands: Any) -> Any:
    """Add the command to the commands of a parser, and return its own parser."""
    about = "look at what was recorded: a report, its reference, and corrections to learn from"
    parser = commands.add_parser("monitor", help=about, description=about.capitalize() + ".", allow_abbrev=False)
    actions = parser.add_subparsers(metavar="ACTION", dest="action", required=True)
    report = _action(actions, "report", "write one HTML page with plots and alarms")
    report.add_argument("--out", required=True, type=Path, metavar="HTML", help="the page, a file of its own")
    about = "what readings looked like when all was well; without it no drift is looked for"
    report.add_argument("--reference", type=Path, metavar="JSON", help=about)
    _days(report)
    about = "keep what readings look like now, to compare later ones with; best written when a model is staged"
    reference = _action(actions, "reference", about)
    reference.add_argument("--out", required=True, type=Path, metavar="JSON", help="the reference")
    _days(reference)
    about = "write corrected lines as x.png and x.gt.txt, for `make fine-tune`"
    export = _action(actions, "export", about)
    export.add_argument("--out", required=True, type=Path, metavar="DIR", help="a new folder, or that of an export")
    return parser


def _action(actions: Any, name: str, about: str) -> Any:
    parser = actions.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".", allow_abbrev=False)
    about = "the SQLite file or s3://bucket/prefix that the programs record to"
    parser.add_argument("store", metavar="STORE", help=about)
    return parser


def _days(parser: Any) -> None:
    parser.add_argument("--days", type=_number, metavar="N", help="only the readings of the last N days")


def _number(word: str) -> float:
    if not re.fullmatch(r"\d{1,5}(\.\d{1,6})?", word) or not float(word):
        raise argparse.ArgumentTypeError(f"{word!r} is not a number of days above 0")
    return float(word)
