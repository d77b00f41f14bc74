"""Relative links of Markdown: none may lead out of a lab."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import unquote

from labs.sources import Source
from labs.spans import LAST, line_of

LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")


def wrong_links(sources: Iterable[Source], owner: dict[str, int]) -> list[str]:
    """Return a line for each link to a file that the lab has not."""
    there = dict(owner)
    for path, lab in owner.items():
        for parent in PurePosixPath(path).parents:
            there[str(parent)] = min(lab, there.get(str(parent), LAST))
    found = []
    for source in sources:
        if not source.path.endswith((".md", ".ipynb")):
            continue
        for chunk in source.chunks:
            for match in LINK.finditer(chunk.text) if not chunk.is_code else ():
                target = _target(source.path, match[1])
                seen = chunk.seen_from(match.start())
                if target is not None and there.get(target, 0) > seen:
                    where = chunk.where(line_of(chunk.text, match.start()))
                    lab = there[target]
                    named = "no lab" if lab == LAST else f"lab {lab:02}"
                    found.append(
                        f"{where}: links to {target}, a file of {named}, in lab {seen:02};"
                        " put the link into a region or a passage of that lab"
                    )
    return found


def _target(path: str, link: str) -> str | None:
    """Return the file that a link leads to, None where it leads out of the repository."""
    link = unquote(link.split("#")[0])
    if not link or re.match(r"[a-z][a-z0-9+.-]*:|/", link, re.IGNORECASE):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
