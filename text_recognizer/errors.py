"""The two errors that are shown to a user as one sentence, without a traceback."""

from collections.abc import Iterable
from difflib import get_close_matches
from math import inf


class UserError(Exception):
    """Something the user gave cannot be used; the message says which item, what is wrong with it and what to do."""

    exit_code = 1


class UsageError(UserError):
    """The program was called wrongly: an unknown option, a missing argument, two options that exclude each other."""

    exit_code = 2


def check_range(option: str, value: float, low: float, high: float = inf) -> None:
    """Raise a UsageError unless ``low <= value <= high``.

    >>> check_range("--threads", 0, 1)
    Traceback (most recent call last):
    text_recognizer.errors.UsageError: --threads 0: is out of range; give 1 or more
    """
    if not low <= value <= high:
        raise UsageError(f"{option} {value}: is out of range; give {low} {f'to {high}' if high < inf else 'or more'}")


def nearest(word: str, known: Iterable[str], limit: int = 3) -> str:
    """Return a phrase that helps someone who mistyped `word`.

    Args:
        word: what was typed.
        known: the names that would have been valid.
        limit: the most names that are suggested.

    >>> nearest("frmat", ["format", "out"])
    'did you mean format?'
    >>> nearest("zzz", ["format", "out"])
    'valid names: format, out'
    """
    names = sorted(set(known))
    lowered = {name.lower(): name for name in names}
    close = [lowered[match] for match in get_close_matches(word.lower(), lowered, n=limit)]
    return f"did you mean {' or '.join(close)}?" if close else f"valid names: {', '.join(names)}"
