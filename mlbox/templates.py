"""The pieces of shell that scripts are put together from; each lies in templates/ as a file that shellcheck reads."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "templates"
MARK = re.compile(r"@([A-Z_]+)@")


@cache
def _text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8").rstrip("\n")


def fill(template: str, **values: str) -> str:
    """Return a template with every @NAME@ replaced; a line that becomes empty is left out.

    Args:
        template: file in templates/.
        values: text for NAME in lower case, already fit for sh.
    """
    lines = []
    for line in _text(template).splitlines():
        filled = MARK.sub(lambda found: values[found[1].lower()], line)
        if filled.strip() or not line.strip():
            lines.append(filled)
    return "\n".join(lines)
