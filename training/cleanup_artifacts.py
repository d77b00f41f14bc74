"""Delete old versions of staged models, here or at W&B; without --delete it only says what would go.

The newest versions stay, as many as --keep says, and at W&B those that have an alias. What killed programs left half
done goes too.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from jsonargparse import ArgumentParser
from jsonargparse.typing import PositiveInt

from text_recognizer.errors import UsageError, UserError
from training.command_line import mistakes_shown, parse
from training.registry import names, versions
from training.wandb_runs import require_key

LEFT = 24 * 3600
"""Age in seconds from which on something half done is not still being written."""


@dataclass(frozen=True)
class Version:
    """Something that can be deleted.

    Attributes:
        what: its name, as it is shown.
        size: in bytes.
        why: it may go, or "" if it has to stay.
        delete: deletes it.
    """

    what: str
    size: int
    why: str
    delete: Callable[[], object]


def local_versions(registry: Path, keep: int, wanted: re.Pattern) -> Iterator[Version]:
    """Yield all versions of the registry's models, the oldest first, and what was left half done."""
    for name in filter(wanted.search, names(registry)):
        known = versions(registry, name)
        for number, path in known.items():
            newer = sum(other > number for other in known)
            why = f"{newer} newer versions" if newer >= keep else ""
            yield Version(f"{name}:v{number}", size_of(path), why, lambda path=path: remove(path))
    for path in sorted(registry.glob("*/.new-*")):
        if wanted.search(path.parent.name) and time.time() - path.stat().st_mtime > LEFT:
            yield Version(str(path), size_of(path), "left by a killed program", lambda path=path: shutil.rmtree(path))


def remove(folder: Path) -> None:
    """Delete a version: it is no version any more before its first file goes."""
    gone = folder.with_name(f".new-{folder.name}-deleted")
    folder.rename(gone)
    shutil.rmtree(gone)


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def wandb_versions(project: str, keep: int, wanted: re.Pattern, aliased: bool) -> Iterator[Version]:
    """Yield all versions of a W&B project's artifacts.

    Raises:
        UserError: no key is set, or W&B does not answer.
    """
    require_key(f"--wandb {project}")
    wandb = import_module("wandb")
    try:
        for kind in wandb.Api().artifact_types(project):
            for collection in kind.collections():
                if wanted.search(collection.name):
                    artifacts = sorted(collection.artifacts(), key=lambda a: int(a.version.lstrip("v")), reverse=True)
                    for newer, artifact in enumerate(artifacts):
                        why = why_old(newer, artifact.aliases, keep, aliased)
                        delete = lambda artifact=artifact: artifact.delete(delete_aliases=aliased)  # noqa: E731
                        yield Version(artifact.name, artifact.size, why, delete)
    except (wandb.errors.Error, ValueError) as error:
        raise UserError(f"--wandb {project}: W&B refused ({error}); look at the project's name and your key") from error


def why_old(newer: int, aliases: Sequence[str], keep: int, aliased: bool) -> str:
    """Return why a version may go, "" if it has to stay.

    >>> why_old(3, [], 2, False), why_old(3, ["prod-ready"], 2, False), why_old(1, [], 2, False)
    ('3 newer versions', '', '')
    """
    return f"{newer} newer versions" if newer >= keep and (aliased or not aliases) else ""


def main(arguments: list[str] | None = None) -> int:
    """Say what may go, delete it if asked to, and return 0."""
    parser = ArgumentParser(description=__doc__, exit_on_error=False)
    parser.add_argument("--registry", type=Path, default=Path("registry"), help="the folder of staged models")
    parser.add_argument("--wandb", type=str | None, metavar="ENTITY/PROJECT", help="clean this project at W&B instead")
    parser.add_argument("--keep", type=PositiveInt, default=2, help="newest versions of each model that stay")
    parser.add_argument("--names", default="", help="a regular expression; only models whose name it finds")
    parser.add_argument("--aliased", action="store_true", help="at W&B, delete versions that have an alias as well")
    parser.add_argument("--delete", action="store_true", help="do it")
    parser.add_argument("--verbose", action="store_true", help="name what stays, too")
    options = parse(parser, arguments, {})
    try:
        wanted = re.compile(options.names)
    except re.error as error:
        raise UsageError(f"--names {options.names}: is no regular expression ({error}); give one, as ^line") from error
    if options.wandb:
        found = wandb_versions(options.wandb, options.keep, wanted, options.aliased)
    else:
        found = local_versions(options.registry, options.keep, wanted)
    clean(list(found), options.delete, options.verbose)
    return 0


def clean(found: Sequence[Version], delete: bool, verbose: bool) -> None:
    """Name what may go, and delete it if `delete` is set."""
    old = [version for version in found if version.why]
    for version in found if verbose else old:
        verdict = f"{'deleted' if delete else 'would go'}, {version.why}" if version.why else "stays"
        if delete and version.why:
            version.delete()
        print(f"{version.what}  {version.size / 1e6:.1f} MB  {verdict}")
    freed = sum(version.size for version in old) / 1e6
    ending = "deleted" if delete else "could go; nothing was deleted, --delete does it"
    print(f"{len(old)} of {len(found)} versions, {freed:.1f} MB, {ending}")


if __name__ == "__main__":
    with mistakes_shown():
        raise SystemExit(main())
