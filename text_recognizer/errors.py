"""The two errors that are shown to a user as one sentence, without a traceback."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """Something the user gave cannot be used; the message says which item, what is wrong with it and what to do."""

    exit_code = 1


class UsageError(UserError):
    """The program was called wrongly: an unknown option, a missing argument, two options that exclude each other."""

    exit_code = 2


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
