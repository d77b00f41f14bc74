"""All sets in small, served on this machine, and a data folder that describes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .served_files import Served, describe, served
from .served_sets import MNIST_FILES, small_emnist, small_fsdl, small_iam, small_mnist

AACHEN = "[splits.aachen]\nval = ['b01-000', 'b02-001']\ntest = ['c01-010', 'c01-011']\n"


@dataclass(frozen=True)
class SmallSet:
    """A set that tests prepare.

    Attributes:
        kind: its data class.
        name: of its folders.
        files: that are fetched and have a digest.
        build: writes them into a folder; the second argument is the folder's address.
        options: of the data class.
        more: of its metadata.
    """

    kind: str
    name: str
    files: list[str]
    build: Callable[[Path, str], object]
    options: dict[str, object] = field(default_factory=dict)
    more: str = ""


SETS = [
    SmallSet("MNIST", "mnist", MNIST_FILES, lambda folder, _: small_mnist(folder), {"validation": 40}),
    SmallSet("EMNIST", "emnist", ["matlab.zip"], lambda folder, _: small_emnist(folder)),
    SmallSet("IAMLines", "iam", ["iamdb.zip"], lambda folder, _: small_iam(folder), more=AACHEN),
    SmallSet(
        "FSDLHandwriting",
        "fsdl_handwriting",
        ["fsdl_handwriting.json"],
        small_fsdl,
        more="page_hosts = ['127.0.0.1']\n",
    ),
]


@contextmanager
def served_data(root: Path) -> Iterator[tuple[Path, Served]]:
    """Serve all sets; give a folder whose descriptions name ``good`` as their second address, and the server."""
    with served(root / "www") as site:
        for small in SETS:
            sources = root / "www" / "good" / small.name
            small.build(sources, site.url(f"good/{small.name}"))
            urls = {
                file: [site.url(f"bad/{small.name}/{file}"), site.url(f"good/{small.name}/{file}")]
                for file in small.files
            }
            describe(root / "data", small.name, urls, sources, more=small.more)
        yield root / "data", site
