"""The one exception that a user sees: a sentence and the exit code that mlbox keeps for this kind of fault."""

from collections.abc import Iterable
from difflib import get_close_matches

USAGE, INPUT, ABSENT, OUTPUT, LOST, OTHER = 120, 121, 122, 123, 124, 125
"""Called wrongly, input missing, engine or host or GPU absent, output missing, connection lost, anything else."""
INTERRUPTED = 130


class Fault(Exception):
    """Something went wrong that is not the task's doing.

    Args:
        message: `<item>: <what is wrong>; <what to change>`.
        code: exit code, one of 120 to 125 and 130.
    """

    def __init__(self, message: str, code: int = USAGE) -> None:
        super().__init__(message)
        self.code = code


def hint(word: str, known: Iterable[str], what: str) -> str:
    """Return the phrase that helps with a mistyped word.

    >>> hint("trai", ["train", "downloaddata"], "tasks")
    "did you mean 'train'? (tasks: downloaddata, train)"
    """
    names = sorted(known)
    close = get_close_matches(word, names, n=1)
    listed = f"({what}: {', '.join(names) or 'none'})"
    return f"did you mean '{close[0]}'? {listed}" if close else listed
