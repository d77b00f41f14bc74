"""What ``data/raw/NAME/metadata.toml`` says of a set: its origin, licence, files and published splits."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from text_recognizer.data.download import RemoteFile, fetched
from text_recognizer.errors import UserError

SHIPPED = "data/raw"


@dataclass(frozen=True)
class RawSet:
    """A set as it is handed out.

    Attributes:
        name: of its folder below ``data/raw``.
        path: of the metadata.
        title, licence, citation, origin: as its authors state them.
        files: to fetch, by name.
        splits: published lists of writers, pages or lines, by the split's name and its part.
        page_hosts: hosts that pages named by a fetched file may be fetched from.
    """

    name: str
    path: Path
    title: str
    licence: str
    citation: str
    origin: str
    files: dict[str, RemoteFile]
    splits: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    page_hosts: list[str] = field(default_factory=list)

    def digests(self) -> dict[str, str | None]:
        """Return the published sha256 of each file."""
        return {name: file.sha256 for name, file in self.files.items()}

    def fetched(self, data: Path, name: str) -> Path:
        """Return one of its files below ``data/downloads``; see `download.fetched`."""
        return fetched(self.files[name], downloads(data, self.name))


def downloads(data: Path, name: str) -> Path:
    """Return the folder of a set's downloads."""
    return data / "downloads" / name


def read_raw_set(name: str, data: Path) -> RawSet:
    """Return what ``raw/NAME/metadata.toml`` below `data` says, or else the one that comes with this repository.

    Raises:
        UserError: there is none, or it is damaged.
    """
    places = [data / "raw" / name / "metadata.toml", _shipped(name)]
    path = next((place for place in places if place.exists()), None)
    if path is None:
        raise UserError(f"{places[0]}: there is no such file; take it from the repository's data/raw/{name}")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        files = {
            file: RemoteFile(file, tuple(told["urls"]), told.get("sha256")) for file, told in table.pop("files").items()
        }
        return RawSet(name=name, path=path, files=files, **table)
    except (tomllib.TOMLDecodeError, TypeError, KeyError, AttributeError) as error:
        raise UserError(f"{path}: it does not describe a set ({error}); compare it with the one in git") from None


def _shipped(name: str) -> Path:
    return Path(__file__).resolve().parents[2] / SHIPPED / name / "metadata.toml"
