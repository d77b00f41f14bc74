"""Collects the documents of the repository for the site: `make docs` runs mkdocs, and mkdocs runs this.

Every document keeps its place, so that relative links lead to the same file on the site and in the repository. What a
document links to that is no document (a program, a lock, a picture) is put on the site as it is.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from own_files import own_files

ROOT = Path(__file__).parents[1]
WORKER = "assets/iframe-worker.js"
"""Where the site has it; the theme's plugin `offline` looks for this name, and would else load another from a host."""

LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def documents(root: Path = ROOT) -> list[str]:
    """Return the paths of all documents of our own, in the order of the alphabet."""
    return [name for name in own_files(root) if name.endswith(".md") and not name.startswith("tests/")]


def linked(name: str, root: Path = ROOT) -> set[str]:
    """Return the files that a document links to, by their paths in the repository; documents are left out."""
    found = LINK.findall((root / name).read_text(encoding="utf-8"))
    near = {
        posixpath.normpath(posixpath.join(posixpath.dirname(name), target)) for target in found if ":" not in target
    }
    return {path for path in near if not path.endswith(".md") and (root / path).is_file()}


def on_files(files: Any, config: Any) -> Any:
    """Put our files in the place of those that mkdocs has found."""
    from mkdocs.structure.files import File, Files  # mkdocs is there when this is called

    names = documents()
    assets = set().union(*(linked(name) for name in names))
    kept = [file for file in files if file.src_dir != config.docs_dir]  # the theme's
    places = {name: name for name in (*names, *sorted(assets))} | {WORKER: "tools/site_worker.js"}
    return Files([*kept, *(File.generated(config, uri, abs_src_path=str(ROOT / name)) for uri, name in places.items())])
