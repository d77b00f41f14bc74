"""File patterns as labs.yaml writes them: `*` within a folder, `**` across folders, `{one two}` for several names."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern as a regular expression.

    >>> bool(compiled("docs/**").fullmatch("docs/a/b.md")), bool(compiled("docs/*").fullmatch("docs/a/b.md"))
    (True, False)
    """
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(part) or re.escape(part) for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern)))


def is_pattern(text: str) -> bool:
    """Return whether a text stands for more than the file of that name."""
    return "*" in text or "?" in text


def expanded(text: str) -> list[str]:
    """Return the patterns that a text with names in braces stands for.

    >>> expanded("models/{mlp cnn}.py")
    ['models/mlp.py', 'models/cnn.py']
    """
    match = re.search(r"\{([^{}]*)\}", text)
    if match is None:
        return [text]
    ends = expanded(text[match.end() :])
    return [f"{text[: match.start()]}{name}{end}" for name in match[1].split() for end in ends]
