"""The verdict of an exercise: a green or a red box below its check cell, whatever went wrong in the cell."""

from __future__ import annotations

import html
import json
import linecache
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 400
"""Characters of a message, at most."""

COLOURS = {True: ("#1a7f37", "rgba(26, 127, 55, 0.12)"), False: ("#cf222e", "rgba(207, 34, 46, 0.12)")}
"""Edge and ground of the box by verdict; the ground lets a dark theme shine through."""


@contextmanager
def exercise(number: str, title: str) -> Iterator[None]:
    """Show whether the checks in the block hold; an exception in it becomes a red box and does not leave it.

    Ctrl-C still stops the cell. Where the environment variable LAB_CHECKS names a file, a line of JSON is added to it.

    Args:
        number: of the exercise, as in 03.1.
        title: what it is about, in a few words.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        message = message_of(error)
    else:
        message = ""
    show(number, title, message)
    note(number, message)


@contextmanager
def at_most(seconds: float, said: str) -> Iterator[None]:
    """Let the block run that long; an AssertionError stops it then (on systems that have alarms).

    Args:
        seconds: until the alarm.
        said: why it takes so long, and what would not.
    """

    def stop(*_: object) -> None:
        raise AssertionError(f"after {seconds:g} seconds it has not ended: {said}")

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def message_of(error: BaseException) -> str:
    """Return in one line what a student has to know of an exception."""
    try:
        said = str(error)
    except Exception:
        said = ""
    if isinstance(error, AssertionError | NotImplementedError) and said:
        return shortened(said)
    frames = traceback.extract_tb(error.__traceback__)
    line = linecache.getline(frames[-1].filename, frames[-1].lineno or 0).strip() if frames else ""
    named = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return shortened(f"{named}, at {line!r}" if line else named)


def shortened(text: str) -> str:
    """Return `text` in one line that any terminal can show, cut where it is very long."""
    text = " ".join(text.split()).encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."


def show(number: str, title: str, message: str) -> None:
    """Show the verdict as a box in a notebook, as a line elsewhere; no message means done."""
    verdict = f"not done yet - {message}" if message else "done"
    plain = f"exercise {number} ({title}): {verdict}"
    if not in_notebook():
        print(plain)
        return
    from IPython.display import display

    edge, ground = COLOURS[not message]
    box = f"border-left: 5px solid {edge}; background: {ground}; padding: 0.5em 1em; margin: 0.3em 0"
    head = f"<b style='color: {edge}'>exercise {html.escape(number)}</b> ({html.escape(title)}): "
    display({"text/plain": plain, "text/html": f"<div style='{box}'>{head}{html.escape(verdict)}</div>"}, raw=True)


def in_notebook() -> bool:
    """Return whether this runs in IPython, which can show boxes."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


def note(number: str, message: str) -> None:
    """Add the verdict to the file that LAB_CHECKS names, if it names one."""
    if path := os.environ.get("LAB_CHECKS"):
        line = json.dumps({"exercise": number, "done": not message, "message": message})
        with open(path, "a", encoding="utf-8") as stream:
            stream.write(line + "\n")
